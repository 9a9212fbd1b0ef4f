import assert from "node:assert/strict";
import type { Flip } from "../../insight/change/flip-effects";
import { tierOf } from "./harness/services";
import { type Project, projectFor, STACK, settings } from "./harness/stack";
import { type WrongInput, wrongSettings } from "./harness/wrong-settings";

/** The read-only verdict, against what is deployed. */
describe("platform flip on the real engine", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this, () => settings("monitored-instance"));
  });
  after(() => project?.stop());

  const flip = async (...args: string[]) => {
    const calls = project.cloud.calls.length;
    const { code, output } = await project.start(
      ...(["node", "cli/bin.mjs", "flip", "--stack", STACK, "-C", project.folder] as const),
      ...args,
    ).done;
    assert.deepEqual(project.cloud.calls.slice(calls), [], "it only reads");
    return { code, output };
  };

  /** The verdict, and the names of what each operation is for. */
  const verdict = async (to: string, ...args: string[]) => {
    const { code, output } = await flip("--to", to, "--json", ...args);
    const found: Flip = JSON.parse(output.slice(output.indexOf("{")));
    const changes = found.stages.flatMap((stage) => stage.changes);
    const urns = (operation: string) =>
      changes.filter((change) => change.operation === operation).map(({ urn }) => urn);
    return { code, found, changes, urns };
  };

  for (const to of ["ha-web-tier", "fargate", "vercel"]) {
    it(`monitored-instance -> ${to}: by the state, with what is created, deleted and kept`, async () => {
      const { code, found, changes, urns } = await verdict(to);
      assert.equal(found.basis.kind, "state", found.basis.why);
      assert.match(found.basis.why, /pulumi preview of the deployed stack test/);
      assert.deepEqual([code, found.verdict, found.missing], [0, "safe", []]);
      assert.deepEqual([found.from, found.to], ["monitored-instance", to]);
      assert.ok(urns("create").some((urn) => tierOf(urn) === to));
      assert.ok(urns("create").every((urn) => tierOf(urn) !== "monitored-instance"));
      const deleted = urns("delete");
      assert.ok(deleted.some((urn) => tierOf(urn) === "monitored-instance"));
      const others = deleted.filter((urn) => tierOf(urn) !== "monitored-instance");
      assert.ok(
        others.every((urn) => urn.includes("iamvet:index:Notifier$")),
        others.join("\n"),
      );
      assert.deepEqual(urns("replace"), []);
      const kept = found.data.kept.map(({ type }) => type);
      assert.ok(kept.includes("aws:secretsmanager/secret:Secret"), kept.join("\n"));
      const database = [...found.data.kept, ...found.data.updated].filter(({ type }) => type.startsWith("aws:rds/"));
      assert.ok(database.length > 0, "the database is named");
      assert.deepEqual(found.data.lost, []);

      // The two plans name the same resources, and the same moments, as the engine does.
      const planned = await verdict(to, "--basis", "plans");
      assert.equal(planned.found.basis.kind, "plans");
      const told = (all: typeof changes) =>
        all
          .filter(({ operation }) => operation === "create" || operation === "delete")
          .map(({ operation, stage, urn }) => `${operation} ${stage} ${urn}`)
          .sort();
      assert.deepEqual(told(changes), told(planned.changes));
    });
  }

  it("counts what the update then does", async () => {
    const { found } = await verdict("fargate");
    const calls = project.cloud.calls.length;
    project.configure(settings("fargate"));
    const { code, output } = await project.up();
    assert.equal(code, 0, output);
    const did = (op: string) => project.cloud.calls.slice(calls).filter((call) => call.op === op).length;
    assert.deepEqual(
      [did("create"), did("update"), did("delete")],
      [found.counts.create, found.counts.update, found.counts.delete],
    );
  });

  it("sees that the file has gone on since the last update", async () => {
    project.configure(settings("monitored-instance"));
    const { found, urns } = await verdict("vercel");
    assert.equal(found.basis.kind, "state");
    assert.ok(
      urns("delete").some((urn) => tierOf(urn) === "fargate"),
      "what is deployed is what goes, whatever the file says",
    );
    project.configure(settings("fargate"));
  });

  describe("wrong input is told", () => {
    const cases: WrongInput[] = [
      [
        "an unknown stack",
        () => ({}),
        ["--stack", "prd", "--to", "vercel"],
        /There is no stack prd here\. There is: test/,
      ],
      ["an unknown target", () => ({}), ["--to", "vercle"], /no architecture "vercle"\. Did you mean vercel\?/],
      ["target = current", () => ({}), ["--to", "fargate"], /test has the architecture fargate already\. It can go to/],
      ["no target", () => ({}), [], /required option '-t, --to <architecture>' not specified/],
      ["a basis that is none", () => ({}), ["--to", "vercel", "--basis", "guess"], /Allowed choices are plans, state/],
      ...wrongSettings("fargate", "vercel", "ha-web-tier"),
    ];
    for (const [what, config, args, message] of cases) {
      it(what, async () => {
        project.configure({ ...settings("fargate"), ...config() });
        const { code, output } = await flip(...args);
        assert.equal(code, 2, output);
        assert.match(output, message);
        assert.doesNotMatch(output, /^ +at /m, "no stack trace");
      });
    }

    it("no state, where one was insisted on", async () => {
      project.configure(settings("fargate"), "other");
      const { code, output } = await flip("--stack", "other", "--to", "vercel", "--basis", "state");
      assert.equal(code, 2, output);
      assert.match(output, /There is no deployed state to compare with: .*no stack named 'other'/);
    });
  });

  describe("what the target lacks is named, and ends with 2", () => {
    const blocked = async (to: string, message: RegExp) => {
      const { code, found } = await verdict(to);
      assert.deepEqual([code, found.verdict], [2, "blocked"]);
      assert.match(found.missing.join("\n"), message);
      return found.basis;
    };
    it("the token of Vercel, without which the engine gives no preview", async () => {
      project.configure(settings("fargate"));
      project.env.VERCEL_API_TOKEN = "";
      try {
        const { kind, why } = await blocked("vercel", /No Vercel token is given[\s\S]*vercel:apiToken/);
        assert.equal(kind, "plans");
        assert.match(why, /pulumi preview did not work: .*Vercel needs an API token/);
      } finally {
        project.env.VERCEL_API_TOKEN = "test";
      }
    });
    it("the release of the instance", async () => {
      project.configure({ ...settings("fargate"), "iamvet:instance": {} });
      const { kind } = await blocked("monitored-instance", /No release of the app is given/);
      assert.equal(kind, "state");
    });
  });
});
