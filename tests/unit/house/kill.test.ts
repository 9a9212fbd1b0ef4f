import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { page } from "../../engine/kill/page";
import { Progress } from "../../engine/kill/progress";
import { changes, counter, kindOf, kindsIn, shuffled, widely } from "../../engine/kill/requests";

describe("the run that kills at every request", () => {
  const number = counter();
  const requests = [
    number({ by: "engine", op: "create", type: "aws:ecs/service:Service", name: "a" }),
    number({ by: "engine", op: "create", type: "aws:ecs/service:Service", name: "b" }),
    number({ by: "engine", op: "delete", type: "aws:ecs/service:Service", name: "a" }),
    number({ by: "program", op: "call", type: "RunTask", name: "" }),
    number({ by: "program", op: "call", type: "RunTask", name: "" }),
  ];
  const heard = requests.flatMap((request) => (["before", "after"] as const).map((phase) => ({ request, phase })));
  const cases = shuffled(heard, "seed");

  it("kills before and after each, those of one name told apart, in an order that the seed decides", () => {
    assert.equal(new Set(cases.map((one) => JSON.stringify(one))).size, 10);
    assert.deepEqual(shuffled(heard, "seed"), cases);
    const orders = ["1", "2", "3", "4"].map((seed) => JSON.stringify(shuffled(heard, seed)));
    assert.ok(new Set(orders).size > 1);
  });

  it("takes one of each kind, and in a full run those first and all the others after", () => {
    const kinds = kindsIn(cases);
    assert.deepEqual(kinds.map(kindOf).sort(), [
      "after engine create aws:ecs/service:Service",
      "after engine delete aws:ecs/service:Service",
      "after program call RunTask",
      "before engine create aws:ecs/service:Service",
      "before engine delete aws:ecs/service:Service",
      "before program call RunTask",
    ]);
    const all = widely(cases);
    assert.deepEqual(all.slice(0, kinds.length), kinds);
    assert.equal(new Set(all).size, cases.length);
  });

  it("leaves out what only asks", () =>
    assert.deepEqual(
      ["GetParameter", "DescribeRules", "GET /2013-04-01/hostedzone/Z/rrset", "POST /v8/certs", "RunTask"].filter(
        changes,
      ),
      ["POST /v8/certs", "RunTask"],
    ));

  it("goes on where it was ended, and counts nothing of another program", () => {
    const folder = mkdtempSync(join(tmpdir(), "kill-"));
    const file = join(folder, "progress.jsonl");
    const [first, second] = cases as [(typeof cases)[0], (typeof cases)[0]];
    const whole = { wrong: [], orphans: [], pending: [], visits: 7, seconds: 1 };
    try {
      const family = "balanced to vercel";
      const same = { commit: "def", program: "1" };
      new Progress({ commit: "abc", program: "1" }, file).add({ family, case: first, outcome: whole });
      const outcome = { ...whole, wrong: ["up: PriorityInUse"] };
      new Progress(same, file).add({ family, case: second, copied: true, outcome });
      const again = new Progress(same, file);
      assert.ok(again.has("balanced to vercel", first) && !again.has("server to balanced", first));
      assert.ok(!new Progress({ commit: "def", program: "2" }, file).has("balanced to vercel", first));
      assert.ok(new Progress({ commit: "def", program: "2" }, file, ["1"]).has(family, first), "unless it is asked to");
      assert.ok(!new Progress({ commit: "def", program: "2" }, file, ["1"]).has(family, second), "if it was whole");
      const entries = again.of("balanced to vercel");
      const differing = (commit: string) => (commit === "abc" ? ["stacks/site.ts"] : []);
      const text = page([{ family, all: cases, entries }], differing, "2026-11-30");
      assert.match(text, /\| fargate → vercel \| `pulumi up` \| \d of 6 \| \d of 4 \| – \| 1 \| 0 \| 1 \| 14 \|/);
      assert.match(
        text,
        new RegExp(
          "\\n2 of 10 requests tried, by 1 copies and 1 kills, 2026-11-30:\\n\\n" +
            "- 1 on commit abc, which differs in stacks/site\\.ts\\n- 1 on commit def\\n",
        ),
      );
      assert.match(text, /- up: PriorityInUse \(1; balanced to vercel: /);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
