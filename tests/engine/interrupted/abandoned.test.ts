import assert from "node:assert/strict";
import { deleteAsTold, killedUp } from "../harness/killing";
import { type Project, projectFor, settings } from "../harness/stack";

/** What AWS was making for a tier that the next update leaves: it holds up a deletion, or costs. */
const MADE = ["ha-web-tier-probe", "ha-web-tier-to-database", "ha-web-tier-group"] as const;

describe("what a killed update was making for a tier that the next one leaves, on the real engine", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
    project.configure(settings("fargate"));
    const { code, output } = await project.up();
    assert.equal(code, 0, output);
  });
  after(() => project?.stop());

  for (const name of MADE) {
    it(`${name} is told of with the command that deletes it, behind which all of the tier goes`, async () => {
      project.configure(settings("fargate", { "iamvet:traffic": { canary: "ha-web-tier", percent: 0 } }));
      await killedUp(project, { op: "create", name });
      project.configure(settings("fargate"));
      const { output } = await project.up();
      const made = [...project.cloud.resources.values()].find((one) => one.name === name);
      assert.ok(made && deleteAsTold(project.cloud, output).includes(made.id), output);
      const again = await project.up();
      assert.equal(again.code, 0, again.output);
      assert.deepEqual(deleteAsTold(project.cloud, again.output), []);
    });
  }
});
