import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import type { InstanceRefresh } from "@aws-sdk/client-auto-scaling";
import type { Service } from "@aws-sdk/client-ecs";
import type { Rollout } from "../../../../core/web-tier";
import { liveGates } from "../../../../stacks/gates";
import type { MigrationRun } from "../../../../stacks/gates/migration";
import type { RolloutCloud } from "../../../../stacks/gates/rollout";
import { judgeGroup } from "../../../../stacks/gates/rollout/group";
import { judgeService } from "../../../../stacks/gates/rollout/service";
import type { Look } from "../../../../stacks/gates/wait";
import { FACTS } from "../../../standins/rollout-facts";
import answers from "./answers/rollouts.json";

/** Answers as they followed each other while a release failed. */
interface Step {
  readonly says: string;
  readonly because?: string;
}

const { asked: askedEcs, ...ecs } = answers.ecs;
const { asked: askedGroup, ...groups } = answers.autoscaling;

function check(look: Look, { says, because }: Step) {
  assert.equal(look.done, false, "a release that failed is never taken for one that runs");
  if (look.done) return;
  assert.equal(look.final ?? false, says === "never", look.why);
  if (because) assert.match(look.why, new RegExp(because));
}

describe("a release that rolled back", () => {
  for (const [why, steps] of Object.entries(ecs)) {
    it(`ECS, by ${why}`, () => {
      for (const step of steps) {
        check(judgeService({ kind: "ecs", ...askedEcs }, step.service as unknown as Service), step);
      }
    });
  }

  for (const [why, steps] of Object.entries(groups)) {
    it(`Auto Scaling, ${why}`, () => {
      for (const step of steps) {
        const Instances = step.instances.map(({ version, state }, index) => ({
          InstanceId: `i-${index}`,
          AvailabilityZone: "ap-northeast-2a",
          HealthStatus: "Healthy",
          LifecycleState: state,
          LaunchTemplate: { LaunchTemplateId: askedGroup.launchTemplate, Version: version },
        }));
        const group = { DesiredCapacity: 1, Instances } as never;
        check(
          judgeGroup(
            { kind: "autoscaling", warmupSeconds: 180, alarms: [], ...askedGroup },
            group,
            step.refresh as InstanceRefresh,
          ),
          step,
        );
      }
    });
  }
});

const ecs1 = { kind: "ecs", cluster: "c", service: "s", taskDefinition: "td/app:2" } as const;
const asg = {
  kind: "autoscaling",
  group: "g",
  launchTemplate: "lt",
  version: "3",
  warmupSeconds: 180,
  alarms: ["errors"],
} as const;
const server = {
  kind: "server",
  instanceId: "i-1",
  document: "release",
  parameter: "boot:4",
  record: "record",
  mute: "mute",
} as const;

/** Start of the update, by this machine and by AWS, whose clock is ten minutes ahead. */
const HERE = 1_000_000_000;
const AWS = HERE + 600_000;

/** The gate before a cloud whose answers follow each other, the last one for ever; what it begins is written down. */
function scene(rollout: Rollout, answers: { [K in keyof RolloutCloud]?: readonly unknown[] }) {
  let now = HERE;
  const did: string[] = [];
  const left = new Map(Object.entries(answers).map(([key, list]) => [key, [...(list ?? [])]]));
  const next = (key: string): unknown => {
    const list = left.get(key) ?? [];
    const value = list.length > 1 ? list.shift() : list[0];
    if (value instanceof Error) throw value;
    return value;
  };
  const acts = (key: string) => async () => {
    did.push(key);
    return next(key);
  };
  const cloud = {
    service: async () => ({ service: next("service"), now: AWS + (now - HERE) }),
    group: async () => next("group") ?? {},
    record: async () => next("record"),
    underWay: async () => next("underWay"),
    online: async () => next("online") ?? true,
    installed: async () => next("installed"),
    deploy: acts("deploy"),
    startRefresh: acts("startRefresh"),
    cancelRefresh: acts("cancelRefresh"),
    install: acts("install"),
    mute: async () => {
      did.push("mute");
      return async () => void did.push("unmute");
    },
  } as unknown as RolloutCloud;
  const gates = liveGates({
    region: "ap-northeast-2",
    timeoutSeconds: 60,
    log: () => {},
    clock: {
      now: () => now,
      sleep: async (ms) => {
        now += Math.max(1, ms);
      },
    },
    rollouts: cloud,
  });
  return { did, end: () => gates.rolledOut({ tier: "web", rollout }) };
}

const deployment = (revision: number, rolloutState: string, at: number, further = {}) => ({
  status: "PRIMARY",
  taskDefinition: `td/app:${revision}`,
  rolloutState,
  desiredCount: 2,
  runningCount: 2,
  createdAt: new Date(at),
  updatedAt: new Date(at),
  ...further,
});
const service = (...deployments: object[]) => ({ status: "ACTIVE", deployments });

describe("gate: rolledOut, ECS", () => {
  const before = service(deployment(1, "COMPLETED", AWS - 1000));
  const good = service(deployment(2, "COMPLETED", AWS + 20_000));

  it("deploys again what was rolled back before this update, by the clock of AWS, and once", async () => {
    const mended = scene(ecs1, { service: [before, before, good] });
    await mended.end();
    assert.deepEqual(mended.did, ["deploy"]);
    const again = service(deployment(1, "COMPLETED", AWS - 90_000, { updatedAt: new Date(AWS + 30_000) }));
    const bad = scene(ecs1, { service: [before, before, again] });
    await assert.rejects(bad.end(), /not rolled out on web: ECS .*runs app:1 instead of app:2: it was rolled back/s);
    assert.deepEqual(bad.did, ["deploy"]);
  });

  it("does not deploy again what went back in this update, though in an old deployment", async () => {
    const rolledBack = service(deployment(1, "COMPLETED", AWS - 90_000, { updatedAt: new Date(AWS + 1000) }));
    const { did, end } = scene(ecs1, { service: [rolledBack] });
    await assert.rejects(end(), /No traffic was moved to another tier.*begins the rollout again/s);
    assert.deepEqual(did, []);
  });

  it("deploys a first release again that had nothing to return to", async () => {
    const stalled = service(deployment(2, "FAILED", AWS - 5000, { runningCount: 0 }));
    const next = service(
      deployment(2, "COMPLETED", AWS + 20_000),
      deployment(2, "FAILED", AWS - 5000, { status: "ACTIVE", runningCount: 0 }),
    );
    const { did, end } = scene(ecs1, { service: [stalled, next] });
    await end();
    assert.deepEqual(did, ["deploy"]);
  });

  it("says that one which hangs goes on, and that `up` again watches it on", async () => {
    const { did, end } = scene(ecs1, { service: [service(deployment(2, "IN_PROGRESS", AWS, { runningCount: 1 }))] });
    await assert.rejects(end(), /did not end in time, and goes on.*1 of 2 tasks.*watches it on/s);
    assert.deepEqual(did, []);
  });
});

describe("gate: rolledOut, Auto Scaling", () => {
  const template = (Version: string) => ({ LaunchTemplateId: "lt", Version });
  const group = (version: string, ...versions: string[]) => ({
    AutoScalingGroupName: "g",
    DesiredCapacity: versions.length,
    LaunchTemplate: template(version),
    Instances: versions.map((one) => ({
      LifecycleState: "InService",
      HealthStatus: "Healthy",
      LaunchTemplate: template(one),
    })),
  });
  const refresh = (InstanceRefreshId: string, Status: string, version = "3") => ({
    InstanceRefreshId,
    Status,
    StatusReason: "alarm",
    DesiredConfiguration: { LaunchTemplate: template(version) },
  });
  const old = group("2", "2", "2");
  const done = group("3", "3", "3");

  it("starts a refresh where another version runs, and watches that one, not the one before", async () => {
    const stale = { group: old, refresh: refresh("r1", "RollbackSuccessful") };
    const { did, end } = scene(asg, {
      group: [
        stale,
        stale,
        stale,
        { group: old, refresh: refresh("r2", "InProgress") },
        { group: done, refresh: refresh("r2", "Successful") },
      ],
      startRefresh: ["r2"],
    });
    await end();
    assert.deepEqual(did, ["startRefresh"]);
  });

  it(
    "starts one also where only the group would start the old version, as a refresh that replaces nothing gives it " +
      "the new one",
    async () => {
      const matching = { group: group("2", "3", "3") };
      const { did, end } = scene(asg, {
        group: [matching, { group: done, refresh: refresh("r1", "Successful") }],
        startRefresh: ["r1"],
      });
      await end();
      assert.deepEqual(did, ["startRefresh"]);
    },
  );

  for (const status of ["RollbackSuccessful", "RollbackFailed", "Failed", "Cancelled"]) {
    it(`ends red when its own refresh ends as ${status}, and says what serves`, async () => {
      const { did, end } = scene(asg, {
        group: [{ group: old }, { group: old, refresh: refresh("r1", status) }],
        startRefresh: ["r1"],
      });
      await assert.rejects(end(), new RegExp(`in service: version 2\\).*ended as ${status}: alarm`, "s"));
      assert.deepEqual(did, ["startRefresh"]);
    });
  }

  it("joins a refresh of the same version", async () => {
    const { did, end } = scene(asg, {
      group: [
        { group: old, refresh: refresh("r1", "InProgress") },
        { group: done, refresh: refresh("r1", "Successful") },
      ],
    });
    await end();
    assert.deepEqual(did, []);
  });

  it("cancels one of another version, waits for its end, and takes what it has left behind along", async () => {
    const mixed = group("2", "2", "9");
    const { did, end } = scene(asg, {
      group: [
        { group: mixed, refresh: refresh("r1", "InProgress", "9") },
        { group: mixed, refresh: refresh("r1", "Cancelling", "9") },
        { group: mixed, refresh: refresh("r1", "Cancelled", "9") },
        { group: done, refresh: refresh("r2", "Successful") },
      ],
      startRefresh: ["r2"],
    });
    await end();
    assert.deepEqual(did, ["cancelRefresh", "startRefresh"]);
  });

  it("waits for one that goes back, and for one that somebody has started at the same moment", async () => {
    const { did, end } = scene(asg, {
      group: [
        { group: old, refresh: refresh("r1", "RollbackInProgress") },
        { group: old, refresh: refresh("r1", "RollbackSuccessful") },
        { group: old, refresh: refresh("r2", "InProgress") },
        { group: done, refresh: refresh("r2", "Successful") },
      ],
      startRefresh: [undefined],
    });
    await end();
    assert.deepEqual(did, ["startRefresh"]);
  });

  it("only waits for instances of the right version that are coming up", async () => {
    const { did, end } = scene(asg, { group: [{ group: group("3") }, { group: done }] });
    await end();
    assert.deepEqual(did, []);
  });
});

describe("gate: rolledOut, the server", () => {
  const runs = (state: MigrationRun["state"], more = {}) => ({ state, ...more });

  it("does nothing where the server's own record says it", async () => {
    const { did, end } = scene(server, { record: ["i-1 boot:4"] });
    await end();
    assert.deepEqual(did, []);
  });

  it("installs with the recovery kept out, and believes the record, not the command", async () => {
    const { did, end } = scene(server, {
      record: ["i-1 boot:3", "i-1 boot:3", "i-1 boot:3", "i-1 boot:4"],
      install: ["c-1"],
      installed: [runs("running"), runs("succeeded")],
    });
    await end();
    assert.deepEqual(did, ["mute", "install", "unmute"]);
    const nothingRun = scene(server, { record: ["i-1 boot:3"], install: ["c-1"], installed: [runs("succeeded")] });
    await assert.rejects(
      nothingRun.end(),
      /c-1 ended well, and the server's own record says i-1 boot:3, not i-1 boot:4/,
    );
    assert.equal(nothingRun.did.at(-1), "unmute");
  });

  it("takes no record of an instance that was replaced", async () => {
    const { did, end } = scene(server, {
      record: ["i-0 boot:4", "i-0 boot:4", "i-1 boot:4"],
      install: ["c-1"],
      installed: [runs("running")],
    });
    await end();
    assert.ok(did.includes("install"));
  });

  it("ends red with the end of the output, without the password in it, and unmutes", async () => {
    const output = `${"old\n".repeat(30)}postgresql://site:hidden@db/site\nP1001`;
    const { did, end } = scene(server, {
      record: ["i-1 boot:3"],
      install: ["c-1"],
      installed: [runs("failed", { why: "Failed, exit code 1", output })],
    });
    await assert.rejects(end(), (error: Error) => {
      assert.match(error.message, /Failed, exit code 1; the server's own record says i-1 boot:3.*\| P1001/s);
      assert.doesNotMatch(error.message, /hidden/);
      assert.ok(error.message.split("\n").filter((line) => line.startsWith("  | ")).length <= 15);
      return true;
    });
    assert.deepEqual(did, ["mute", "install", "unmute"]);
  });

  it("keeps the recovery out of one that goes on after the gate has lost its patience", async () => {
    const { did, end } = scene(server, { record: ["i-1 boot:3"], install: ["c-1"], installed: [runs("running")] });
    await assert.rejects(end(), /did not end in time, and goes on/);
    assert.deepEqual(did, ["mute", "install"]);
  });

  it("waits for the first boot, joins its own command of an update before, and waits for another one's end", async () => {
    const { did, end } = scene(server, {
      record: ["nothing yet", "nothing yet", "nothing yet", "i-1 boot:4"],
      online: [false, false, true],
      install: ["c-1"],
      installed: [runs("running")],
    });
    await end();
    assert.deepEqual(did, ["mute", "install", "unmute"]);
    const joined = scene(server, {
      record: ["i-1 boot:3", "i-1 boot:3", "i-1 boot:3", "i-1 boot:4"],
      underWay: [
        { command: "c-9", parameter: "boot:2" },
        { command: "c-1", parameter: "boot:4" },
      ],
      installed: [runs("running")],
    });
    await joined.end();
    assert.deepEqual(joined.did, ["mute", "unmute"]);
  });

  it("asks again after an answer that was none", async () => {
    const { did, end } = scene(server, { record: [new Error("Throttling"), "i-1 boot:4"] });
    await end();
    assert.deepEqual(did, []);
  });
});

describe("the facts that the stand-ins keep to", () => {
  it("have a link each, and the test that is named for one is there", () => {
    for (const { fact, source, shown } of FACTS) {
      assert.match(
        source,
        /^https:\/\/(docs\.aws\.amazon\.com|github\.com\/hashicorp|registry\.terraform\.io)\//,
        fact,
      );
      if (shown) assert.ok(existsSync(shown), `${fact}: ${shown}`);
    }
    assert.ok(
      FACTS.some(({ shown }) => !shown),
      "what is untried is said",
    );
  });
});
