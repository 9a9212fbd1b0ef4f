import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { killedUp } from "../harness/killing";
import { tierOf } from "../harness/services";
import { type Project, projectFor, STACK, settings } from "../harness/stack";
import { visit } from "../harness/visits";
import { DOMAIN, SPEED } from "../harness/world";

const WWW = `www.${DOMAIN}`;
const [SERVER, RULE] = ["aws:ec2/instance:Instance", "aws:lb/listenerRule:ListenerRule"];

describe("ways out of what is not as the stack left it, on the real engine", () => {
  let project: Project;
  let restore: () => void;
  before(async function () {
    project = await projectFor(this, () => settings("monitored-instance"));
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

  it("a rule for visitors that a killed flip has deleted, and the state still has, is asked for before they are led to it", async () => {
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

  it("a flip that was cut off waits as long under the stack's new name: resolvers hold what the old one's parameters tell", async () => {
    const [ttl, drain] = [300, 20];
    const config = (architecture: string) => settings(architecture, { "iamvet:domain": { name: DOMAIN, ttl } });
    project.configure(config("monitored-instance"));
    const longer = await project.up();
    assert.equal(longer.code, 0, longer.output);
    project.configure(config("fargate"));
    await killedUp(project, { op: "update", name: "traffic-state" });
    const moved = project.cloud.calls.findLast(
      ({ name, op }) => op === "update" && /^traffic-(serving|canary)$/.test(name),
    );
    await project.must("stack", "rename", "renamed", "--stack", STACK);
    copyFileSync(join(project.folder, "Pulumi.renamed.yaml"), join(project.folder, `Pulumi.${STACK}.yaml`));
    project.configure(config("fargate"), "renamed");
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "renamed");
    assert.equal(code, 0, output);
    const gone = project.cloud.calls.find(({ op, urn }) => op === "delete" && tierOf(urn) === "monitored-instance");
    // One timer of the program may fire this much early, in the world's time.
    const waited = ((gone?.time ?? 0) - (moved?.time ?? 0)) / 1000 + 2 * SPEED;
    assert.ok(waited >= ttl + drain, `${waited} s`);
  });

  it("`migrate` that is left by Ctrl-C at its question ends with 130, changes nothing, and lets the next one in", async function () {
    if (spawnSync("script", ["--version"]).error) this.skip();
    const file = () => readFileSync(join(project.folder, `Pulumi.${STACK}.yaml`), "utf8");
    const [before, from] = [file(), project.cloud.calls.length];
    const leave = async () => {
      // A terminal without a width breaks each line after its first letter.
      const migrate = `node cli/bin.mjs migrate --stack ${STACK} -C '${project.folder}' --to fargate --no-snapshot`;
      const command = `stty cols 120 rows 40; exec ${migrate}`;
      const { NO_COLOR: _, ...env } = project.env;
      const child = spawn("script", ["-qfec", command, "/dev/null"], {
        cwd: project.folder,
        env: { ...env, TERM: "xterm" },
      });
      let output = "";
      child.stdout.on("data", (chunk) => {
        if (!/Begin\?/.test(output) && /Begin\?/.test(`${output}${chunk}`)) child.stdin.write("\x03");
        output += chunk;
      });
      const code = await new Promise((done) => child.on("close", done));
      return { code, output };
    };
    for (const time of ["once", "and again"]) {
      const { code, output } = await leave();
      assert.equal(code, 130, `${time}: ${output}`);
      assert.match(output, /Stopped\. Nothing was changed\./);
    }
    assert.equal(file(), before);
    assert.deepEqual(project.cloud.calls.slice(from), []);
  });
});
