import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { pulumiCommand, updating } from "../../../stacks/operation";

describe("what is no update", () => {
  const command = (line: string) => pulumiCommand(line.split(" "));
  it("is told by the command line of the engine, wherever its flags stand", () => {
    assert.equal(command("/usr/bin/pulumi up --yes"), "up");
    assert.equal(command("pulumi -C folder --stack refresh up"), "up");
    assert.equal(command("pulumi refresh --run-program"), "refresh");
    assert.equal(command("pulumi --non-interactive destroy --run-program --stack=up"), "destroy");
    assert.equal(command("pulumi --otel-traces file:///tmp/traces --memprofilerate 512 up"), "up");
    assert.equal(command("pulumi-language-nodejs 127.0.0.1:1 refresh"), undefined);
  });
  it("and the program of the engine is found, by whatever path it was started", async () => {
    const folder = mkdtempSync(join(tmpdir(), "iamvet-engine-"));
    try {
      symlinkSync(process.execPath, join(folder, "pulumi"));
      mkdirSync(join(folder, "site"));
      const asks = `console.log(require(${JSON.stringify(resolve(__dirname, "../../../stacks/operation.ts"))}).engineProgram())`;
      writeFileSync(
        join(folder, "up"),
        `require("node:child_process").spawnSync(process.execPath, ["--import", ` +
          `${JSON.stringify(require.resolve("tsx"))}, "-e", ${JSON.stringify(asks)}], { stdio: "inherit" })`,
      );
      const { stdout } = await promisify(execFile)("../pulumi", ["../up"], {
        ...{ cwd: join(folder, "site"), env: { ...process.env, NODE_OPTIONS: "" } },
      });
      assert.equal(stdout.trim(), realpathSync(process.execPath));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }).timeout(60_000);
  it("acts in `up`, and rather once too often than without its gates", async () => {
    // Other suites of this process may have left the mocks of a preview, or something that sets them only now.
    await pulumi.runtime.setMocks({ call: () => ({}), newResource: () => ({ id: "", state: {} }) });
    for (const name of ["up", "update", "watch", undefined, "the value of a flag that nobody knows yet"])
      assert.equal(
        updating(() => name),
        true,
        name,
      );
    for (const name of ["refresh", "destroy", "down", "dn"])
      assert.equal(
        updating(() => name),
        false,
        name,
      );
  });
});
