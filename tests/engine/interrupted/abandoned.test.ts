import assert from "node:assert/strict";
import { killedUp } from "../harness/killing";
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

  /** Deletes what a message says is to be deleted, by the last word of its command. */
  const deleteAsTold = (output: string) => {
    const told = [...output.matchAll(/is there from an update that was interrupted[^\n]*\n[^\n]*\n\s+(aws [^\n]+)/g)];
    const ids = told.map(([, command = ""]) => command.trim().split(" ").at(-1));
    for (const [key, { id }] of project.cloud.resources) if (ids.includes(id)) project.cloud.resources.delete(key);
    return told.map(([, command]) => command);
  };

  for (const name of MADE) {
    it(`${name} is told of with the command that deletes it, behind which all of the tier goes`, async () => {
      project.configure(settings("fargate", { "iamvet:traffic": { canary: "ha-web-tier", percent: 0 } }));
      await killedUp(project, { op: "create", name });
      project.configure(settings("fargate"));
      const { output } = await project.up();
      assert.equal(deleteAsTold(output).length, 1, output);
      const again = await project.up();
      assert.equal(again.code, 0, again.output);
      assert.deepEqual(deleteAsTold(again.output), []);
      const left = [...project.cloud.resources.values()].filter((one) => one.name.startsWith("ha-web-tier-"));
      assert.deepEqual(
        left.map((one) => one.name),
        [],
      );
    });
  }
});
