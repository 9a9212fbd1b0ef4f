// Loaded into the programs that are killed (NODE_OPTIONS), beside fast.mjs: says who they are, and leaves out what takes a third of a
// flip's time and no part in it.
import Module, { createRequire } from "node:module";

const isProgram = /@pulumi|host\.ts$/.test(process.argv[1] ?? "");
// The AWS SDK puts it into its user agent.
process.env.AWS_SDK_UA_APP_ID = isProgram ? "program" : "migrate";

// The SDK notes where each promise and resource was made, and maps it back to TypeScript, which only somebody who debugs reads.
Error.stackTraceLimit = 1;

// The engine writes the whole state before and after each step, and half of it were the texts of Lambda's functions.
if (isProgram) {
  const require = createRequire(import.meta.url);
  const esbuild = require("esbuild");
  const path = require.resolve("esbuild");
  const short = new Module(path);
  const build = async ({ entryPoints: [entry] }) => ({ outputFiles: [{ text: `// ${entry}` }] });
  Object.assign(short, { filename: path, loaded: true, exports: { ...esbuild, build } });
  require.cache[path] = short;
}
