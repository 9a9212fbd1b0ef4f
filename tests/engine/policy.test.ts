import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { type Project, projectFor, STACK, settings } from "./harness/stack";

const PACK = join(resolve(__dirname, "../.."), "policy");

describe("the policy pack on the real engine", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
  });
  after(() => project?.stop());

  const preview = (config: Record<string, unknown>) => {
    project.configure(config);
    return project.pulumi("preview", "--stack", STACK, "--policy-pack", PACK);
  };

  it("lets the site pass, and warns when its plan passes the budget", async () => {
    const { code, output } = await preview(settings("fargate", { "iamvet:budget": { monthlyUsd: 20 } }));
    assert.equal(code, 0, output);
    assert.match(output, /more than the budget of \$20\.00/);
    assert.doesNotMatch(output, /mandatory|can't run policy/);
  });

  it("warns of a database that is open to the internet", async () => {
    const { code, output } = await preview(settings("vercel"));
    assert.equal(code, 0, output);
    assert.match(output, /private-database[\s\S]*opens PostgreSQL to the internet/);
    assert.doesNotMatch(output, /mandatory|can't run policy/);
  });
});
