#!/usr/bin/env node
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const main = join(fileURLToPath(import.meta.url), "..", "main.ts");
if (process.env.PLATFORM_TRACE) {
  // Traces then name the lines of the source.
  await import("tsx");
  await import(pathToFileURL(main).href);
} else {
  const { run } = await import("./bundle.mjs");
  await run(main);
}
