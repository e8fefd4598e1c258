// The HTML report in a browser: what it shows, at every width, in light and dark, to the pointer, the keyboard and a screen
// reader; that it asks for nothing and complains of nothing.
// usage: node page.mjs FOLDER...   folders of reports; a study's, with a ledger, is the first
import fs from 'node:fs';
import path from 'node:path';
import { open } from './chromium.mjs';

const folders = process.argv.slice(2).map((folder) => path.resolve(folder));
let failures = 0;
function check(fine, what) {
  if (fine) return;
  failures++;
  console.error(`FAILED: ${what}`);
}
const same = (a, b, what) => check(JSON.stringify(a) === JSON.stringify(b), `${what}: ${JSON.stringify(a)} instead of ${JSON.stringify(b)}`);

const page = await open();
const look = (width, scheme) => Promise.all([
  page.send('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 }),
  page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] }),
]);
const mouse = (type, x, y, more = {}) => page.send('Input.dispatchMouseEvent', { type, x, y, button: 'none', ...more });
async function click(x, y) {
  await mouse('mousePressed', x, y, { button: 'left', clickCount: 1 });
  await mouse('mouseReleased', x, y, { button: 'left', clickCount: 1 });
}
async function press(key) {
  await page.send('Input.dispatchKeyEvent', { type: 'keyDown', key, ...(key.length === 1 && { text: key }) });
  await page.send('Input.dispatchKeyEvent', { type: 'keyUp', key });
}
// The middle of an element, after it was brought into view.
const middle = (selector) => page.value(`(() => {
  const e = ${selector.startsWith('(') ? selector : `document.querySelector(${JSON.stringify(selector)})`};
  e.scrollIntoView({ block: 'center', inline: 'center' });
  const box = e.getBoundingClientRect();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
})()`);
const tip = () => page.value('(() => { const t = document.querySelector(".tip"); return t.hidden ? "" : t.textContent; })()');

// No text that a reader needs is cut off or outside of the page.
async function widths(name) {
  for (const width of [360, 768, 1280, 1920]) {
    await look(width, 'light');
    check(await page.value('document.documentElement.scrollWidth <= innerWidth'), `${name}: wider than ${width} px`);
    const cut = await page.value(`[...document.querySelectorAll('td, th, dd, p, figcaption, caption, h1, nav a')].filter((e) => {
      const box = e.getBoundingClientRect();
      return box.width && !e.closest('details, .unseen') && (box.right > innerWidth + 1 || box.left < -1 || e.scrollWidth > e.clientWidth + 1)
        && getComputedStyle(e).display !== 'inline';
    }).map((e) => e.textContent.slice(0, 60))`);
    same(cut, [], `${name}: cut off at ${width} px`);
  }
}

async function anchors(name) {
  await look(1280, 'light');
  const lost = await page.value(`[...document.querySelectorAll('nav a')].filter((a) => !document.getElementById(a.hash.slice(1))).map((a) => a.hash)`);
  same(lost, [], `${name}: entries of the contents without their place`);
  const twice = await page.value(`(() => { const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
    return ids.filter((id, i) => ids.indexOf(id) !== i); })()`);
  same(twice, [], `${name}: names that stand twice`);
  const { x, y } = await middle('nav a[href="#method"]');
  await click(x, y);
  check(await page.value('location.hash === "#method" && document.getElementById("method").getBoundingClientRect().top < innerHeight'),
    `${name}: a link of the contents leads to its place`);
}

// WCAG's contrast of each text in a picture with the page's ground; words on coloured shapes have one colour in both, and a
// square is none.
async function colours(name) {
  for (const scheme of ['light', 'dark']) {
    await look(1280, scheme);
    const [ground, pale] = await page.value(`(() => {
      const luminance = (c) => c.match(/[\\d.]+/g).slice(0, 3).map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
      const ground = luminance(getComputedStyle(document.documentElement).backgroundColor);
      const contrast = (c) => { const l = luminance(c); return (Math.max(l, ground) + 0.05) / (Math.min(l, ground) + 0.05); };
      const pale = [...document.querySelectorAll('figure svg text')].filter((t) => t.textContent !== '■' && !/1f2934|fffff[de]/.test(t.getAttribute('fill') ?? ''))
        .filter((t) => contrast(getComputedStyle(t).fill) < 4.5).map((t) => t.textContent);
      return [ground, pale];
    })()`);
    check(scheme === 'dark' ? ground < 0.05 : ground > 0.9, `${name}: the ground in ${scheme} has a luminance of ${ground}`);
    same(pale, [], `${name}: words that can't be read in ${scheme}`);
  }
}

// What a screen reader is told, at a width with tables as they are and at one with cards.
async function names(name) {
  for (const width of [1280, 360]) {
    await look(width, 'light');
    const { nodes } = await page.send('Accessibility.getFullAXTree');
    const of = (role) => nodes.filter((n) => !n.ignored && n.role?.value === role);
    for (const role of ['image', 'table', 'button', 'link'])
      for (const node of of(role)) check(node.name?.value, `${name}: ${role} without a name at ${width} px`);
    const [figures, tables] = await page.value('[document.querySelectorAll("figure svg[role=img]").length, document.querySelectorAll("table").length]');
    same(of('image').length, figures, `${name}: pictures at ${width} px`);
    check(of('image').every((n) => n.description?.value), `${name}: a picture is not described`);
    same(of('table').length, tables, `${name}: tables at ${width} px`);
  }
}

// The answer stands in the first screen.
async function glance(name) {
  await look(1280, 'light');
  const boxes = await page.value(`(scrollTo(0, 0), [...document.querySelectorAll('.boxes section')].map((s) => [s.querySelector('h2').textContent,
    s.textContent.trim().length > s.querySelector('h2').textContent.length + 3, s.getBoundingClientRect().bottom < innerHeight]))`);
  same(boxes, ['How much', 'Why', 'What helps'].map((title) => [title, true, true]), `${name}: the answer at a glance`);
}

async function pointer() {
  await look(1280, 'light');
  const at = await middle(`([...document.querySelectorAll('#wall rect[data-row]')].find((r) => r.dataset.tip.startsWith('musl\\n')))`);
  await mouse('mouseMoved', at.x, at.y);
  const said = await tip();
  check(/^musl\nthreads: \d+\n/.test(said) && /\nmedian: [\d.]+ ms/.test(said), `the pointer on musl's bar says '${said}'`);
  await mouse('mouseMoved', 2, 2);
  same(await tip(), '', 'the tip goes when the pointer does');
  await page.value('document.querySelector("#where .picture").focus()');
  await press('ArrowRight');
  check(/^glibc\n/.test(await tip()), `the first value by the keyboard is '${await tip()}'`);
  await press('Escape');
  same(await tip(), '', 'Escape takes the tip away');
}

async function sorting() {
  const column = () => page.value(`[...document.querySelectorAll('#variants tbody tr')].map((r) => r.cells[1].dataset.value ?? null)`);
  const heading = '(document.querySelectorAll("#variants thead button")[1])';
  const before = await column();
  for (const [order, sign] of [['ascending', 1], ['descending', -1]]) {
    const { x, y } = await middle(heading);
    await click(x, y);
    same(await page.value(`${heading}.parentElement.getAttribute('aria-sort')`), order, 'aria-sort');
    same(await column(), [...before].sort((a, b) => (a === null) - (b === null) || sign * (a - b)), `sorted, ${order}`);
  }
}

async function zooming() {
  const range = () => page.value('[...document.querySelectorAll("#timeline svg.window")].map((w) => w.getAttribute("viewBox").split(" ").map(Number))[0]');
  const ticks = () => page.value('[...document.querySelectorAll("#timeline .axis text")].map((t) => t.textContent)');
  const whole = await range();
  const all = await ticks();
  check(all.length > 2, 'the timeline has an axis');
  await page.value('document.querySelector("#timeline .picture").focus()');
  await press('+');
  check(Math.abs((await range())[2] - whole[2] / 2) < 0.01, '+ shows half of the time');
  check(JSON.stringify(await ticks()) !== JSON.stringify(all), 'the axis follows');
  const [start] = await range();
  await press('ArrowRight');
  check((await range())[0] > start, 'an arrow moves it');
  await press('0');
  same(await range(), whole, '0 shows all');
  const panel = await page.value(`(() => { const r = [...document.querySelectorAll('#timeline rect[data-panel]')].pop(); r.scrollIntoView({ block: 'center' });
    const box = r.getBoundingClientRect(); return { x: box.x, y: box.y + 4, width: box.width }; })()`); // the last one's first thread
  await mouse('mouseMoved', panel.x + panel.width / 4, panel.y);
  check(/thread \d+: /.test(await tip()), `the pointer on a stretch says '${await tip()}'`);
  await mouse('mousePressed', panel.x + panel.width / 4, panel.y, { button: 'left', clickCount: 1 });
  await mouse('mouseMoved', panel.x + panel.width / 2, panel.y, { button: 'left', buttons: 1 });
  await mouse('mouseReleased', panel.x + panel.width / 2, panel.y, { button: 'left', clickCount: 1 });
  check(Math.abs((await range())[2] - whole[2] / 4) < 1, 'a drag over a quarter shows it');
  const { x, y } = await middle('(document.querySelectorAll("#timeline .controls button")[4])');
  await click(x, y);
  same(await range(), whole, 'the button shows all');
}

async function data(folder, name) {
  const kept = await page.value(`(async () => {
    const all = [...document.querySelectorAll('details.data')];
    for (const d of all) d.open = true;
    await new Promise((done) => setTimeout(done));
    return all.map((d) => [d.querySelector('a').download, decodeURIComponent(d.querySelector('a').href.split(',').slice(1).join(','))]);
  })()`);
  check(kept.length > 0, `${name}: no data`);
  for (const [file, text] of kept) check(text === fs.readFileSync(path.join(folder, 'data', file), 'utf8'), `${name}: ${file} is not the file`);
  const words = await page.value('[...document.querySelectorAll("figure svg text")].map((t) => t.textContent)');
  check(words.length > 0, `${name}: no words in the pictures`);
  check(await page.value(`window.find(${JSON.stringify(words[0])}, false, false, true)`), `${name}: '${words[0]}' of a picture is not found`);
}

for (const folder of folders) {
  const name = path.basename(folder);
  const file = path.join(folder, 'report.html');
  check(fs.statSync(file).size < 800000, `${name}: ${fs.statSync(file).size} bytes`);
  page.events.length = 0;
  await look(1280, 'light');
  await page.go(`file://${file}`);
  if (name !== 'hostile') await glance(name); // whose title takes what room it wants
  await widths(name);
  await anchors(name);
  await colours(name);
  await names(name);
  if (folder === folders[0]) {
    await pointer();
    await sorting();
    await zooming();
  }
  await data(folder, name);
  const asked = page.events.filter((e) => e.method === 'Network.requestWillBeSent').map((e) => e.params.request.url);
  same(asked.filter((url) => url !== `file://${file}`), [], `${name}: asks for`);
  const complaints = page.events.filter((e) => e.method === 'Runtime.exceptionThrown' || e.method === 'Runtime.consoleAPICalled' || e.method === 'Log.entryAdded');
  same(complaints.map((e) => e.params), [], `${name}: the console has`);
  // a script that is not the page's own does not run
  await page.value('document.body.append(Object.assign(document.createElement("script"), { textContent: "window.foreign = 1" }))');
  check(await page.value('window.foreign === undefined'), `${name}: a foreign script ran`);
}
await page.close();
process.exit(failures ? 1 : 0);
