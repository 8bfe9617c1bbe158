// Lays a compressed copy beside each file of the build, so that the server compresses nothing.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

// The folder is there in a clone too: the binary is built on it, with the dashboard or without.
writeFileSync("dist/.gitkeep", "");

const SMALL = 1_024;
for (const name of readdirSync("dist", { recursive: true })) {
  if (!/\.(js|css|html|svg)$/.test(name)) continue;
  const path = join("dist", name);
  const bytes = readFileSync(path);
  if (bytes.length > SMALL) writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
