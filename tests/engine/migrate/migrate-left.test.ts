import assert from "node:assert/strict";
import { Migrating } from "../harness/migrating";
import { type Project, projectFor, settings } from "../harness/stack";

const PROBE = "ha-web-tier-probe";

describe("platform migrate, killed while AWS makes something of the new tier", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
    project.configure(settings("fargate"));
    const { code, output } = await project.up();
    assert.equal(code, 0, output);
  });
  after(() => project?.stop());

  it("goes back, tells how to delete what was left, and then leaves nothing of it, nor of the operation", async () => {
    const migrating = new Migrating(project);
    const made = { call: ({ op, name }: { op: string; name: string }) => op === "create" && name === PROBE };
    await migrating.killed(made, "--to", "ha-web-tier", "--no-snapshot");
    const held = await migrating.run("--back");
    assert.notEqual(held.code, 0, "the rule that was left keeps its target group");
    const [rule] = project.cloud.of("aws:lb/listenerRule:ListenerRule").filter(({ name }) => name === PROBE);
    assert.ok(held.output.includes(`aws elbv2 delete-rule --rule-arn ${rule?.id}`), held.output);
    project.cloud.resources.delete(`${rule?.type}|${rule?.id}`);
    // As the message says: a second `--back` would turn round again.
    assert.match(held.output, /To go on: `platform migrate --stack test`$/m);
    const back = await migrating.run();
    assert.equal(back.code, 0, back.output);
    assert.deepEqual(
      [...project.cloud.resources.values()].filter(({ name }) => name.startsWith("ha-web-tier-")),
      [],
    );
    assert.deepEqual(project.state().pending, []);
  });
});
