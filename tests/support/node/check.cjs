// Makes the interface's types from the schemas of the services, and checks modules that use them.
//
//     node check.cjs REQUEST.json
//
// The request has `services`: for each service the types in the enum of its schema, and the module to write;
// `files`: the modules to check, and `parse`: modules of which only the syntax is. Prints the compiler's faults, one a line, and each enum's members as JSON.
const fs = require('node:fs');
const path = require('node:path');
const { quicktype, InputData, JSONSchemaInput, FetchingJSONSchemaStore } = require('quicktype-core');
const ts = require('typescript');

async function enumOf(name, types) {
  const input = new JSONSchemaInput(new FetchingJSONSchemaStore());
  const schema = {
    type: 'object',
    properties: { serviceType: { $ref: `#/definitions/${name}` } },
    definitions: { [name]: { type: 'string', enum: types } },
  };
  await input.addSource({ name: 'service', schema: JSON.stringify(schema) });
  const data = new InputData();
  data.addInput(input);
  const options = { inputData: data, lang: 'typescript', rendererOptions: { 'just-types': 'true' } };
  return (await quicktype(options)).lines.join('\n');
}

async function main(request) {
  const members = {};
  for (const { name, types, module } of request.services) {
    const text = await enumOf(name, types);
    fs.mkdirSync(path.dirname(module), { recursive: true });
    fs.writeFileSync(module, text);
    members[name] = Object.fromEntries([...text.matchAll(/^ +(\w+) = "(.*)",$/gm)].map((match) => [match[2], match[1]]));
  }
  const program = ts.createProgram(request.files, {
    noEmit: true,
    strict: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    resolveJsonModule: true,
    types: [],
  });
  for (const fault of ts.getPreEmitDiagnostics(program)) {
    const place = fault.file ? `${path.basename(fault.file.fileName)}:${fault.start}: ` : '';
    console.log(place + ts.flattenDiagnosticMessageText(fault.messageText, ' '));
  }
  for (const file of request.parse ?? []) {
    const source = ts.createSourceFile(file, fs.readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022);
    for (const fault of source.parseDiagnostics) {
      console.log(`${file}: ${ts.flattenDiagnosticMessageText(fault.messageText, ' ')}`);
    }
  }
  console.log(JSON.stringify(members));
}

main(JSON.parse(fs.readFileSync(process.argv[2], 'utf8')));
