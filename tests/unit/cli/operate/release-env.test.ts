import assert from "node:assert/strict";
import { planStack } from "../../../../cli/planner/planner";
import type { Plan } from "../../../../core/plan-format";

const COMMIT = "5f2c1d9a0b3e4f60718293a4b5c6d7e8f9012345";
const vercel = { repository: "acme/site", databaseAccess: "public-tls", ref: COMMIT };
const planned = (config: Record<string, unknown>): Promise<Plan> =>
  planStack("prod", { architecture: "vercel", config });

describe("a release on Vercel, in a plan", () => {
  let plan: Plan;
  const named = (name: string, one = plan) => {
    const found = one.resources.find((resource) => resource.name === name);
    assert.ok(found, `${name} is in the plan`);
    return found;
  };

  before(async function () {
    this.timeout(60_000);
    plan = await planned({ vercel });
  });

  it("deploys the commit that the settings name", () => {
    assert.equal(named("vercel-deployment").inputs.ref, COMMIT);
  });

  it("is migrated by its build, to which the database is open by then", () => {
    assert.match(String(named("vercel-project").inputs.buildCommand), /npx prisma migrate deploy.* && npx next build$/);
    const rule = named("vercel-to-database-1");
    assert.equal(rule.parent, named("vercel").urn, "its URN is what it was");
    assert.ok(named("vercel-deployment").dependencies.includes(rule.urn));
  });

  it("is not migrated where nobody asked for that", async () => {
    const without = await planned({ vercel, app: { migrate: false } });
    assert.doesNotMatch(String(named("vercel-project", without).inputs.buildCommand), /migrate/);
  });

  it("is migrated from here where the site comes built, before it is deployed", async () => {
    const built = await planned({ vercel: { prebuilt: "app", databaseAccess: "public-tls" } });
    const migration = named("vercel-migration", built);
    assert.equal(migration.inputs.folder, "app");
    assert.ok(migration.dependencies.includes(named("vercel-to-database-1", built).urn));
    assert.ok(named("vercel-deployment", built).dependencies.includes(migration.urn));
    assert.doesNotMatch(String(named("vercel-project", built).inputs.buildCommand), /migrate/);
  });
});
