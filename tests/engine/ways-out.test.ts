import assert from "node:assert/strict";
import { killedUp } from "./killing";
import { type Project, projectFor, STACK, settings } from "./stack";
import { visit } from "./visits";
import { DOMAIN } from "./world";

const WWW = `www.${DOMAIN}`;
const [SERVER, RULE] = ["aws:ec2/instance:Instance", "aws:lb/listenerRule:ListenerRule"];

describe("ways out of what is not as the stack left it, on the real engine", () => {
  let project: Project;
  let restore: () => void;
  before(async function () {
    project = await projectFor(this);
    project.configure(settings("monitored-instance"));
    const { code, output } = await project.up();
    assert.equal(code, 0, output);
    restore = project.save();
  });
  after(() => project?.stop());
  beforeEach(() => restore());

  const whole = async () => {
    const from = project.cloud.calls.length;
    const { code, output } = await project.up();
    assert.equal(code, 0, output);
    assert.deepEqual(
      project.cloud.calls.slice(from).map(({ op, name }) => `${op} ${name}`),
      [],
    );
  };

  it("a server that somebody has terminated, and that cannot be protected any more, does not hold up the flip away from it", async () => {
    const [server] = project.cloud.of(SERVER);
    project.cloud.resources.delete(`${SERVER}|${server?.id}`);
    project.configure(settings("fargate"));
    const { code, output } = await project.up();
    assert.equal(code, 0, output);
    assert.match(output, new RegExp(`The deletion protection of ${server?.id} could not be lifted: .*does not exist`));
    await whole();
  });

  it("a server that is gone while it is to stay is told of, with the command that notices it, before anything else fails", async () => {
    const [server] = project.cloud.of(SERVER);
    project.cloud.resources.delete(`${SERVER}|${server?.id}`);
    const { output } = await project.up();
    assert.match(output, new RegExp(`${server?.id} could not be protected against its deletion: .*does not exist`));
    assert.match(output, /`pulumi refresh --stack test`/);
  });

  it("a file of an earlier step that also names the site anew is refused before a record is written", async () => {
    const domain = { name: DOMAIN, zoneName: DOMAIN, ttl: 30, redirectFrom: [WWW] };
    project.configure(settings("monitored-instance", { "iamvet:domain": domain, "iamvet:traffic": { revision: 2 } }));
    const first = await project.up();
    assert.equal(first.code, 0, first.output);
    const anew = { ...domain, name: WWW, redirectFrom: [DOMAIN] };
    project.configure(settings("monitored-instance", { "iamvet:domain": anew, "iamvet:traffic": { revision: 1 } }));
    const written: string[] = [];
    project.cloud.asked = (action) => void (action.startsWith("POST ") && written.push(action));
    const from = project.cloud.calls.length;
    const { code, output } = await project.up();
    project.cloud.asked = () => {};
    assert.notEqual(code, 0);
    assert.match(output, /Nothing was changed/);
    assert.deepEqual(written, []);
    assert.deepEqual(project.cloud.calls.slice(from), []);
  });

  it("a rule for visitors that a killed flip has deleted, and the state still has, is asked for before visitors are led to it", async () => {
    project.configure(settings("fargate"));
    const there = await project.up();
    assert.equal(there.code, 0, there.output);
    project.configure(settings("monitored-instance"));
    await killedUp(project, { op: "delete", name: "traffic-catch-all" });
    const leave = visit(project.services, 30);
    project.configure(settings("fargate"));
    const { code, output } = await project.up();
    assert.notEqual(code, 0);
    assert.match(output, /The load balancer's rule for visitors is gone from AWS/);
    await project.must("refresh", "--yes", "--skip-preview", "--stack", STACK);
    const back = await project.up();
    assert.equal(back.code, 0, back.output);
    assert.equal(project.cloud.of(RULE).filter(({ name }) => name === "traffic-catch-all").length, 1);
    const { requests, lost } = await leave();
    assert.ok(requests > 20, `${requests} requests`);
    assert.deepEqual(lost, []);
    await whole();
  });
});
