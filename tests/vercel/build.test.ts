import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { needed } from "../skip";
import { Checkout, SKEW_PROTECTION, VERCEL_BUILD } from "./builder";

const SITE = { SITE_TIER: "vercel", SITE_VERSION: "2026-11-30-1" };
const settings = { buildCommand: "npx prisma generate && npx next build", nodeVersion: "22.x" };

/** The release under which a page's scripts are asked for. */
const named = (checkout: Checkout) =>
  (
    JSON.parse(readFileSync(join(checkout.folder, "app/.next/routes-manifest.json"), "utf8")) as {
      deploymentId?: string;
    }
  ).deploymentId;

describe("the sample, built by Vercel's own builder", () => {
  let checkout: Checkout;
  before(function () {
    checkout = needed(this, Checkout.create() ?? "the package registry is out of reach");
  });
  after(() => checkout?.remove());

  it("is built under Vercel's own deployment id while skew protection is on", async () => {
    const { code, output } = await checkout.build(settings, { ...VERCEL_BUILD, ...SKEW_PROTECTION, ...SITE });
    assert.equal(code, 0, output);
    assert.equal(named(checkout), VERCEL_BUILD.VERCEL_DEPLOYMENT_ID);
  });

  it("is built under the release's name without it, on the Node.js that the project's settings name", async () => {
    const { code, output } = await checkout.build(settings, { ...VERCEL_BUILD, ...SITE });
    assert.equal(code, 0, output);
    assert.equal(named(checkout), SITE.SITE_VERSION);
    // `engines` of the app's package.json would win over the project's settings.
    const { runtime } = checkout.output<{ runtime: string }>("functions/api/health.func/.vc-config.json");
    assert.equal(runtime, "nodejs22.x", output);
  });

  it("is refused by Vercel under a name of more than 32 characters", async () => {
    const { code, output } = await checkout.build(settings, { ...VERCEL_BUILD, ...SITE, SITE_VERSION: "v".repeat(33) });
    assert.notEqual(code, 0, output);
    assert.match(output, /must be 32 characters or less/);
  });
});
