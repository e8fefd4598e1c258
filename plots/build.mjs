// Compiles report.typ in the current folder to report.pdf.  Run by heapwait as
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
  for (const d of diagnostics)
    console.error(`${d.path || 'report.typ'}:${(d.range?.start?.line ?? -1) + 1}: ${d.message}`);
  process.exitCode = 1;
}

function fetched(diagnostics) {
  return diagnostics ? compiler.fetchDiagnostics(diagnostics) : [];
}

// What doesn't settle is laid out more simply: see `arrangement` in look.typ.
function typeset([arrangement, ...simpler]) {
  const run = compiler.compile({ mainFilePath: 'report.typ', inputs: { arrangement } });
  if (!run.result) complain(fetched(run.takeDiagnostics()));
  const warnings = fetched(run.takeWarnings?.());
  if (simpler.length && warnings.some((w) => w.message.includes('did not converge'))) return typeset(simpler);
  if (warnings.length) complain(warnings);
  return run.result;
}

const document = typeset(['close', 'cut', 'short', 'plain']);
if (document && !process.exitCode)
  fs.writeFileSync('report.pdf', compiler.pdf(document, { creationTimestamp: Number(epoch) }));
