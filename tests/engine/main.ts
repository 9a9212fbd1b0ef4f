import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { kill } from "./kill/main";

/** `npm run test:engine`: the suite by mocha, with its arguments, or with `--kill` the run that kills at requests (kill/main.ts). */
async function main(args: readonly string[]): Promise<number> {
  const at = args.indexOf("--kill");
  if (at >= 0) return kill(args.filter((_, index) => index !== at));
  const own = ["--no-config", "--import=tsx", "--timeout", "600000"];
  const files = readdirSync(__dirname, { recursive: true, encoding: "utf8" }).flatMap((file) =>
    file.endsWith(".test.ts") ? [join(__dirname, file)] : [],
  );
  const mocha = require.resolve("mocha/bin/mocha.js");
  return spawnSync(process.execPath, [mocha, ...own, ...files, ...args], { stdio: "inherit" }).status ?? 1;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
