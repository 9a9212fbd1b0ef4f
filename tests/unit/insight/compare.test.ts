import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { comparisonJson } from "../../../cli/commands/look/compare";
import { adviceSection, comparisonDocument } from "../../../cli/commands/look/compare-text";
import { chooseStack } from "../../../cli/lib/stack-files";
import { candidatesOf, planAll } from "../../../cli/planner/alternatives";
import type { Planner } from "../../../cli/planner/load";
import type { Plan } from "../../../core/plan-format";
import { advise, type Candidate } from "../../../insight/comparison/advice";
import { type Comparison, compare } from "../../../insight/comparison/options";
import { todayPlan } from "../../../insight/comparison/today";
import { duration, percent, signedDollars } from "../../../output/format";
import { toTerminal } from "../../../output/terminal";
import { noticesFor } from "../../../stacks/notices";
import { architectures } from "../../../stacks/settings/schema";
import { checkSettings, SettingsError } from "../../../stacks/settings/settings-check";
import { contextOf, resource } from "./fixtures";
import { samplePlans } from "./sample-plans";

const optionOf = (comparison: Comparison, architecture: string) => {
  const found = comparison.options.find((option) => option.architecture === architecture);
  assert.ok(found, architecture);
  return found;
};
const broken = (comparison: Comparison, architecture: string) =>
  optionOf(comparison, architecture)
    .broken.map(({ claim, reason }) => `${claim.en}: ${reason.en}`)
    .join("\n");

describe("insight/comparison", () => {
  const plain = compare(samplePlans());

  it("takes today's setup from the brief, with the stack's database in one zone", () => {
    const today = todayPlan(samplePlans({ multiAz: true })[1] as Plan);
    const database = today.resources.find((r) => r.type === "aws:rds/instance:Instance");
    assert.equal(database?.inputs.multiAz, false);
    assert.equal(today.resources.find((r) => r.type === "aws:ec2/instance:Instance")?.inputs.instanceType, "t3.medium");
    assert.ok(today.resources.every((r) => r.type !== "aws:cloudwatch/metricAlarm:MetricAlarm"));
  });

  it("says what each option costs beyond today", () => {
    for (const option of plain.options) {
      assert.equal(option.deltaUsd.toFixed(2), (option.cost.totalUsd - plain.today.cost.totalUsd).toFixed(2));
    }
    assert.equal(plain.today.deltaUsd, 0);
  });

  it("counts the server that option 1 adopts, so that columns compare", () => {
    const plans = samplePlans().map((plan) => ({
      ...plan,
      resources: plan.resources.filter((r) => r.type !== "aws:ec2/instance:Instance"),
    }));
    const adopted = optionOf(compare(plans), "monitored-instance");
    assert.ok(adopted.cost.lines.some((line) => line.price === "ec2:t3.medium"));
  });

  describe("marks claims of the brief that do not hold", () => {
    it("99.9 % with a minimum of 1 and a database in one zone", () => {
      assert.match(
        broken(plain, "ha-web-tier"),
        /99\.90 % available: .*weakest link is (One EC2 instance|Database, Single-AZ).*Set min: 2, database\.multiAz: true/,
      );
      assert.match(broken(plain, "ha-web-tier"), /minimum of 1: With one instance or task/);
    });
    it("99.95 % of Fargate even with two tasks, since the database promises 99.95 % alone", () => {
      const strong = compare(samplePlans({ min: 2, multiAz: true }));
      assert.doesNotMatch(broken(strong, "ha-web-tier"), /available/);
      assert.match(broken(strong, "fargate"), /99\.95 % available: The chain gives 99\.9.*Database, Multi-AZ/);
      assert.doesNotMatch(broken(strong, "fargate"), /minimum of 1/);
    });
    it("the load balancer's price, whose IPv4 addresses the brief forgot", () => {
      // 730 x 0.0225 + 2 x 3.65 + 50 GB of LCU at 0.008
      assert.match(
        broken(plain, "fargate"),
        /about \$16 a month: It is \$24\.13 in ap-northeast-2: \$16\.43 .*\$7\.30 .*\$0\.40/,
      );
      assert.doesNotMatch(broken(plain, "vercel"), /load balancer/);
    });
    it("the price of option 1, which is not nothing", () => {
      assert.match(broken(plain, "monitored-instance"), /\$0\.00 a month more than today: It is \$\d\.\d\d more/);
    });
    it("99.99 % and the price of Vercel", () => {
      assert.match(broken(plain, "vercel"), /99\.99 % is promised in Enterprise contracts only/);
      const app = resource("iamvet:index:VercelApp", "vercel", { plan: "hobby" }, { custom: false });
      const onHobby = samplePlans().map((plan) =>
        plan.architecture === "vercel" ? { ...plan, resources: [...plan.resources, app] } : plan,
      );
      assert.match(broken(compare(onHobby), "vercel"), /Hobby plan forbids commercial use/);
      assert.match(
        broken(compare(samplePlans({ publicDatabase: false })), "vercel"),
        /static addresses: \$100 a month/,
      );
      const cost = optionOf(compare(samplePlans({ publicDatabase: false })), "vercel").cost;
      assert.ok(cost.lines.some((line) => line.price === "vercel:static-ips" && line.monthlyUsd === 100));
    });
  });

  it("names risks and what a person must do, from the plan", () => {
    const words = (architecture: string, list: "risks" | "needs") =>
      optionOf(plain, architecture)
        [list].map((w) => w.en)
        .join("\n");
    assert.match(words("vercel", "risks"), /Database port open to the internet/);
    assert.match(words("monitored-instance", "risks"), /One server/);
    assert.match(words("fargate", "needs"), /Confirm each e-mail.*\n?[\s\S]*Build the image/);
    assert.match(plain.today.risks.map((w) => w.en).join("\n"), /Nobody is told/);
  });

  it("has every sentence in both languages", () => {
    for (const option of [plain.today, ...plain.options]) {
      const words = [
        option.title,
        ...option.setup,
        ...option.needs,
        ...option.risks,
        ...option.broken.flatMap((b) => [b.claim, b.reason]),
      ];
      for (const { en, ko } of words) {
        assert.ok(en.length > 0 && ko.length > 0);
        if (!en.startsWith("pulumi config")) assert.match(ko, /[가-힣]/, en);
      }
    }
  });

  it("has every blocking notice in Korean", () => {
    const settings = (config: object) =>
      checkSettings("iamvet", "prod", {
        "iamvet:domain": '{"name": "iamvet.kr"}',
        "iamvet:alerts": '{"emails": ["ops@iamvet.kr"]}',
        "iamvet:uptime": '{"provider": "uptimerobot", "plan": "team"}',
        "iamvet:vercel": '{"repository": "a/b", "databaseAccess": "public-tls"}',
        ...config,
      });
    const none = { stack: "prod", vercelToken: false, uptimeRobotKey: false };
    const found = ["monitored-instance", "fargate", "vercel"].flatMap((architecture) =>
      noticesFor(settings({ "iamvet:architecture": architecture }), none).filter(({ blocking }) => blocking),
    );
    const [first] = samplePlans();
    const { options } = compare([{ ...(first as Plan), notices: found }]);
    assert.equal(found.length, 6);
    for (const { en, ko } of options[0]?.needs ?? []) assert.doesNotMatch(ko, /먼저 필요/, en);
  });

  it("refuses to compare nothing", () => assert.throws(() => compare([]), /no plan to compare/));

  describe("advice", () => {
    const candidates: Candidate[] = [
      { architecture: "monitored-instance", config: {}, totalUsd: 75, availability: 0.99 },
      { architecture: "ha-web-tier", config: { "haWebTier.min": 2 }, totalUsd: 120, availability: 0.9993 },
      { architecture: "fargate", config: { "fargate.min": 2 }, totalUsd: 110, availability: 0.9993 },
    ];
    it("names the cheapest that meets both", () => {
      const advice = advise(candidates, { budgetUsd: 150, availability: 0.999 });
      assert.equal(advice.choice?.architecture, "fargate");
      assert.match(advice.reason, /fargate with fargate\.min: 2: \$110\.00 a month, 99\.93 %/);
    });
    it("says what is missing when none does", () => {
      const advice = advise(candidates, { budgetUsd: 50, availability: 0.999 });
      assert.equal(advice.choice, undefined);
      assert.match(advice.reason, /99\.90 % costs at least \$110\.00 .*\$60\.00 above the budget/);
      assert.match(advice.reason, /The cheapest costs \$75\.00 \(monitored-instance\): \$25\.00 above the budget/);
      assert.match(advise(candidates, { availability: 0.99999 }).reason, /No option reaches .*the best is 99\.93 %/);
      assert.match(
        advise(candidates, { budgetUsd: 80, availability: 0.999 }).reason,
        /Within \$80\.00 the best is 99\.00 %/,
      );
    });
    it("speaks of one aim where one is given, and names the cheaper of two that are equally good", () => {
      const like = (architecture: string, totalUsd: number) => ({
        architecture,
        config: {},
        totalUsd,
        availability: 0.999,
      });
      const candidates = [like("ha-web-tier", 120), like("fargate", 110)];
      const { reason } = advise(candidates, { availability: 0.9999 });
      assert.match(reason, /^None of the options meets the aim\. .*\(fargate\)/);
      assert.match(advise(candidates, { budgetUsd: 10 }).reason, /meets the aim/);
      assert.match(advise(candidates, { budgetUsd: 10, availability: 0.9999 }).reason, /meets both aims/);
    });

    it("refuses aims that cannot be meant", () => {
      assert.throws(() => advise(candidates, { budgetUsd: -1 }), /--budget must be above 0/);
      assert.throws(() => advise(candidates, { availability: 99.9 }), /--availability must lie between 0 and 100/);
      assert.throws(() => advise(candidates, {}), /Say --budget, --availability, or both/);
    });
  });

  describe("platform compare", () => {
    const asked: unknown[] = [];
    const planner: Planner = {
      listStacks: () => ["prod", "staging"],
      context: () => contextOf({ fargate: { cpu: 512, memory: 1024, min: 1 } }),
      planStack: async (stack, overrides) => {
        asked.push([stack, overrides]);
        const config = (overrides?.config ?? {}) as Record<string, { min?: number; cpu?: number; multiAz?: boolean }>;
        const min = config.haWebTier?.min ?? config.fargate?.min ?? 1;
        if (config.fargate) assert.equal(config.fargate.cpu, 512, "the rest of the section is kept");
        const plans = samplePlans({ min, multiAz: config.database?.multiAz === true });
        const plan = plans.find((p) => p.architecture === overrides?.architecture) as Plan;
        return { ...plan, stack };
      },
    };
    beforeEach(() => asked.splice(0));

    it("prints five columns that fit a terminal of 120", async () => {
      const shown = stripVTControlCharacters(
        toTerminal(comparisonDocument(compare((await planAll(planner, "prod")).plans))),
      );
      const table = shown.split("\n").filter((line) => /[│─]/.test(line));
      assert.ok(Math.max(...table.map((line) => line.length)) <= 120);
      for (const name of ["today", ...architectures]) assert.ok(shown.includes(name), name);
      for (const name of [
        "fixed",
        "by usage",
        "against today",
        "lower of both",
        "App hangs",
        "by hand",
        "does not hold",
      ])
        assert.ok(shown.includes(name), name);
      assert.equal(asked.length, 4);
      for (const request of asked) assert.match(JSON.stringify(request), /"traffic":{}/, "without a canary");
    });

    it("leaves out what the stack's config does not suit, with what is missing, and fails where nothing is left", async () => {
      const refusing = (refused: readonly string[]): Planner => ({
        ...planner,
        planStack: async (stack, overrides) => {
          if (!refused.includes(overrides?.architecture ?? "")) return planner.planStack(stack, overrides);
          throw new SettingsError(stack, [{ key: "iamvet:vercel.repository", allowed: "owner/name", fix: "set it" }]);
        },
      });
      const { plans, leftOut } = await planAll(refusing(["vercel"]), "prod");
      assert.deepEqual(
        leftOut.map(({ architecture, problems }) => [architecture, problems[0]?.key]),
        [["vercel", "iamvet:vercel.repository"]],
      );
      assert.doesNotMatch(
        stripVTControlCharacters(toTerminal(comparisonDocument(compare(plans)))).split("\n")[3] ?? "",
        /vercel/,
      );
      const tried = await candidatesOf(refusing(["vercel"]), "prod");
      assert.ok(tried.length > 0 && tried.every(({ architecture }) => architecture !== "vercel"));
      await assert.rejects(planAll(refusing(architectures), "prod"), /vercel\.repository/);
    });

    it("names each price that nobody looked up, with what rests on it", () => {
      const recalled = [
        { price: "sns:email", item: "E-mails", monthlyUsd: 0.02 },
        { price: "ec2:t3.medium", item: "Instance", monthlyUsd: 37.96 },
      ];
      const cost = { ...plain.today.cost, unverified: recalled, unverifiedUsd: 37.98 };
      const shown = stripVTControlCharacters(
        toTerminal(comparisonDocument({ ...plain, today: { ...plain.today, cost } })),
      );
      assert.match(shown, /not looked up *│ \$37\.98 of it/);
      assert.match(shown, /price {2}sns:email was not looked up: E-mails, \$0\.02 a month/);
      assert.match(shown, /price {2}ec2:t3\.medium was not looked up: Instance, \$37\.96 a month/);
      assert.match(shown, /nobody looked up are named above/);
      const all = [plain.today, ...plain.options].map((option) => ({
        ...option,
        cost: { ...option.cost, unverified: [], unverifiedUsd: 0 },
      }));
      const sure = toTerminal(
        comparisonDocument({ ...plain, today: all[0] as typeof plain.today, options: all.slice(1) }),
      );
      assert.doesNotMatch(stripVTControlCharacters(sure), /was not looked up|nobody looked up/);
    });

    it("tries the variations and finds the cheapest", async () => {
      const candidates = await candidatesOf(planner, "prod");
      assert.equal(candidates.length, 12);
      const advice = advise(candidates, { availability: 0.999 });
      assert.equal(advice.choice?.config["database.multiAz"], true);
      assert.match(toTerminal({ title: "", blocks: [adviceSection(advice)] }), /Architecture.*Settings.*USD a month/);
    });

    it("chooses prod, the only stack or the named one", () => {
      const stacks = ["prod", "staging"];
      assert.equal(chooseStack(stacks), "prod");
      assert.equal(chooseStack(["only"]), "only");
      assert.equal(chooseStack(stacks, "staging"), "staging");
      assert.throws(() => chooseStack(stacks, "nope"), /There is no stack nope here\. There is: prod, staging\./);
      assert.throws(() => chooseStack(["a", "b"]), /Say which stack with --stack\. There is: a, b\./);
      assert.throws(() => chooseStack([]), /write one with `platform init`/);
    });

    it("prints JSON without the plans", () => {
      const json = JSON.parse(JSON.stringify(comparisonJson(plain)));
      assert.equal(json.options.length, 4);
      assert.equal(json.options[0].plan, undefined);
      assert.ok(json.options[0].cost.lines[0].source);
    });
  });

  it("writes figures as people read them", () => {
    assert.deepEqual(
      [duration(45), duration(180), duration(5400), duration(7200)],
      ["45 s", "3 min", "1 h 30 min", "2 h"],
    );
    assert.deepEqual(
      [percent(0.99), percent(0.9993), percent(0.99995), percent(1)],
      ["99.00 %", "99.93 %", "99.995 %", "100.00 %"],
    );
    assert.deepEqual([signedDollars(3), signedDollars(-3), signedDollars(0)], ["+$3.00", "-$3.00", "$0.00"]);
  });
});
