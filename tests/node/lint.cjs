// Checks documents and prints what is wrong with them: `node lint.cjs FILE...`.
// Errors and warnings both count: exit code 1.

const { readFileSync } = require("node:fs");
const { Parser, fromFile } = require("@asyncapi/parser");
const { Spectral } = require("@stoplight/spectral-core");
const { oas } = require("@stoplight/spectral-rulesets");

const WARNING = 1;

async function faultsOfAsyncApi(path) {
  return (await fromFile(new Parser(), path).parse()).diagnostics;
}

async function faultsOfOpenApi(path) {
  const spectral = new Spectral();
  spectral.setRuleset({
    extends: [[oas, "recommended"]],
    rules: {
      "info-contact": "off", // whom to ask is said by the city that runs it
      "oas3-api-servers": "off", // and so is where it runs
      "operation-tag-defined": "off", // a tag is the name of the package that answers
      "array-items": "off", // of OpenAPI 3.0: it does not know prefixItems
      "oas3-unused-component": "off", // what is shown in its place leaves its component behind
    },
  });
  return spectral.run(readFileSync(path, "utf8"));
}

async function main(paths) {
  let count = 0;
  for (const path of paths) {
    const isAsyncApi = "asyncapi" in JSON.parse(readFileSync(path, "utf8"));
    const found = await (isAsyncApi ? faultsOfAsyncApi : faultsOfOpenApi)(path);
    for (const each of found.filter(({ severity }) => severity <= WARNING)) {
      console.log(`${each.code}: /${each.path.join("/")}: ${each.message}`);
      count += 1;
    }
  }
  console.log(`${count} faults in ${paths.length} documents`);
  process.exitCode = count ? 1 : 0;
}

main(process.argv.slice(2));
