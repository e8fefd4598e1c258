// Compiles report.typ in the current folder to report.pdf and report.html.  Run by heapwait as
//   node build.mjs NODE_MODULES EPOCH
// Any diagnostic, warnings included, goes to stderr as FILE:LINE: TEXT, and the exit status is 1: a font that is
// missing is a warning only, and the report would look wrong.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

const MODULE = '@myriaddreamin/typst-ts-node-compiler-linux-x64-gnu';
const [modules, epoch] = process.argv.slice(2);
const { NodeCompiler } = createRequire(import.meta.url)(path.join(modules, MODULE));
const compiler = NodeCompiler.create({ workspace: '.' });

function complain(diagnostics) {
  for (const d of compiler.fetchDiagnostics(diagnostics))
    console.error(`${d.path || 'report.typ'}:${(d.range?.start?.line ?? -1) + 1}: ${d.message}`);
  process.exitCode = 1;
}

function compiled(run, expected) {
  if (!run.result) complain(run.takeDiagnostics());
  const warnings = run.takeWarnings?.();
  if (warnings && !expected) complain(warnings);
  return run.result;
}

const document = compiled(compiler.compile({ mainFilePath: 'report.typ' }));
if (document && !process.exitCode)
  fs.writeFileSync('report.pdf', compiler.pdf(document, { creationTimestamp: Number(epoch) }));
// HTML output is experimental and always warns of itself
const page = compiled(compiler.tryHtml({ mainFilePath: 'report.typ', inputs: { target: 'html' } }), true);
if (page && !process.exitCode) fs.writeFileSync('report.html', page.html());
