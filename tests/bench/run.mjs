// Runs a program of the bench as the command line runs: node tests/bench/run.mjs FILE.ts [arguments]
import { run } from "../../cli/bundle.mjs";

const [file] = process.argv.splice(2, 1);
await run(file);
