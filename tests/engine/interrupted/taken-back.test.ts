import assert from "node:assert/strict";
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { killedUp, type Moment } from "../harness/killing";
import { loseZone } from "../harness/records";
import { commandsIn, type Project, projectFor, STACK, settings } from "../harness/stack";
import { visit } from "../harness/visits";
import { DOMAIN, ZONE_ID } from "../harness/world";

const RECORD = "aws:route53/record:Record";
const WWW = `www.${DOMAIN}`;

describe("a name that is set back in the midst of its change, on the real engine", () => {
  let project: Project;
  let restore: () => void;
  before(async function () {
    project = await projectFor(this, () => domain(DOMAIN, [WWW]));
    restore = project.save();
  });
  after(() => project?.stop());
  beforeEach(() => restore());

  const domain = (name: string, redirectFrom: readonly string[], further = {}) =>
    settings("monitored-instance", { "iamvet:domain": { name, zoneName: DOMAIN, ttl: 30, redirectFrom, ...further } });
  const configure = (name: string, redirectFrom: readonly string[], stack = STACK) =>
    project.configure(domain(name, redirectFrom), stack);
  const records = () =>
    project.cloud
      .of(RECORD)
      .filter(({ inputs }) => inputs.type === "A")
      .map(({ inputs }) => `${inputs.name} ${inputs.setIdentifier ?? `-> ${inputs.aliases[0].name}`}`)
      .sort();
  const parameters = () =>
    project.cloud
      .of("aws:ssm/parameter:Parameter")
      .map(({ outputs }) => outputs.name as string)
      .filter((name) => name.includes("traffic-"))
      .sort();

  const killed = (moment: Moment, stack = STACK) => killedUp(project, moment, stack);
  const whole = async () => {
    const from = project.cloud.calls.length;
    const { code, output } = await project.up();
    assert.equal(code, 0, output);
    assert.deepEqual(
      project.cloud.calls.slice(from).map(({ op, name }) => `${op} ${name}`),
      [],
      "one more `up` changes nothing",
    );
  };
  /** Runs what an `up` that refused has printed, to the letter. */
  const obey = async (output: string) => {
    const commands = commandsIn(output);
    assert.ok(commands.length > 0, output);
    for (const command of commands) {
      const { code, output } = await project.shell(command);
      assert.equal(code, 0, `${command}\n${output}`);
    }
  };

  for (const moment of ["the records' batch", { op: "update", name: "incident-role-policy" }] as const) {
    const when = typeof moment === "string" ? moment : `the ${moment.op} of ${moment.name}`;
    it(`the site's: killed after ${when}, it ends whole, and nobody who asks the old name is lost`, async () => {
      const leave = visit(project.services, 1);
      configure(WWW, [DOMAIN]);
      await killed(moment);
      configure(DOMAIN, [WWW]);
      const from = project.cloud.calls.length;
      const { code, output } = await project.up();
      if (moment === "the records' batch") assert.equal(code, 0, output);
      else {
        assert.notEqual(code, 0);
        assert.deepEqual(project.cloud.calls.slice(from), [], "it changes nothing");
        assert.match(output, /the engine is still going to delete/);
        await obey(output);
        configure(DOMAIN, [WWW]);
        const back = await project.up();
        assert.equal(back.code, 0, back.output);
      }
      assert.deepEqual(records(), [`${DOMAIN} canary`, `${DOMAIN} serving`, `${WWW} -> ${DOMAIN}`]);
      await whole();
      const { requests, lost } = await leave();
      assert.ok(requests > 20, `${requests} requests`);
      assert.deepEqual(lost, []);
    });
  }

  /** A change of the name that is killed and taken back: what is printed is obeyed, leaves these records, and then it is changed back. */
  const takenBack = async (name: string, redirectFrom: string[], left: readonly string[]) => {
    configure(name, redirectFrom);
    await killed({ op: "update", name: "incident-role-policy" });
    configure(DOMAIN, [WWW]);
    const { code, output } = await project.up();
    assert.notEqual(code, 0);
    assert.match(output, /the engine is still going to delete/);
    await obey(output);
    assert.deepEqual(records(), left);
    configure(DOMAIN, [WWW]);
    const back = await project.up();
    assert.equal(back.code, 0, back.output);
    await whole();
  };

  it("the site's, whose old name was not to redirect: what is printed makes it redirect, and it ends whole", () =>
    takenBack(WWW, [], [`${DOMAIN} -> ${WWW}`, `${WWW} canary`, `${WWW} serving`]));

  it("the site's, which was to have a third name: a server redirects one, and what is printed keeps the old one", () => {
    const third = `new.${DOMAIN}`;
    return takenBack(third, [DOMAIN], [`${DOMAIN} -> ${third}`, `${third} canary`, `${third} serving`]);
  });

  it("the stack's: killed once its parameters have been made under the new name, it ends whole", async () => {
    const file = (stack: string) => join(project.folder, `Pulumi.${stack}.yaml`);
    await project.must("stack", "rename", "renamed", "--stack", STACK);
    if (!existsSync(file(STACK))) copyFileSync(file("renamed"), file(STACK));
    configure(DOMAIN, [WWW], "renamed");
    await killed({ op: "create", name: "traffic-state" }, "renamed");
    await project.must("stack", "rename", STACK, "--stack", "renamed");
    configure(DOMAIN, [WWW]);
    const from = project.cloud.calls.length;
    const { code, output } = await project.up();
    assert.notEqual(code, 0);
    assert.deepEqual(project.cloud.calls.slice(from), [], "it changes nothing");
    assert.match(output, /an update was cut off while it was called renamed/);
    await obey(output);
    configure(DOMAIN, [WWW]);
    const back = await project.up();
    assert.equal(back.code, 0, back.output);
    assert.deepEqual(parameters(), [`/iamvet/${STACK}/traffic-intent`, `/iamvet/${STACK}/traffic-state`]);
    await whole();
  });

  it("a site that is live gets no new zone, by one message ahead of all, and goes on by the command that it prints", async () => {
    project.configure(domain(DOMAIN, [WWW], { zone: "new" }));
    const from = project.cloud.calls.length;
    const { code, output } = await project.up();
    assert.notEqual(code, 0);
    assert.match(output, /domain\.zone is `new`, and the site is live in the zone/);
    assert.deepEqual(project.cloud.calls.slice(from), []);
    // What changes nothing of it has nothing to refuse.
    await project.must("refresh", "--run-program", "--yes", "--skip-preview", "--stack", STACK);
    await obey(output);
    await whole();
  });

  it("but one whose zone is lost does, as the plan of recovery says", async () => {
    loseZone(project.cloud, ZONE_ID);
    project.configure(domain(DOMAIN, [WWW], { zone: "new" }));
    const made = await project.up();
    assert.equal(made.code, 0, made.output);
    const zones = () => project.cloud.of("aws:route53/zone:Zone").map(({ id }) => id);
    const [zone = ""] = zones();
    const inZone = () => project.cloud.of(RECORD).flatMap(({ inputs }) => (inputs.type === "A" ? [inputs.zoneId] : []));
    assert.deepEqual(inZone(), [zone, zone, zone]);
    assert.equal((await project.up()).code, 0, "it protects the records");
    await whole();

    // And that one too, which the stack has made.
    loseZone(project.cloud, zone);
    const { code, output } = await project.up();
    assert.notEqual(code, 0);
    assert.match(output, new RegExp(`${zone} that this stack has made is gone`));
    assert.deepEqual(commandsIn(output), [`pulumi refresh --stack ${STACK}`]);
    await obey(output);
    const again = await project.up();
    assert.equal(again.code, 0, again.output);
    const [last] = zones();
    assert.notEqual(last, zone);
    assert.deepEqual(inZone(), [last, last, last]);
  });
});

describe("a zone that the stack has made by mistake, on the real engine", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
  });
  after(() => project?.stop());

  it("goes by the commands that are printed, and the site comes up in the zone that there was", async () => {
    const configure = (zone: string) =>
      project.configure(settings("monitored-instance", { "iamvet:domain": { name: DOMAIN, zone, ttl: 30 } }));
    configure("new");
    await killedUp(project, { op: "create", name: "database-instance" });
    const [zone] = project.cloud.of("aws:route53/zone:Zone");
    configure("existing");
    const { code, output } = await project.up();
    assert.notEqual(code, 0);
    assert.match(output, new RegExp(`this stack has made the zone ${zone?.id}, in which no site is live`));
    for (const command of commandsIn(output)) {
      const did = await project.shell(command);
      assert.equal(did.code, 0, `${command}\n${did.output}`);
    }
    assert.deepEqual(project.cloud.of("aws:route53/zone:Zone"), []);
    const up = await project.up();
    assert.equal(up.code, 0, up.output);
  });
});
