import assert from "node:assert/strict";
import { type Project, projectFor, settings } from "../harness/stack";
import { REGION, SPEED } from "../harness/world";

const SERVICE = "fargate-service";
const GROUP = "ha-web-tier-group";

describe("migrations on the real engine", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
  });
  after(() => project?.stop());

  /** Updates to a release, and tells what was called and migrated, in order. */
  const release = async (architecture: string, version: string) => {
    const { cloud, services } = project;
    const image = { uri: `123456789012.dkr.ecr.${REGION}.amazonaws.com/site:${version}` };
    const config = settings(architecture, { "iamvet:image": image, "iamvet:app": { version } });
    // In the world's seconds, which are short: nothing here waits for a gate to give up.
    project.configure({ ...config, "iamvet:gates": { ...config["iamvet:gates"], timeoutSeconds: 1200 } });
    services.health.version = version;
    const [calls, migrated] = [cloud.calls.length, cloud.migrations.length];
    const order: string[] = [];
    cloud.after = ({ op, name }) => {
      if (name === SERVICE || name === GROUP) order.push(`${op} ${name} after ${cloud.migrations.length - migrated}`);
    };
    cloud.began = (what) => order.push(`${what} after ${cloud.migrations.length - migrated}`);
    const started = Date.now();
    const { code, output } = await project.up();
    return {
      code,
      output,
      order,
      seconds: (Date.now() - started) / 1000,
      migrations: cloud.migrations.slice(migrated),
      deleted: cloud.calls.slice(calls).filter(({ op }) => op === "delete"),
    };
  };

  it("run once, before the service gets the release", async () => {
    const { code, output, order, migrations } = await release("fargate", "v1");
    assert.equal(code, 0, output);
    assert.deepEqual(order, [`create ${SERVICE} after 1`]);
    assert.equal(migrations.length, 1);
    assert.match(migrations[0] ?? "", /migrate/);
  });

  it("do not run again for the same release", async () => {
    const { code, output, migrations } = await release("fargate", "v1");
    assert.equal(code, 0, output);
    assert.deepEqual(migrations, []);
  });

  it("stop the update when they fail, and leave the service as it was", async () => {
    project.cloud.migrationsFail = true;
    const { code, output, order, deleted, seconds } = await release("fargate", "v2");
    project.cloud.migrationsFail = false;
    assert.notEqual(code, 0, output);
    assert.match(output, /The migrations of this release failed: .*exit code 1/s);
    assert.doesNotMatch(output, /at .*migration\.ts:/, "no stack trace");
    assert.deepEqual(order, []);
    assert.deepEqual(
      deleted.map(({ name }) => name),
      [],
    );
    // The limit after which a value that never comes is given up (knownValue): it is not waited for.
    assert.ok(seconds * SPEED < 3600, `it ends at once, not after ${seconds} s`);
  });

  it("go on after the repair", async () => {
    const { code, output, order } = await release("fargate", "v2");
    assert.equal(code, 0, output);
    assert.deepEqual(order, [`update ${SERVICE} after 1`]);
  });

  it("run in the group's first instance before traffic, and before the group gets a further release", async () => {
    const first = await release("ha-web-tier", "v3");
    assert.equal(first.code, 0, first.output);
    assert.deepEqual(first.order[0], `create ${GROUP} after 0`, "there is no instance before it");
    assert.equal(first.migrations.length, 1);
    const next = await release("ha-web-tier", "v4");
    assert.equal(next.code, 0, next.output);
    assert.deepEqual(next.order, ["StartInstanceRefresh v4 after 1"]);
    assert.match(next.migrations[0] ?? "", /:2$/, "by the new version of the boot parameter");
  });

  it("and a load balancer with deletion protection goes when a flip has passed its gates", async () => {
    const { code, output, deleted, migrations } = await release("monitored-instance", "v4");
    assert.equal(code, 0, output);
    assert.ok(deleted.some(({ name }) => name === "load-balancer-balancer"));
    assert.deepEqual(migrations, [], "a single instance migrates when it installs a release");
  });
});
