#!/usr/bin/env node
import { existsSync } from "node:fs";

const main = new URL("../dist/cli/main.js", import.meta.url);
if (!existsSync(main)) {
  console.error("basewise: not built yet; run npm run build");
  process.exit(2);
}
const { endWhenNobodyReads, run } = await import(main.href);
endWhenNobodyReads();
process.exitCode = await run(process.argv.slice(2));
