import { readFileSync } from "node:fs";

import openapi, { astToString } from "openapi-typescript";
import { expect, it } from "vitest";

// The types of the API are made from its description: neither changes alone.
//   npx openapi-typescript ../crates/candor/openapi.json -o src/api/schema.ts
it("has the types of the API's description", async () => {
  const text = readFileSync("../crates/candor/openapi.json", "utf8");
  const made = astToString(await openapi(text));
  const kept = readFileSync("src/api/schema.ts", "utf8");
  expect(kept.slice(kept.indexOf("export"))).toBe(made.slice(made.indexOf("export")));
});
