import assert from "node:assert/strict";
import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROUNDS = 80;
const RUNS = 4;

/** Real processes: what is at stake is the file system's order between them. */
describe("two `platform migrate` that both find the mark of a run that is gone", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "claim-"));
  const children: ChildProcess[] = [];
  after(() => {
    for (const child of children) child.disconnect();
    rmSync(folder, { recursive: true, force: true });
  });
  const answer = (child: ChildProcess) =>
    new Promise<{ held?: boolean; why?: string }>((resolve) => child.once("message", resolve));

  it("cannot both have it, whoever comes first", async () => {
    // A process that was and is no more.
    const { pid: gone } = spawnSync(process.execPath, ["-e", ""]);
    const env = { ...process.env, TMPDIR: folder, NODE_OPTIONS: "" };
    for (let i = 0; i < RUNS; i++) {
      const child = fork(join(__dirname, "claimant.ts"), { env, execArgv: ["--import", "tsx"] });
      children.push(child);
    }
    await Promise.all(children.map(answer));
    const held: number[] = [];
    const refusals: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const file = `/stack-${round}.yaml`;
      const mark = createHash("sha256").update(file).digest("hex").slice(0, 16);
      writeFileSync(join(folder, `platform-migrate-${mark}`), String(gone));
      const answers = children.map(answer);
      const at = Date.now() + 3;
      for (const child of children) child.send({ claim: file, at });
      const found = await Promise.all(answers);
      held.push(found.filter((one) => one.held).length);
      refusals.push(...found.flatMap(({ why }) => why ?? []));
      const left = children.map(answer);
      for (const child of children) child.send({});
      await Promise.all(left);
      assert.ok(!existsSync(join(folder, `platform-migrate-${mark}`)), "whoever held it takes it away");
    }
    assert.deepEqual([...new Set(held)], [1], `holders a round: ${held.join()}`);
    const others = refusals.filter((why) => !/^Another `platform migrate` \(process \d+\)/.test(why));
    assert.deepEqual(others, [], "each of the others is told who has it");
    const left = readdirSync(folder).filter((name) => name.startsWith("platform-migrate"));
    assert.deepEqual(left, [], "nothing is left beside it");
  });
});
