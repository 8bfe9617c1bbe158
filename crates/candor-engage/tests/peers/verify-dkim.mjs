// Verifies every signature of each message on standard input with mailauth, found in the folder that
// is the argument. Input and output are those of verify_dkim.py.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const require = createRequire(`${process.argv[2]}/`);
const { dkimVerify } = require("mailauth/lib/dkim/verify");
const given = JSON.parse(await text(process.stdin));
const resolver = async (name) => {
  const record = given.records[name];
  if (record === undefined) throw Object.assign(new Error("no record"), { code: "ENOTFOUND" });
  return [[record]];
};
const shown = [];
for (const message of given.messages) {
  const { results } = await dkimVerify(Buffer.from(message, "base64"), { resolver });
  shown.push(results.map((one) => [one.algo, one.status.result === "pass"]));
}
console.log(JSON.stringify(shown));
