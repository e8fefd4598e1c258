// Chromium without a window, spoken to over its debugging pipe: just what page.mjs needs, so that no package is.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

// A browser with one page.  `send` speaks to it, `events` are all that it told; close() ends it.
export async function open() {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'heapwait-chromium-'));
  const browser = spawn('chromium', ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync',
    '--disable-background-networking', '--disable-component-update', '--remote-debugging-pipe', `--user-data-dir=${profile}`],
  { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const gone = new Promise((resolve) => browser.once('exit', resolve));
  const waiting = new Map();
  const listeners = new Set();
  const events = [];
  let count = 0;
  let unread = '';
  const decoder = new TextDecoder();
  browser.stdio[4].on('data', (bytes) => {
    unread += decoder.decode(bytes, { stream: true });
    for (let end; (end = unread.indexOf('\0')) >= 0;) {
      const message = JSON.parse(unread.slice(0, end));
      unread = unread.slice(end + 1);
      if (message.id) waiting.get(message.id)(message);
      else {
        events.push(message);
        for (const listener of listeners) listener(message);
      }
    }
  });
  const raw = (method, params, sessionId) => new Promise((resolve, reject) => {
    const id = ++count;
    waiting.set(id, (message) => {
      waiting.delete(id);
      if (message.error) reject(new Error(`${method}: ${message.error.message}`));
      else resolve(message.result);
    });
    browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
  });
  const { targetId } = await raw('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await raw('Target.attachToTarget', { targetId, flatten: true });
  const send = (method, params = {}) => raw(method, params, sessionId);
  for (const domain of ['Page', 'Runtime', 'Log', 'Network', 'Accessibility']) await send(`${domain}.enable`);
  const once = (method) => new Promise((resolve) => {
    const listener = (message) => {
      if (message.method !== method) return;
      listeners.delete(listener);
      resolve(message.params);
    };
    listeners.add(listener);
  });
  return {
    send,
    events,
    async go(url) {
      const loaded = once('Page.loadEventFired');
      await send('Page.navigate', { url });
      await loaded;
    },
    // The value of an expression in the page.
    async value(expression) {
      const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
      if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
      return result.value;
    },
    async close() {
      await raw('Browser.close', {});
      await gone;
      fs.rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }); // its children end a little later
    },
  };
}
