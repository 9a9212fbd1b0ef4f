import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { Plan } from "../../../core/plan-format";

const ROOT = join(__dirname, "../../..");
const KEPT = join(ROOT, "node_modules/.cache/platform");

/** What a program prints that is run as the command line is, in a process of its own. */
async function ran(file: string): Promise<string> {
  const code = `import(${JSON.stringify(join(ROOT, "cli/bundle.mjs"))}).then(({ run }) => run(${JSON.stringify(file)}))`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code], {
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return stdout.trim();
}

describe("the command line's bundle", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  const entry = join(folder, `${basename(folder)}.ts`);
  const words = join(folder, "words.ts");
  const kept = (end: string) =>
    readdirSync(KEPT).filter((name) => name.startsWith(`${basename(folder)}.`) && name.endsWith(end));
  after(() => {
    rmSync(folder, { recursive: true });
    for (const name of kept("")) rmSync(join(KEPT, name));
  });
  const say = (text: string) => writeFileSync(words, `export const words: string = ${JSON.stringify(text)};\n`);

  it("is made, kept with what V8 compiled, and used again", async () => {
    writeFileSync(
      entry,
      `import pc from "picocolors";\nimport { words } from "./words";\nconsole.log(words, typeof pc.red);\n`,
    );
    say("one");
    assert.equal(await ran(entry), "one function");
    const first = kept("");
    assert.equal(kept(".v8").length, 2);
    assert.equal(await ran(entry), "one function");
    assert.deepEqual(kept(""), first);
  });

  it("is never older than a file of ours", async () => {
    say("two");
    assert.equal(await ran(entry), "two function");
    writeFileSync(entry, `import { more } from "./more";\nconsole.log(more);\n`);
    writeFileSync(join(folder, "more.ts"), `export const more: string = "a new file";\n`);
    assert.equal(await ran(entry), "a new file");
    assert.equal(kept(".cjs").length, 2, "what was before is gone");
  });

  it("is never older than a file of a package", async () => {
    writeFileSync(entry, `import pc from "picocolors";\nconsole.log(typeof pc.red);\n`);
    await ran(entry);
    const about = join(KEPT, `${basename(folder)}.packages.json`);
    const found = JSON.parse(readFileSync(about, "utf8"));
    const file = Object.keys(found.files).find((name) => name.endsWith("picocolors.js")) as string;
    const truth = found.files[file];
    found.files[file] = "another time:another size";
    writeFileSync(about, JSON.stringify(found));
    assert.equal(await ran(entry), "function");
    assert.equal(JSON.parse(readFileSync(about, "utf8")).files[file], truth);
  });

  it("is made again where a part of it is missing or spoilt", async () => {
    for (const end of [".cjs", ".json", ".v8"]) {
      for (const name of kept(end)) rmSync(join(KEPT, name));
      assert.equal(await ran(entry), "function", end);
    }
    for (const name of kept(".v8")) writeFileSync(join(KEPT, name), "no code");
    assert.equal(await ran(entry), "function");
  });

  it("plans what the source plans", async () => {
    const plan = async (env: NodeJS.ProcessEnv) => {
      const { stdout } = await promisify(execFile)(process.execPath, ["cli/bin.mjs", "plan", "--json"], {
        cwd: ROOT,
        env: { ...process.env, NODE_OPTIONS: "", ...env },
        maxBuffer: 64 << 20,
      });
      const { stacks } = JSON.parse(stdout) as { stacks: Plan[] };
      // Which of the resources whose code is bundled meanwhile comes first is a matter of milliseconds.
      return stacks.map((one) => ({
        ...one,
        resources: new Map(one.resources.map((resource) => [resource.urn, resource])),
      }));
    };
    assert.deepEqual(await plan({}), await plan({ PLATFORM_TRACE: "1" }));
  });

  it("leaves it to one file of ours to ask where it lies", () => {
    const rooms = ["cli", "components", "core", "insight", "output", "policy", "stacks"];
    const asking = rooms.flatMap((room) =>
      readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => join(room, name))
        .filter((name) => /__dirname|__filename|import\.meta/.test(readFileSync(join(ROOT, name), "utf8"))),
    );
    assert.deepEqual(asking, ["core/root.ts"]);
  });
});
