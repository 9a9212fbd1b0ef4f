import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";

const CLI = path.join(__dirname, "..", "..", "..", "cli", "bin.mjs");
const NOWHERE = path.join(__dirname, "no-such-folder");

/** What a person may type, and what they are told: one message, exit code 2, and never a stack trace. */
const MISTAKES: readonly [args: readonly string[], said: RegExp][] = [
  [
    ["report", "--stack", "staging", "--html", path.join(NOWHERE, "r.html")],
    /r\.html cannot be written: its folder does not/,
  ],
  [["report", "--stack", "staging", "--html", __dirname], /cannot be written: it is a folder/],
  [["plan", "--cwd", NOWHERE], /^There is no folder .*no-such-folder/],
  [["doctor", "--cwd", NOWHERE], /^There is no folder .*no-such-folder/],
  [["simulate", "--overstay", "200"], /^--overstay must be a number from 0 to 100 \(got "200"\)/],
  [["simulate", "--flips", "0"], /^--flips must be a whole number from 1 to 100000/],
  [["simulate", "--flips", "1.5"], /^--flips must be a whole number/],
  [["prices", "update", "--region", "ap-northeast2"], /^There is no region "ap-northeast2".*ap-northeast-2/],
];

describe("a mistake at the command line", () => {
  for (const [args, said] of MISTAKES) {
    it(`${args.slice(0, 3).join(" ")} is told in a sentence`, () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8" });
      assert.equal(status, 2, stderr);
      assert.match(stderr, said);
      assert.doesNotMatch(stderr, /^\s+at /m, "a stack trace");
      assert.equal(stdout, "");
    });
  }
});
