// validate.mjs SCHEMA FILE...: holds documents against the schema of the answer.  A file is an array of answers, or a
// document of `heapwait explain --json`.  Its node_modules lie where it is run.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { default: Ajv } = createRequire(`${process.cwd()}/`)("ajv/dist/2020.js");
const [schema, ...files] = process.argv.slice(2);
const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(schema, "utf8")),
);
let bad = 0;
for (const file of files) {
    const document = JSON.parse(readFileSync(file, "utf8"));
    for (const answer of Array.isArray(document) ? document : [document.answer]) {
        if (!validate(answer)) {
            bad = 1;
            console.error(file, answer?.headline, validate.errors);
        }
    }
}
process.exit(bad);
