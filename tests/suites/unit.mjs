// `npm test`: the type check beside the unit tests, which run in a process for each processor. Arguments go to mocha: npm test -- -g flip.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";

const { resolve } = createRequire(import.meta.url);
/** The longest comes first: what is left for the end fits beside it. */
const FILES = ["tests/unit/stacks/histories.test.ts", "tests/unit/**/!(histories).test.ts", "tests/provider/*.test.ts"];

/** Exit code, seconds, and what was printed where that is piped. */
function run(command, args, stdio) {
  const started = Date.now();
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: ["ignore", stdio, stdio] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (text += data));
    child.on("close", (code) => done({ code: code ?? 1, text, seconds: Math.round((Date.now() - started) / 1000) }));
  });
}

const jobs = String(Math.max(2, availableParallelism()));
const mocha = [
  resolve("mocha/bin/mocha.js"),
  "--parallel",
  "--jobs",
  jobs,
  "--reporter",
  "dot",
  ...process.argv.slice(2),
  ...FILES,
];
const [types, tests] = await Promise.all([
  run("npm", ["run", "--silent", "types"], "pipe"),
  run(process.execPath, mocha, "inherit"),
]);
process.stdout.write(types.text);
console.log(
  `types: exit code ${types.code} after ${types.seconds} s; tests: exit code ${tests.code} after ${tests.seconds} s`,
);
process.exitCode = types.code || tests.code;
