import assert from "node:assert/strict";
import { type Project, projectFor, settings } from "./harness/stack";

describe("the ranges that the database admits, on the real engine", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
  });
  after(() => project?.stop());

  const admitted = () =>
    project.cloud
      .of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
      .filter(({ name }) => name.startsWith("vercel-to-database-"))
      .map(({ name, inputs }) => `${name} ${inputs.cidrIpv4}`)
      .sort();
  const upWith = async (...staticIps: string[]) => {
    project.configure(
      settings("vercel", { "iamvet:vercel": { repository: "iamvet/site", databaseAccess: "static-ips", staticIps } }),
    );
    return project.up();
  };

  // EC2 refuses a rule that its group has already (refusals.ts), which the number of the one that stays would be.
  it("may overlap from one update to the next", async () => {
    const first = await upWith("203.0.113.1", "203.0.113.2");
    assert.equal(first.code, 0, first.output);
    const { code, output } = await upWith("203.0.113.2", "203.0.113.3");
    assert.equal(code, 0, output);
    assert.deepEqual(admitted(), ["vercel-to-database-1 203.0.113.3/32", "vercel-to-database-2 203.0.113.2/32"]);
  });
});
