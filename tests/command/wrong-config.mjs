// Runs the command as a person would, with a config of five mistakes: five messages, exit code 2, nothing else.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "stack-"));
try {
  copyFileSync("Pulumi.yaml", join(folder, "Pulumi.yaml"));
  writeFileSync(
    join(folder, "Pulumi.prod.yaml"),
    `config:
  aws:region: ap-northeast-2
  iamvet:architecture: fargte
  iamvet:domain: { name: iamvet.kr, record: B }
  iamvet:alerts: { emails: [ops] }
  iamvet:fargate: { cpu: 300 }
  iamvet:speed: 3
`,
  );
  const { status, stdout, stderr } = spawnSync("node", ["cli/bin.mjs", "plan", "--cwd", folder], { encoding: "utf8" });
  assert.equal(status, 2);
  assert.equal(stdout, "");
  assert.equal(stderr.match(/^ {2}mend /gm)?.length, 5, stderr);
  assert.doesNotMatch(stderr, /^ +at /m);
  console.log("1 passed, 0 failed");
} finally {
  rmSync(folder, { recursive: true });
}
