import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type Engine, openEngine, UpdateFailed } from "../../../../../cli/commands/move/migrate/engine";
import { Stopped } from "../../../../../cli/commands/move/migrate/run";
import { at, FakeStack, migrate } from "./fake-stack";

const SECRET = "decrypted-password";

/**
 * A `pulumi` that fails when told to, which the real one does not; tests/engine/migrate/migrate-left.test.ts runs the real one. Its
 * pending creation goes by `refresh --clear-pending-creates` alone ("Clear all pending creates, dropping them from the state", reference of
 * the command), and an import is refused, as by somebody else's lock.
 */
const CLI = (folder: string) => `#!${process.execPath}
const { appendFileSync, existsSync, rmSync } = require("fs");
const [pending, failing] = ["pending", "failing"].map((file) => ${JSON.stringify(folder)} + "/" + file);
const args = process.argv.slice(2);
appendFileSync(${JSON.stringify(join(folder, "calls"))}, args.join(" ") + "\\n");
const fail = (why) => {
  console.error("error: " + why);
  process.exit(255);
};
const operation = { type: "creating", resource: { urn: "urn:pulumi:test::iamvet::aws:lb/listenerRule:ListenerRule::probe" } };
const deployment = { secret: "${SECRET}", resources: [], pending_operations: existsSync(pending) ? [operation] : [] };
if (args[0] === "version") console.log("v3.260.0");
else if (args[0] === "refresh") {
  if (existsSync(failing)) {
    rmSync(failing);
    fail("the refresh was refused");
  }
  if (args.includes("--clear-pending-creates")) rmSync(pending, { force: true });
} else if (args[1] === "export") console.log(JSON.stringify({ version: 3, deployment }));
else if (args[1] === "import") fail("the stack is currently locked");
else if (args[1] === "output") console.log("{}");
else if (args[1] === "history") console.log("[]");
`;

describe("the engine of a migration, after an update that a kill left a creation to", () => {
  const { PATH = "", TMPDIR } = process.env;
  let folder: string;
  let engine: Engine;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "migrate-engine-"));
    for (const name of ["bin", "tmp"]) mkdirSync(join(folder, name));
    writeFileSync(join(folder, "bin/pulumi"), CLI(folder));
    chmodSync(join(folder, "bin/pulumi"), 0o755);
    writeFileSync(join(folder, "Pulumi.yaml"), "name: iamvet\nruntime: nodejs\n");
    writeFileSync(join(folder, "pending"), "");
    Object.assign(process.env, { PATH: `${join(folder, "bin")}${delimiter}${PATH}`, TMPDIR: join(folder, "tmp") });
    engine = await openEngine(folder, "test", () => {});
  });
  afterEach(() => {
    process.env.PATH = PATH;
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    rmSync(folder, { recursive: true, force: true });
  });
  const calls = () =>
    readFileSync(join(folder, "calls"), "utf8")
      .split("\n")
      .filter((call) => /^(up|refresh|stack import) /.test(call));
  const written = () =>
    readdirSync(join(folder, "tmp"), { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => readFileSync(join(one.parentPath, one.name), "utf8"));

  it("forgets of it by a refresh, which runs no program, and writes the state nowhere", async () => {
    await engine.up("a step");
    assert.deepEqual(
      calls().map((call) => call.split(" ")[0]),
      ["up", "refresh"],
    );
    assert.match(calls()[1] ?? "", /--clear-pending-creates.*--run-program=false/);
    assert.deepEqual(await engine.pending(), []);
    assert.ok(!written().some((text) => text.includes(SECRET)));
  });

  it("refreshes nothing where nothing was left", async () => {
    rmSync(join(folder, "pending"));
    await engine.up("a step");
    assert.equal(calls().length, 1, calls().join("\n"));
  });

  it("and that cannot forget of it, has failed as an update does: visitors are taken back", async () => {
    writeFileSync(join(folder, "failing"), "");
    await assert.rejects(
      engine.up("a step"),
      (error) => error instanceof UpdateFailed && error.message === "the refresh was refused",
    );
    assert.ok(!written().some((text) => text.includes(SECRET)));

    writeFileSync(join(folder, "failing"), "");
    const stack = new FakeStack(at("fargate", { canary: "vercel", percent: 50, from: "fargate" }));
    const world = stack.world();
    const up = async (message: string) => {
      await world.engine.up(message);
      return engine.up(message);
    };
    await assert.rejects(
      migrate(stack, {}, {}, { ...world, engine: { ...world.engine, up } }),
      (error: Error) => error instanceof Stopped && error.tookBack && /the refresh was refused/.test(error.message),
    );
    assert.equal(stack.live.percent, 10);
    assert.ok(!existsSync(join(folder, "failing")));
  });
});
