import assert from "node:assert/strict";
import { type Call, parts } from "./harness/cloud";
import { tierOf } from "./harness/services";
import { type Project, projectFor, settings } from "./harness/stack";
import { visit } from "./harness/visits";
import { DOMAIN, zoneOf } from "./harness/world";

const WWW = `www.${DOMAIN}`;

/** The calls that move visitors, whatever the site is called. */
const moves = ({ name, op }: Call) => /^traffic-(serving|canary|catch-all)$/.test(name) && op !== "delete";

describe("the site gets another name, on the real engine", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
  });
  after(() => project?.stop());

  const must = async (architecture: string, name: string, redirectFrom: readonly string[], ttl = 30) => {
    project.configure(settings(architecture, { "iamvet:domain": { name, zoneName: DOMAIN, ttl, redirectFrom } }));
    const from = project.cloud.calls.length;
    const { code, output } = await project.pulumi("up", "--yes", "--stack", "test");
    assert.equal(code, 0, output);
    const slots = project.state().resources.filter(({ urn }) => /::traffic-(serving|canary)$/.test(urn));
    assert.deepEqual(
      slots.map(({ protect }) => protect),
      [true, true],
      "the records are protected, and no other ones are left",
    );
    return project.cloud.calls.slice(from);
  };
  /** `serving=...` for a slot, `->name` for a redirect. */
  const records = (name: string) =>
    project.cloud
      .of("aws:route53/record:Record")
      .filter(({ inputs }) => inputs.name === name && inputs.type === "A")
      .map(({ inputs }) => inputs.setIdentifier ?? `->${inputs.aliases[0].name}`)
      .sort();
  const settledDown = async (architecture: string, name: string, redirectFrom: readonly string[]) => {
    const calls = await must(architecture, name, redirectFrom);
    assert.deepEqual(
      calls.map(({ op, urn }) => `${op} ${parts(urn).name}`),
      [],
      "a second `up` changes nothing",
    );
  };

  it("it and the name that redirects to it change places: nobody who asks the old name is lost", async () => {
    await must("monitored-instance", DOMAIN, [WWW]);
    assert.deepEqual([records(DOMAIN), records(WWW)], [["canary", "serving"], [`->${DOMAIN}`]]);
    const leave = visit(project.services, 1);
    await must("monitored-instance", WWW, [DOMAIN]);
    const { requests, lost } = await leave();
    assert.deepEqual([records(DOMAIN), records(WWW)], [[`->${WWW}`], ["canary", "serving"]]);
    assert.ok(requests > 20, `${requests} requests`);
    assert.deepEqual(lost, []);
    await settledDown("monitored-instance", WWW, [DOMAIN]);
  });

  it("back again, together with a flip: the old tier stays until resolvers have let go, by the TTL before it was lowered", async () => {
    const long = 300;
    await must("monitored-instance", WWW, [DOMAIN], long);
    const lowered = (await must("monitored-instance", WWW, [DOMAIN], 30)).filter(moves).at(-1) as Call | undefined;
    const calls = await must("fargate", DOMAIN, [WWW]);
    assert.deepEqual([records(DOMAIN), records(WWW)], [["canary", "serving"], [`->${DOMAIN}`]]);
    const moved = calls.filter(moves).at(-1) as Call;
    const gone = calls.find(({ op, urn }) => op === "delete" && tierOf(urn) === "monitored-instance") as Call;
    assert.ok((gone.time - moved.time) / 1000 >= 60 + 18, `${(gone.time - moved.time) / 1000} s after the move`);
    if (lowered)
      assert.ok(
        (gone.time - lowered.time) / 1000 >= long,
        `${(gone.time - lowered.time) / 1000} s after it was lowered`,
      );
  });

  it("one that nothing leads to yet, while the old one is given up", async () => {
    await must("fargate", `new.${DOMAIN}`, []);
    assert.deepEqual([records(`new.${DOMAIN}`), records(DOMAIN), records(WWW)], [["canary", "serving"], [], []]);
  });

  it("its name moves to another zone: the records are made there, and are protected by one more `up`", async () => {
    const inZone = async (zoneName: string) => {
      project.configure(
        settings("monitored-instance", { "iamvet:domain": { name: WWW, zoneName, ttl: 30, redirectFrom: [] } }),
      );
      const { code, output } = await project.up();
      assert.equal(code, 0, output);
      return output;
    };
    const slots = () =>
      project
        .state()
        .resources.filter(({ urn }) => /::traffic-(serving|canary)$/.test(urn))
        .map(({ id, protect }) => `${id?.split("_")[0]} ${protect ?? false}`);
    await inZone(DOMAIN);
    assert.deepEqual(slots(), [`${zoneOf()} true`, `${zoneOf()} true`]);
    assert.match(await inZone(WWW), /run `pulumi up` once more/);
    assert.deepEqual(slots(), [`${zoneOf(WWW)} false`, `${zoneOf(WWW)} false`]);
    await inZone(WWW);
    assert.deepEqual(slots(), [`${zoneOf(WWW)} true`, `${zoneOf(WWW)} true`]);
  });
});
