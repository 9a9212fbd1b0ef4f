import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VERSION, versionFrom } from "../../core/version";
import { run } from "../drill/harness/processes";
import { APP, buildRelease } from "../drill/harness/site";

/** What Next.js itself says of a version, asked by a build that ends for want of pages as soon as its settings are accepted. */
async function nextSays(version: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "release-next-"));
  try {
    writeFileSync(join(folder, "next.config.mjs"), `export default { deploymentId: ${JSON.stringify(version)} };`);
    const next = join(APP, "node_modules/next/dist/bin/next");
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
    return await run(process.execPath, [next, "build", folder], { env }).then(
      ({ stdout }) => stdout,
      ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("the name of a release, asked of Next.js itself", function () {
  this.timeout(600_000);
  before(() => buildRelease((text) => console.log(`    ${text}`)));

  const accepted = ["r1", "1-4-0", "20261124", "a".repeat(32), "A_b-", "15761e9d0c5b"];
  const refused = ["1.4.0", "v1.2.3+build", "feature/login", "a b"];
  for (const version of [...accepted, ...refused.map(versionFrom)]) {
    it(`takes ${version}`, async () => {
      assert.match(version, VERSION);
      const said = await nextSays(version);
      assert.match(said, /Couldn't find any `pages` or `app` directory/);
      assert.doesNotMatch(said, /Invalid `deploymentId`/);
    });
  }
  for (const version of refused) {
    it(`refuses ${version}, as app.version does`, async () => {
      assert.doesNotMatch(version, VERSION);
      assert.match(await nextSays(version), /Invalid `deploymentId` configuration/);
    });
  }
});
