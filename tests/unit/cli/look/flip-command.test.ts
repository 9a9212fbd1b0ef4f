import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flipCommand, judgeFlip, type Previewer } from "../../../../cli/commands/look/flip";
import { flipDocument } from "../../../../cli/commands/look/flip-text";
import { parsePreview, previewOf } from "../../../../cli/commands/look/preview";
import type { Ran } from "../../../../cli/lib/process";
import type { Planner } from "../../../../cli/planner/load";
import type { Plan } from "../../../../core/plan-format";
import { toTerminal } from "../../../../output/terminal";
import { contextOf } from "../../insight/fixtures";
import { samplePlans } from "../../insight/sample-plans";

const flipText = (...args: Parameters<typeof flipDocument>) => toTerminal(flipDocument(...args));

const plans = new Map(samplePlans().map((plan) => [plan.architecture, { ...plan, stack: "prod" }]));
const none: Previewer = async () => ({ why: "the pulumi CLI is not on PATH" });

/** A planner that remembers what it was asked. */
function plannerOf(sections: Readonly<Record<string, unknown>> = { architecture: "fargate" }) {
  const asked: unknown[] = [];
  const planner: Planner = {
    listStacks: () => ["prod", "staging"],
    planStack: async (_, options) => {
      asked.push(options ?? {});
      return plans.get(options?.architecture ?? String(sections.architecture)) as Plan;
    },
    context: () => contextOf(sections),
  };
  return { planner, asked };
}

describe("platform flip", () => {
  const judge = (
    request: Parameters<typeof judgeFlip>[1],
    sections?: Readonly<Record<string, unknown>>,
    preview = none,
  ) => judgeFlip(plannerOf(sections).planner, request, preview);

  for (const [request, message] of [
    [{ to: "farget" }, /no architecture "farget"\. Did you mean fargate\?/],
    [{ to: "kubernetes" }, /no architecture "kubernetes"\. prod can go to monitored-instance, ha-web-tier, vercel\.$/],
    [{ to: "" }, /no architecture ""/],
    [{ to: "fargate" }, /has the architecture fargate already\. It can go to/],
    [{ to: "vercel", stack: "test" }, /no stack test here\. There is: prod, staging/],
    [{ to: "vercel", basis: "state" as const }, /no deployed state to compare with: the pulumi CLI is not on PATH/],
  ] as const) {
    it(`says what is wrong with ${JSON.stringify(request)}`, () =>
      assert.rejects(judge(request), (error: Error) => {
        assert.equal(error.name, "UserError");
        assert.match(error.message, message);
        return true;
      }));
  }

  it("knows the architecture of a stack that names none", () =>
    assert.rejects(judge({ to: "monitored-instance" }, {}), /has the architecture monitored-instance already/));

  it("compares the plans where there is no state, and says why", async () => {
    const { basis, from, to } = await judge({ to: "vercel" });
    assert.deepEqual([basis.kind, from, to], ["plans", "fargate", "vercel"]);
    assert.match(basis.why, /not on PATH/);
  });

  it("does not ask the engine for --basis plans", async () => {
    const never: Previewer = () => assert.fail("the engine was asked");
    const { basis } = await judge({ to: "vercel", basis: "plans" }, undefined, never);
    assert.match(basis.why, /was asked for/);
  });

  it("takes the canary out of a flip that makes it the serving tier", async () => {
    const traffic = { canary: "vercel", percent: 50, revision: 3 };
    const { planner, asked } = plannerOf({ architecture: "fargate", traffic });
    let change: unknown;
    await judgeFlip(planner, { to: "vercel" }, async (_, config) => {
      change = config;
      return { why: "no state" };
    });
    assert.deepEqual(asked[1], { architecture: "vercel", config: { traffic: { revision: 3 } } });
    assert.deepEqual(change, { "iamvet:traffic": { revision: 3 }, "iamvet:architecture": "vercel" });
  });

  it("does not flip past a canary, which would keep its share", () =>
    assert.rejects(
      judge({ to: "vercel" }, { architecture: "fargate", traffic: { canary: "ha-web-tier", percent: 10 } }),
      /ha-web-tier is the canary of prod, with 10 %.*Take it out first:\n {2}platform migrate --stack prod --to fargate$/s,
    ));

  it("says that a share of the file is of a tier that the state does not have", async () => {
    const sections = { architecture: "fargate", traffic: { canary: "vercel", percent: 50 } };
    const tier = (op: string): Previewer => {
      const urn = "urn:pulumi:prod::iamvet::iamvet:index:VercelApp::vercel";
      const step = { op, urn, type: "iamvet:index:VercelApp", protect: false, retained: false, diff: [], replaces: [] };
      return async () => ({ steps: [step], why: "a preview" });
    };
    await assert.rejects(
      judge({ to: "vercel" }, sections, tier("create")),
      /gives vercel 50 % of the traffic, but vercel is not live.*traffic\.percent 0$/s,
    );
    assert.equal((await judge({ to: "vercel" }, sections, tier("same"))).basis.kind, "state");
    const warm = { ...sections, traffic: { canary: "vercel", percent: 0 } };
    assert.equal((await judge({ to: "vercel" }, warm, tier("create"))).basis.kind, "state");
  });

  it("hands the stack's own facts on: the server that exists, the app's variables, the gates", async () => {
    const { moves, time } = await judge(
      { to: "fargate" },
      {
        architecture: "monitored-instance",
        existing: { instanceId: "i-0123456789abcdef0" },
        app: { environment: { LOG_LEVEL: "info" }, migrate: false },
        secrets: { AUTH_SECRET: "[secret]" },
        gates: { drainSeconds: 600 },
      },
    );
    const text = (subject: string) => moves.find((move) => move.subject === subject)?.text as string;
    assert.match(text("environment"), /own \.env.*2 variables/s);
    assert.match(text("uploads"), /stay on the server/);
    assert.match(text("sessions"), /same AUTH_SECRET/);
    assert.match(text("database migrations"), /app\.migrate is off/);
    assert.ok(time.untilServed > 600);
  });

  it("ends with 0, 2 or 3 as the verdict is, and prints JSON alone", async () => {
    const log = console.log;
    const said: string[] = [];
    console.log = (line: string) => void said.push(line);
    const run = async (to: string, change: (plan: Plan) => Plan = (plan) => plan) => {
      const { planner } = plannerOf({ architecture: "ha-web-tier" });
      const changed: Planner = {
        ...planner,
        planStack: async (stack, options) => {
          const plan = await planner.planStack(stack, options);
          return options?.architecture ? change(plan) : plan;
        },
      };
      said.length = 0;
      await flipCommand(async () => changed, none).parseAsync(["--stack", "prod", "--to", to, "--json"], {
        from: "user",
      });
      const code = process.exitCode;
      process.exitCode = 0;
      return { code, verdict: JSON.parse(said.join("\n")).verdict };
    };
    try {
      assert.deepEqual(await run("vercel"), { code: 0, verdict: "safe" });
      const blocked = (plan: Plan) => ({
        ...plan,
        notices: [{ blocking: true, message: "No Vercel token is given." }],
      });
      assert.deepEqual(await run("vercel", blocked), { code: 2, verdict: "blocked" });
      const lost = (plan: Plan) => ({ ...plan, resources: plan.resources.filter(({ name }) => name !== "database") });
      assert.deepEqual(await run("vercel", lost), { code: 3, verdict: "unsafe" });
    } finally {
      console.log = log;
      process.exitCode = 0;
    }
  });

  it("reads as a story: verdict, gates between the steps, what to do", async () => {
    const flip = await judge({ to: "vercel" }, { architecture: "ha-web-tier" });
    const text = flipText(flip);
    const order = [
      "Downtime",
      "Steps",
      "build:",
      "before traffic moves",
      "TTL passes",
      "retire:",
      "What else",
      "To do it",
    ];
    const places = order.map((part) => text.indexOf(part));
    assert.ok(
      places.every((place, i) => place > (places[i - 1] ?? -1)),
      JSON.stringify(places),
    );
    assert.match(text, /platform migrate --stack prod --to vercel/);
    assert.ok(flipText(flip, true).length > text.length);
    assert.match(flipText({ ...flip, verdict: "unsafe" }), /Do not run `pulumi up`/);
    assert.doesNotMatch(flipText({ ...flip, verdict: "unsafe" }), /To do it/);
  });
});

describe("the engine's preview", () => {
  let folder: string;
  const original = "# a comment\nconfig:\n  iamvet:architecture: fargate\n  iamvet:traffic:\n    canary: vercel\n";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "flip-"));
    writeFileSync(join(folder, "Pulumi.prod.yaml"), original);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const digest = (...steps: object[]) => JSON.stringify({ steps });
  const serving = "urn:pulumi:prod::iamvet::iamvet:index:Traffic$aws:route53/record:Record::traffic-serving";
  const update = {
    op: "update",
    urn: serving,
    oldState: { type: "aws:route53/record:Record", protect: true, inputs: { secret: "hidden" } },
    newState: { type: "aws:route53/record:Record" },
    detailedDiff: { "records[0]": { kind: "update" }, "records[1]": {}, ttl: {} },
  };

  it("reads a changed copy of the stack's file, and leaves the file alone", async () => {
    let copy = "";
    let args: readonly string[] = [];
    const found = await previewOf(
      folder,
      "prod",
      { "iamvet:architecture": "vercel", "iamvet:traffic": undefined },
      async (given) => {
        args = given;
        copy = readFileSync(given.at(-1) as string, "utf8");
        return { code: 0, stdout: digest(update), stderr: "" };
      },
    );
    assert.match(copy, /iamvet:architecture: vercel/);
    assert.doesNotMatch(copy, /canary/);
    assert.equal(readFileSync(join(folder, "Pulumi.prod.yaml"), "utf8"), original);
    assert.ok(
      args.includes("--json") && args.includes("--show-sames") && !args.includes("--config") && args[0] === "preview",
    );
    assert.ok("steps" in found);
    assert.deepEqual(found.steps, [
      {
        op: "update",
        urn: serving,
        type: "aws:route53/record:Record",
        protect: true,
        retained: false,
        diff: ["records", "ttl"],
        replaces: [],
      },
    ]);
    assert.doesNotMatch(JSON.stringify(found), /hidden/);
  });

  for (const [what, ran, why] of [
    ["no CLI", { stdout: "", stderr: "" }, /not on PATH/],
    [
      "no stack",
      { code: 255, stdout: "", stderr: "error: no stack named 'prod' found\n" },
      /no stack named 'prod' found/,
    ],
    [
      "a program that fails",
      {
        code: 1,
        stdout: JSON.stringify({ steps: [], diagnostics: [{ severity: "error", message: "error: no image" }] }),
        stderr: "",
      },
      /no image/,
    ],
    ["text that is no digest", { code: 0, stdout: "hello", stderr: "" }, /did not work: hello/],
    ["an empty state", { code: 0, stdout: digest({ op: "create", urn: serving }), stderr: "" }, /nothing deployed yet/],
  ] as const satisfies readonly (readonly [string, Ran, RegExp])[]) {
    it(`says why there is none: ${what}`, async () => {
      const found = await previewOf(folder, "prod", {}, async () => ran);
      assert.ok(!("steps" in found));
      assert.match(found.why, why);
    });
  }

  it("knows a resource's type from its URN where no state has it", () => {
    assert.equal(parsePreview(digest({ op: "delete", urn: serving }))?.steps[0]?.type, "aws:route53/record:Record");
    for (const text of ["null", "[", "3"]) assert.equal(parsePreview(text), undefined);
  });
});
