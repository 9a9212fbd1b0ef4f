import assert from "node:assert/strict";
import { Migrating } from "../harness/migrating";
import { type Project, projectFor, settings } from "../harness/stack";

describe("platform migrate away from Vercel", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
    project.configure(settings("vercel"));
    const { code, output } = await project.up();
    assert.equal(code, 0, output);
  });
  after(() => project?.stop());

  it("ends with a database that has no public address any more", async () => {
    const { code, output } = await new Migrating(project).run(
      ...["--to", "monitored-instance", "--steps", "100", "--bake", "1s", "--no-snapshot"],
    );
    assert.equal(code, 0, output);
    const [database] = project.cloud.of("aws:rds/instance:Instance");
    assert.equal(database?.inputs.publiclyAccessible, false, output);
    assert.match(output, /take away the database's public address/);
    const from = project.cloud.calls.length;
    const again = await project.up();
    assert.equal(again.code, 0, again.output);
    assert.deepEqual(project.cloud.calls.slice(from), [], "there is nothing left to do");
  });
});
