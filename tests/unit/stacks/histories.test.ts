import assert from "node:assert/strict";
import type { Gates } from "../../../stacks/gates";
import type { Call } from "../../engine/harness/cloud";
import { simulation } from "../../simulation/bundle";
import type { Event, File } from "../../simulation/history";
import type { ModelWorld } from "../../simulation/world";

/** The part of `npm test`'s time that random histories may have; `npm run test:histories` plays more. */
const SECONDS = 25;

const to = (architecture: string, more: Partial<File> = {}): File => ({
  architecture,
  ttl: 30,
  port: 3000,
  section: true,
  ...more,
});
const up = (file: File, more: object = {}): Event => ({
  kind: "up",
  file,
  sick: [],
  reordered: false,
  skew: 0,
  ...more,
});

/** The tier of the next flip is there already, so that this takes less than a TTL. */
const warm = (ttl: number) => to("monitored-instance", { ttl, canary: { tier: "fargate", percent: 0 } });

describe("the site's program on a modelled engine", () => {
  const restores: (() => void)[] = [];
  let program: Awaited<ReturnType<typeof simulation>>;
  before(async () => {
    process.env.VERCEL_API_TOKEN ??= "test";
    program = await simulation();
    restores.push(program.shortcuts(), program.onlyWhatVisitorsNeed());
  });
  after(() => {
    for (const restore of restores.reverse()) restore();
  });

  /** What gates and requests there were, one after the other. */
  const orderOf = async (...files: File[]) => {
    const log: string[] = [];
    let told = 0;
    const note = (calls: readonly Call[]) => {
      log.push(...calls.slice(told).map(({ op, name }) => `${op} ${name}`));
      told = calls.length;
    };
    let world: ModelWorld | undefined;
    const watched = (gates: Gates, its: ModelWorld): Gates => {
      world = its;
      const entries = Object.entries(gates).map(([name, gate]) => [
        name,
        (...args: unknown[]) => {
          note(its.cloud.calls);
          const ofTier = name === "ready" || name === "rolledOut";
          log.push(`gate ${name}${ofTier ? ` ${(args[0] as { tier: string }).tier}` : ""}`);
          return (gate as (...args: unknown[]) => unknown)(...args);
        },
      ]);
      return Object.fromEntries(entries) as Gates;
    };
    const { violations } = await program.play({ seed: 1, events: files.map((file) => up(file)) }, watched);
    note(world?.cloud.calls ?? []);
    assert.deepEqual(violations, []);
    return log;
  };

  it("flips in the order that keeps visitors served: read, build, prove, move, wait, let go, delete", async () => {
    const log = await orderOf(to("monitored-instance"), to("fargate"), to("vercel"));
    const flips = [
      { to: "fargate", built: "create fargate-service", gone: "delete monitored-instance-instance" },
      { to: "vercel", built: "create vercel-deployment", gone: "delete load-balancer-balancer" },
    ];
    for (const { to: tier, built, gone } of flips) {
      const start = log.lastIndexOf("gate live", log.indexOf(built));
      const order = [
        "gate live",
        built,
        `gate ready ${tier}`,
        "update traffic-intent",
        ...(tier === "fargate" ? ["create traffic-catch-all"] : []),
        "update traffic-serving",
        "update traffic-canary",
        "update traffic-state",
        "gate settled",
        ...(tier === "vercel" ? ["gate allowDeletion"] : []),
        gone,
      ];
      const found = log.slice(start).filter((one) => order.includes(one));
      assert.deepEqual([...new Set(found)], order);
      assert.equal(found[0], "gate live");
      const deletes = log.slice(start, log.indexOf("gate settled", start)).filter((one) => /^delete /.test(one));
      assert.deepEqual(deletes, [], "nothing is deleted before");
    }
  });

  it("reads what is live before anything is registered but the zone", async () => {
    assert.equal((await orderOf(to("monitored-instance")))[0], "gate live");
  });

  it("does not let what fails in a tier hold up the way out of it", async () => {
    const shares = (percent: number) => to("ha-web-tier", { canary: { tier: "fargate", percent } });
    const log = await orderOf(shares(50), shares(10), shares(10));
    const asked = log
      .join()
      .split("gate live")
      .slice(1, 4)
      .map((update) => [...update.matchAll(/gate rolledOut ([\w-]+)/g)].map(([, tier]) => tier).join(" "));
    assert.deepEqual(asked, ["ha-web-tier fargate", "ha-web-tier", "ha-web-tier fargate"]);
  });

  const named: Readonly<Record<string, readonly Event[]>> = {
    "both weights are 0 between two records, and Route 53 answers with a tier that is to have no visitors": [
      up(to("monitored-instance")),
      up(to("vercel", { canary: { tier: "monitored-instance", percent: 100 } })),
    ],
    "a first record has no weight, and what it names goes with the next update": [
      up(to("vercel", { canary: { tier: "monitored-instance", percent: 100 } })),
      up(to("monitored-instance", { section: false })),
      up(to("monitored-instance", { section: false })),
    ],
    "a record whose TTL somebody raised by hand, a flip that is killed while it waits, and another update": [
      up(to("monitored-instance")),
      { kind: "hand", slot: "serving", ttl: 3600 },
      up(to("fargate"), { killAtWait: 3 }),
    ],
    "somebody gives weight by hand to a canary that has never had any, and waits": [
      up(to("vercel", { section: false, canary: { tier: "monitored-instance", percent: 0 } })),
      { kind: "hand", slot: "canary", weight: 50 },
      { kind: "wait", seconds: 1 },
    ],
    "an update is killed when AWS has deleted the load balancer's rule, which the state keeps, and the next one goes back there":
      [
        up(to("fargate")),
        up(to("monitored-instance"), { cut: { at: "delete traffic-catch-all", how: "unrecorded" } }),
        up(to("fargate")),
      ],
    "an update that is to remove Vercel stops before its record leads elsewhere, and somebody gives that record its weight back by hand":
      [
        up(to("vercel", { section: false, canary: { tier: "monitored-instance", percent: 100 } })),
        up(to("monitored-instance", { section: false, canary: { tier: "ha-web-tier", percent: 0 } }), {
          sick: ["ha-web-tier"],
        }),
        { kind: "hand", slot: "serving", weight: 100 },
      ],
    "an update is killed while AWS makes the rule for visitors, and the next one leaves the load balancer": [
      up(to("monitored-instance")),
      up(to("fargate"), { cut: { at: "create traffic-catch-all", how: "unrecorded" } }),
      up(to("monitored-instance")),
    ],
    "an update is killed while AWS makes a service, of which there are two then until a person does what is told": [
      up(to("monitored-instance")),
      up(to("fargate"), { cut: { at: "create fargate-service", how: "unrecorded" } }),
      up(to("fargate")),
    ],
    "an update is killed while AWS makes a tier's probe rule, and the next one leaves the tier and keeps the load balancer":
      [
        up(to("fargate", { canary: { tier: "ha-web-tier", percent: 0 } }), {
          cut: { at: "create ha-web-tier-probe", how: "unrecorded" },
        }),
        up(to("fargate")),
      ],
    "an update is killed while EC2 makes a tier's way to the database, and the next one leaves the tier": [
      up(to("monitored-instance", { canary: { tier: "fargate", percent: 0 } }), {
        cut: { at: "create fargate-to-database", how: "unrecorded" },
      }),
      up(to("monitored-instance")),
    ],
    "an update is killed while AWS makes a service, and the next one leaves its tier": [
      up(to("monitored-instance", { canary: { tier: "fargate", percent: 0 } }), {
        cut: { at: "create fargate-service", how: "unrecorded" },
      }),
      up(to("monitored-instance")),
    ],
    "the first update is killed while AWS makes the database, and the stack gets another name before the next one": [
      up(to("monitored-instance"), { cut: { at: "create database-instance", how: "unrecorded" } }),
      { kind: "rename" },
      up(to("monitored-instance")),
    ],
    "an update is killed while AWS changes the database's address for Vercel, and the next one is to go without": [
      up(to("monitored-instance", { section: false })),
      up(to("fargate", { section: false, canary: { tier: "vercel", percent: 0 } }), {
        cut: { at: "update database-instance", how: "unrecorded" },
      }),
      up(to("monitored-instance", { section: false })),
    ],
    "the site and the name that redirects to it change places, together with a flip": [
      up(to("monitored-instance", { redirects: true })),
      up(to("fargate", { name: "www.iamvet.example", redirects: true })),
    ],
    "the site gets another name, and the update is killed before it knows the records of it": [
      up(to("monitored-instance", { redirects: true })),
      up(to("monitored-instance", { name: "www.iamvet.example", redirects: true }), {
        cut: { at: "update traffic-intent", how: "after" },
      }),
      up(to("monitored-instance", { redirects: true })),
    ],
    "the first update is killed while Route 53 makes its first record, and the next ones are to lead elsewhere": [
      up(to("vercel", { section: false }), { cut: { at: "create traffic-serving", how: "unrecorded" } }),
      up(to("monitored-instance", { section: false }), { cut: { at: "update traffic-intent", how: "after" } }),
      up(to("monitored-instance", { section: false })),
    ],
    "somebody takes all weight from the records by hand, and the next update is to name another canary": [
      up(to("ha-web-tier")),
      { kind: "hand", slot: "serving", weight: 0 },
      up(to("ha-web-tier", { canary: { tier: "monitored-instance", percent: 0 } })),
    ],
    "an update is killed while AWS makes a rule, and the stack gets another name before the next one": [
      up(to("monitored-instance")),
      up(to("fargate"), { cut: { at: "create asset-server-rule", how: "unrecorded" } }),
      { kind: "rename" },
      up(to("fargate")),
    ],
    "the stack gets another name and its first one back, and the update between is killed": [
      up(to("monitored-instance")),
      { kind: "rename" },
      up(to("vercel"), { cut: { at: "update traffic-serving", how: "after" } }),
      { kind: "rename" },
    ],
    "a tier turns sick behind its probe, while visitors are led to it": [
      up(to("monitored-instance")),
      up(to("ha-web-tier"), { sick: ["ha-web-tier"], sickAfter: 48 }),
      up(to("monitored-instance")),
    ],
    "a hand raises a TTL, an update that sees it is killed before its traffic, and a hand lowers it": [
      up(to("monitored-instance")),
      { kind: "hand", slot: "serving", ttl: 3600 },
      up(to("ha-web-tier"), { cut: { at: "create ha-web-tier-group", how: "before" } }),
      { kind: "hand", slot: "serving", ttl: 30 },
    ],
    "a hand raises a TTL, and an update removes a tier that a record names without a weight": [
      up(to("monitored-instance", { section: false, canary: { tier: "vercel", percent: 0 } })),
      { kind: "hand", slot: "serving", ttl: 3600 },
      up(to("monitored-instance", { section: false })),
    ],
    "a name that the load balancer redirects becomes the site's own, and nothing is to redirect any more": [
      up(to("fargate", { redirects: true })),
      up(to("monitored-instance", { name: "www.iamvet.example", canary: { tier: "ha-web-tier", percent: 0 } })),
    ],
    "Vercel's section goes with its visitors, and the update is killed while it waits": [
      up(to("vercel")),
      up(to("monitored-instance", { section: false }), { killAtWait: 3 }),
    ],
  };
  for (const [what, events] of Object.entries(named)) {
    it(`keeps everybody served: ${what}`, async () => {
      assert.deepEqual((await program.play({ seed: 1, events })).violations, []);
    });
  }

  for (const [fix, events] of Object.entries({
    ready: [up(to("monitored-instance")), up(to("fargate"))],
    targets: [up(to("fargate")), up(to("fargate", { port: 3001 }))],
    settled: [up(to("monitored-instance")), up(to("fargate"))],
    ttl: [up(to("monitored-instance")), up(to("fargate"))],
    history: [up(warm(300)), up(warm(30)), up(to("fargate"))],
    tiersWithVisitors: [up(to("vercel")), up(to("fargate"))],
  })) {
    it(`would not without the mend "${fix}"`, async () => {
      assert.notDeepEqual((await program.play({ seed: 1, events }, program.MENDS[fix])).violations, []);
    });
  }

  const RULE = "sends nobody to what is not proven, takes nothing from whom visitors reach, and comes to an end";

  it(`${RULE}, in random histories`, async function () {
    this.timeout((SECONDS + 120) * 1000);
    // The same ones each time, so that a change is judged by itself; `npm run test:histories` plays others.
    const seed = Number(process.env.HISTORIES_SEED ?? 1);
    const { runs, updates, failure } = await program.check({ runs: 100_000, seed, limit: SECONDS * 1000 });
    console.log(`      ${runs} histories, ${updates} updates: HISTORIES_SEED=${seed}`);
    assert.equal(failure, undefined, JSON.stringify(failure, null, 2));
    assert.ok(runs > 0);
  });
});
