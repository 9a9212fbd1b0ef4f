import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import type { Call } from "./harness/cloud";
import { tierOf } from "./harness/services";
import { type Project, projectFor, STACK, settings } from "./harness/stack";
import { visit } from "./harness/visits";
import { DOMAIN } from "./harness/world";

/** What may go without a visitor's notice: what looks, tells and counts. */
const WATCHES = new RegExp(
  "^(incident|notifier|dashboard|site-alarms|alerts|uptime|budget|backups|traffic-state|migrated|ci-access|image|" +
    "database-(log|alarm|connections|storage|cpu|memory|errors|monitoring))",
);

describe("what serves is protected, on the real engine", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
  });
  after(() => project?.stop());
  afterEach(() => project.calm());

  const config = (architecture: string) =>
    settings(architecture, { "iamvet:domain": { name: DOMAIN, ttl: 30, redirectFrom: [`www.${DOMAIN}`] } });
  const run = async (...args: string[]) => {
    const from = project.cloud.calls.length;
    const { code, output } = await project.pulumi(...args);
    const calls = project.cloud.calls.slice(from);
    return { code, output, calls, deleted: calls.filter(({ op }) => op === "delete") };
  };
  const up = async (architecture: string, stack = STACK) => {
    project.configure(config(architecture), stack);
    return run("up", "--yes", "--skip-preview", "--stack", stack);
  };
  const must = async (architecture: string, stack = STACK) => {
    const done = await up(architecture, stack);
    assert.equal(done.code, 0, done.output);
    return done;
  };
  const [balancer, server] = ["aws:lb/loadBalancer:LoadBalancer", "aws:ec2/instance:Instance"];
  const names = (calls: readonly Call[]) => calls.map(({ name }) => name);

  /** Every way to say `destroy`, and a visitor meanwhile. */
  const destroys = (where: string) => {
    const ways = [[], ["--skip-preview"], ["--skip-preview", "--exclude-protected"]];
    for (const [index, flags] of ways.entries()) {
      it(`${where}: \`pulumi destroy ${flags.join(" ")}\` ${index === 0 ? "removes nothing" : "takes nothing from visitors"}`, async () => {
        const leave = visit(project.services, 30);
        const { code, output, deleted } = await run("destroy", "--yes", "--stack", STACK, ...flags);
        const { requests, lost } = await leave();
        if (index < 2) assert.notEqual(code, 0);
        if (index === 0) assert.deepEqual(names(deleted), []);
        const serving = deleted.filter(({ urn, name }) => tierOf(urn) !== undefined || !WATCHES.test(name));
        assert.deepEqual(names(serving), [], output);
        assert.ok(requests > 20, `${requests} requests`);
        assert.deepEqual(lost, []);
      });
    }
  };

  it("a site behind the load balancer is built", async () => {
    await must("fargate");
  });
  destroys("behind the load balancer");
  it("and `up` makes the stack whole", async () => {
    await must("fargate");
    assert.deepEqual((await must("fargate")).calls, []);
  });

  it("a flip that fails once the protection is lifted, and is taken back, leaves the balancer protected", async () => {
    const live = () => project.cloud.of(balancer)[0]?.inputs.enableDeletionProtection;
    assert.equal(live(), true);
    project.cloud.before = (op, type) => {
      if (op === "delete" && type === "aws:lb/listener:Listener") throw new Error("ServiceUnavailable");
    };
    const broken = await up("monitored-instance");
    assert.notEqual(broken.code, 0);
    assert.match(broken.output, /ServiceUnavailable/);
    assert.equal(live(), false, "it was lifted for its deletion");
    project.cloud.before = () => {};
    await must("fargate");
    assert.equal(live(), true);
    assert.equal(project.cloud.of(server).length, 0, "the server that nobody needs is gone, protected as it was");
  });

  it("after `pulumi stack rename` a flip away from the load balancer ends, and nothing of the old name is left", async () => {
    await project.must("stack", "rename", "renamed", "--stack", STACK);
    copyFileSync(join(project.folder, "Pulumi.renamed.yaml"), join(project.folder, `Pulumi.${STACK}.yaml`));
    const { deleted } = await must("monitored-instance", "renamed");
    assert.ok(names(deleted).includes("load-balancer-balancer"));
    const parameters = project.cloud.of("aws:ssm/parameter:Parameter").map(({ outputs }) => outputs.name as string);
    assert.deepEqual(
      parameters.filter((name) => name.startsWith(`/iamvet/${STACK}/`)),
      [],
    );
    await project.must("stack", "rename", STACK, "--stack", "renamed");
    copyFileSync(join(project.folder, `Pulumi.${STACK}.yaml`), join(project.folder, "Pulumi.renamed.yaml"));
  });

  it("the same stack on its server is whole", async () => {
    await must("monitored-instance");
  });
  destroys("on a server");
  it("which goes when a flip has passed its gates, although it refuses to be terminated", async () => {
    const { deleted } = await must("fargate");
    assert.ok(names(deleted).includes("monitored-instance-instance"));
  });

  it("and a person takes the site down by the commands of docs/flip.md, without its data", async () => {
    project.configure({ ...config("fargate"), "iamvet:loadBalancer": { deletionProtection: false } });
    const unprotected = await run("up", "--yes", "--skip-preview", "--stack", STACK);
    assert.equal(unprotected.code, 0, unprotected.output);
    for (const slot of ["serving", "canary"]) {
      const urn = `urn:pulumi:${STACK}::iamvet::iamvet:index:Traffic$aws:route53/record:Record::traffic-${slot}`;
      await project.must("state", "unprotect", "--stack", STACK, "--yes", urn);
    }
    // S3 deletes a bucket that has been emptied by hand.
    for (const bucket of project.cloud.of("aws:s3/bucket:Bucket")) {
      bucket.inputs = { ...bucket.inputs, forceDestroy: true };
    }
    const { code, output } = await run("destroy", "--yes", "--stack", STACK, "--exclude-protected");
    assert.equal(code, 0, output);
    // The revisions of a task definition are kept for a rollback; they cost nothing.
    const left = [...project.cloud.resources.values()].filter(({ name }) => name !== "fargate-definition");
    assert.deepEqual(
      left.filter(({ urn }) => tierOf(urn) !== undefined || urn.includes("index:Traffic")).map(({ name }) => name),
      [],
    );
    for (const name of ["database-instance", "database-password", "database-identifier", "app-secret"]) {
      assert.ok(
        left.some((one) => one.name === name),
        name,
      );
    }
  });
});
