import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { Plan } from "../../../core/plan-format";

const ROOT = join(__dirname, "../../..");
const KEPT = join(ROOT, "node_modules/.cache/platform");

/** How a program ends that is run as the command line is, in a process of its own. */
function ended(file: string, root = ROOT, options: string[] = []) {
  const code = `import(${JSON.stringify(join(root, "cli/bundle.mjs"))}).then(({ run }) => run(${JSON.stringify(file)}))`;
  const args = [...options, "--input-type=module", "--eval", code];
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) =>
    execFile(process.execPath, args, { env: { ...process.env, NODE_OPTIONS: "" } }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout: stdout.trim(), stderr }),
    ),
  );
}

/** What it prints. */
async function ran(file: string, root = ROOT, options: string[] = []): Promise<string> {
  const { code, stdout, stderr } = await ended(file, root, options);
  assert.equal(code, 0, stderr);
  return stdout;
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

  it("loads every package that the command line asks for, also where Node cannot require a module", async () => {
    const { code } = await promisify(execFile)(process.execPath, ["cli/bin.mjs", "--help"], { cwd: ROOT }).then(
      () => ({ code: 0 }),
      (error) => error,
    );
    assert.equal(code, 0);
    const { packages } = JSON.parse(readFileSync(join(KEPT, "main.json"), "utf8")) as { packages: string[] };
    const loaded = packages.map((name) => `import(${JSON.stringify(name)})`).join(",\n");
    writeFileSync(entry, `Promise.all([${loaded}]).then((all) => console.log(all.length));\n`);
    assert.equal(await ran(entry, ROOT, ["--no-experimental-require-module"]), String(packages.length));
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

/** A project of its own with the bundle and what that needs, whose folder of what is kept no other process uses. */
describe("the command line's bundle, in a project", function () {
  this.timeout(60_000);
  const project = mkdtempSync(join(tmpdir(), "project-"));
  const kept = join(project, "node_modules/.cache/platform");
  const entry = join(project, "said.ts");
  const write = (file: string, text: string) => {
    mkdirSync(join(project, file, ".."), { recursive: true });
    writeFileSync(join(project, file), text);
  };
  before(() => {
    mkdirSync(join(project, "cli"));
    mkdirSync(join(project, "node_modules"));
    cpSync(join(ROOT, "cli/bundle.mjs"), join(project, "cli/bundle.mjs"));
    for (const name of ["esbuild", "picocolors"])
      symlinkSync(join(ROOT, "node_modules", name), join(project, "node_modules", name));
    write("package.json", "{}");
    write("words/index.ts", `export const words: string = "from a folder";\n`);
    write(
      "said.ts",
      `import pc from "picocolors";\nimport { words } from "./words";\nconsole.log(words, typeof pc.red);\n`,
    );
  });
  after(() => rmSync(project, { recursive: true }));
  const said = () => ran(entry, project);
  /** Whether a run makes our own script. */
  const made = async () => {
    const state = () => statSync(join(kept, "said.json")).ctimeMs;
    const before = state();
    await said();
    return state() !== before;
  };
  const preparing = async () => (await ended(entry, project)).stderr.includes("Preparing");

  it("is used again, and says when it is made", async () => {
    assert.ok(await preparing());
    assert.ok(!(await preparing()));
  });

  it("is as new as a file that comes before one which an import meant", async () => {
    assert.equal(await said(), "from a folder function");
    write("words.ts", `export const words: string = "from a file";\n`);
    assert.equal(await said(), "from a file function");
    write("words.tsx", `export const words: string = "from another";\n`);
    assert.equal(await said(), "from another function");
    for (const file of ["words.ts", "words.tsx"]) rmSync(join(project, file));
    assert.equal(await said(), "from a folder function");
  });

  it("is as new as a file that takes another's place, with its time and size", async () => {
    const words = join(project, "words/index.ts");
    const { atime, mtime } = statSync(words);
    write("words/part", readFileSync(words, "utf8").replace("folder", "FOLDER"));
    utimesSync(join(project, "words/part"), atime, mtime);
    utimesSync(words, atime, mtime);
    await said();
    renameSync(join(project, "words/part"), words);
    assert.equal(await said(), "from a FOLDER function");
    write("words/index.ts", `export const words: string = "from a folder";\n`);
  });

  it("is of one program, not of another with the same name", async () => {
    await said();
    write("other/said.ts", `console.log("another");\n`);
    assert.equal(await ran(join(project, "other/said.ts"), project), "another");
    assert.equal(await said(), "from a folder function");
  });

  it("is made again where the options have changed while it was made", async () => {
    const text = readFileSync(join(project, "cli/bundle.mjs"), "utf8");
    const change = `stamp("tsconfig.json") || writeFileSync(join(root, "tsconfig.json"), "{}");`;
    write("cli/bundle.mjs", text.replace(/(?=\n {2}const source = )/, change));
    assert.equal(await made(), true);
    assert.equal(await made(), true);
    assert.equal(await made(), false);
    write("cli/bundle.mjs", text);
    rmSync(join(project, "tsconfig.json"));
  });

  it("is used again where a file's time is to come", async () => {
    utimesSync(entry, new Date(), new Date(Date.now() + 86_400_000));
    assert.equal(await made(), true);
    assert.equal(await made(), false);
  });

  it("is made again where what is kept is empty, or not to be read", async () => {
    const about = join(kept, "said.json");
    for (const text of ["", "null", "{}", "["]) {
      writeFileSync(about, text);
      assert.equal(await said(), "from a folder function");
    }
    rmSync(about);
    mkdirSync(about);
    assert.equal(await said(), "from a folder function");
    rmSync(about, { recursive: true });
    chmodSync(kept, 0);
    assert.equal(await said(), "from a folder function");
    chmodSync(kept, 0o755);
  });

  it("leaves another process its unfinished part, and removes that of one which is gone", async () => {
    await said();
    const part = (id: number) => join(kept, `said.0123456789abcdef.cjs.${id}`);
    // No process has a number this large.
    for (const id of [process.pid, 2 ** 30]) writeFileSync(part(id), "");
    write("words/index.ts", `export const words: string = "again";\n`);
    assert.equal(await said(), "again function");
    assert.ok(existsSync(part(process.pid)));
    assert.ok(!existsSync(part(2 ** 30)));
  });

  it("lets a command end well where what is kept is removed meanwhile", async () => {
    write(
      "remove.ts",
      `require("node:fs").rmSync(${JSON.stringify(join(project, "node_modules/.cache"))}, { recursive: true });\n`,
    );
    assert.deepEqual(await ended(join(project, "remove.ts"), project).then(({ code }) => code), 0);
  });

  it("can be made by several at once", async () => {
    rmSync(join(project, "node_modules/.cache"), { recursive: true, force: true });
    const all = await Promise.all(Array.from({ length: 4 }, said));
    assert.deepEqual([...new Set(all)], ["again function"]);
  });

  it("tells a mistake in a file once, without where esbuild found it", async () => {
    write("wrong.ts", "const = 1;\n");
    const { code, stderr } = await ended(join(project, "wrong.ts"), project);
    assert.equal(code, 1);
    assert.equal(stderr.split("wrong.ts:1:6").length, 2, stderr);
    assert.doesNotMatch(stderr, /node_modules|at /);
  });
});
