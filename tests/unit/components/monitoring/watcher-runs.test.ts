import assert from "node:assert/strict";
import type { EC2Client } from "@aws-sdk/client-ec2";
import type { KMSClient } from "@aws-sdk/client-kms";
import { IdempotentParameterMismatch, type SSMClient } from "@aws-sdk/client-ssm";
import {
  type Memory,
  NOTHING_KNOWN,
  reasonToHold,
  reasonToHoldRun,
  remember,
} from "../../../../functions/watcher/judge";
import type { Observed } from "../../../../functions/watcher/observed";
import type { RunState } from "../../../../functions/watcher/run-state";
import { letsVisitorsIn } from "../../../../functions/watcher/server";
import { start } from "../../../../functions/watcher/start";
import { hasCustomerKey } from "../../../../functions/watcher/volumes";
import { watcher } from "../../../../functions/watcher/watcher-handler";

const MINUTE = 60_000;
const START = Date.parse("2026-11-30T12:00:00Z");
const iso = (time: number) => new Date(time).toISOString();
const well: Observed = {
  ...{ now: iso(START), mute: "off", name: { status: 200 }, address: { status: 200 } },
  server: {
    ...{ state: "running", launchedAt: "2026-01-01T00:00:00Z", managed: true },
    ...{ systemCheck: "ok", instanceCheck: "ok", volumeCheck: "ok" },
  },
  around: {
    ...{ control: true, resolved: ["198.51.100.10"], open: true, keepsAddress: true, customerKey: false },
    database: "available",
  },
};
const down: Partial<Observed> = { name: { status: 502 }, address: { status: 502 } };
const armed: Memory = { ...NOTHING_KNOWN, armedAt: "2026-01-01T01:00:00Z" };

/** Looks every five minutes for some hours; a run takes a minute and ends as it is told. */
async function looks(hours: number, before: Memory, seen: Partial<Observed>, ends: Omit<RunState, "ended">) {
  let [memory, at] = [before, START];
  const [started, told]: [number[], string[]] = [[], []];
  const look = watcher({
    ...{ site: "www.example.com", addresses: ["198.51.100.10"], maxPerHour: 3, pause: async () => {}, log: () => {} },
    look: async () => ({ ...well, ...seen, now: iso(at) }),
    recall: async () => memory,
    keep: async (kept) => {
      memory = kept;
    },
    run: async () => ({ ended: at - (started.at(-1) ?? 0) * MINUTE >= START + MINUTE, ...ends }),
    start: async () => `run-${started.push((at - START) / MINUTE)}`,
    publish: async (subject) => void told.push(subject),
  });
  for (; at < START + hours * 60 * MINUTE; at += 5 * MINUTE) await look({ Trigger: "schedule", Document: "recover" });
  return { started, told, memory };
}

describe("a rehearsal", () => {
  it("that does not find the server healthy arms nothing, comes again after 1, 2, 4 ... 24 hours, and is told once", async () => {
    const { started, told, memory } = await looks(
      72,
      NOTHING_KNOWN,
      {},
      {
        ...{ acted: false, outcome: "answers", cause: "app-stopped" },
      },
    );
    assert.deepEqual(
      started.map((minute) => minute / 60),
      [0, 1, 3, 7, 15, 31, 55],
    );
    assert.deepEqual(told, ["www.example.com: not-understood: app-stopped"]);
    assert.equal(memory.armedAt, undefined);
  });

  it("that finds it healthy arms the recovery, and is the last", async () => {
    const { started, told, memory } = await looks(5, NOTHING_KNOWN, {}, { acted: false, outcome: "healthy" });
    assert.deepEqual([started, told], [[0], []]);
    assert.ok(memory.armedAt && memory.rehearsed === undefined);
  });

  it("that ends without a report is told too, and one that a deploy kept from looking is not", async () => {
    assert.deepEqual((await looks(2, NOTHING_KNOWN, {}, { acted: true })).told, [
      "www.example.com: not-understood: unknown",
    ]);
    assert.deepEqual((await looks(2, NOTHING_KNOWN, {}, { acted: false, outcome: "skipped" })).told, []);
  });
});

describe("runs of an outage", () => {
  it("that did nothing use up no attempt, and come three times an hour at most", async () => {
    const { started, memory } = await looks(1, armed, down, { acted: false, outcome: "skipped" });
    assert.deepEqual(started, [0, 20, 40]);
    assert.deepEqual(memory.starts, []);
  });

  it("that acted are counted", async () => {
    const { started, told } = await looks(1, armed, down, { acted: true });
    assert.deepEqual(started, [0, 5, 10]);
    assert.match(told.join(), /held-capped/);
  });
});

/** Systems Manager, as its API reference has client tokens (StartAutomationExecution, 2026-11). */
function systemsManager() {
  const runs = new Map<string, { id: string; parameters: string }>();
  const send = async ({ input }: { input: { ClientToken: string; Parameters: object } }) => {
    assert.match(input.ClientToken, /^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$/);
    const parameters = JSON.stringify(input.Parameters);
    const known = runs.get(input.ClientToken);
    if (known && known.parameters !== parameters)
      throw new IdempotentParameterMismatch({ $metadata: {}, message: "other parameters" });
    if (!known) runs.set(input.ClientToken, { id: `run-${runs.size + 1}`, parameters });
    return { AutomationExecutionId: runs.get(input.ClientToken)?.id };
  };
  return { runs, ssm: { send } as unknown as SSMClient };
}

describe("two looks in one minute", () => {
  it("start one run, by one alarm or two; later ones and other servers start their own", async () => {
    const { ssm } = systemsManager();
    assert.equal(await start(ssm, "recover", "app: ETIMEDOUT", START), "run-1");
    assert.equal(await start(ssm, "recover", "app: ETIMEDOUT", START + MINUTE), "run-1");
    assert.equal(await start(ssm, "recover", "nginx: ETIMEDOUT", START + MINUTE), undefined);
    assert.equal(await start(ssm, "recover", "rehearsal", START + MINUTE), "run-2");
    assert.equal(await start(ssm, "another", "nginx: ETIMEDOUT", START + MINUTE), "run-3");
    assert.equal(await start(ssm, "recover", "nginx: ETIMEDOUT", START + 5 * MINUTE), "run-4");
  });

  it("do not forget the run that the other has started", async () => {
    const { ssm, runs } = systemsManager();
    let memory = armed;
    // Both read what is known before either writes.
    const read = Promise.all([1, 2].map(async () => memory));
    const look = (trigger: string, index: 0 | 1) =>
      watcher({
        ...{ site: "www.example.com", addresses: [], maxPerHour: 3, pause: async () => {}, log: () => {} },
        look: async () => ({ ...well, ...down }),
        recall: async () => (await read)[index] as Memory,
        keep: async (kept) => {
          memory = kept;
        },
        run: async () => ({ ended: false, acted: true }),
        start: (document, why) => start(ssm, document, why, START),
        publish: async () => {},
      })({ Trigger: trigger, Document: "recover" });
    assert.match(await look("app", 0), /^started run-1/);
    assert.equal(await look("nginx", 1), "another look has started a run");
    assert.equal(runs.size, 1);
    assert.deepEqual([memory.run, memory.starts.length], ["run-1", 1]);
  });
});

describe("a server that does not run", () => {
  const stopped = (over: Partial<Observed> = {}): Observed => ({
    ...well,
    ...{ name: { error: "ETIMEDOUT" }, address: { error: "ETIMEDOUT" } },
    server: { ...well.server, state: "stopped", managed: false },
    ...over,
  });
  const byRecovery = { ...armed, stoppedAt: iso(START - 20 * MINUTE) };

  it("is started where the recovery left it so, whatever the database does, and nothing else is done to it", () => {
    for (const seen of [
      stopped(),
      stopped({ around: { ...well.around, database: "stopped" } as Observed["around"] & object }),
    ]) {
      const memory = remember(seen, byRecovery);
      assert.equal(reasonToHoldRun(seen, memory, 3), undefined);
      assert.equal(reasonToHold("start", seen, memory), undefined);
      for (const rung of ["free-disk", "restart-app", "restart-nginx", "reboot", "stop"] as const)
        assert.equal(reasonToHold(rung, seen, memory)?.cause, "not-running");
    }
  });

  it("is left alone where a person stopped it, before the recovery ever did or since, while it stops, and in a mute", () => {
    const since = stopped({ server: { ...stopped().server, launchedAt: iso(START - 10 * MINUTE) } });
    const stopping = stopped({ server: { ...stopped().server, state: "stopping" } });
    assert.equal(reasonToHoldRun(stopped(), armed, 3)?.cause, "not-running");
    assert.equal(reasonToHold("start", stopped(), armed)?.cause, "not-stopped-here");
    assert.equal(reasonToHoldRun(since, byRecovery, 3)?.cause, "not-running");
    assert.equal(reasonToHoldRun(stopping, byRecovery, 3)?.cause, "not-running");
    assert.equal(reasonToHoldRun(stopped({ mute: iso(START + MINUTE) }), byRecovery, 3)?.cause, "muted");
  });
});

describe("what AWS says of the server's surroundings", () => {
  const https = { IpProtocol: "tcp", FromPort: 443, ToPort: 443 };
  it("is open to everybody, or to a CDN by its prefix list, at port 443", () => {
    assert.ok(letsVisitorsIn({ ...https, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }));
    assert.ok(letsVisitorsIn({ ...https, PrefixListIds: [{ PrefixListId: "pl-22a6434b" }] }));
    assert.ok(!letsVisitorsIn({ ...https, IpRanges: [{ CidrIp: "203.0.113.0/24" }], PrefixListIds: [] }));
    assert.ok(
      !letsVisitorsIn({ ...https, FromPort: 22, ToPort: 22, PrefixListIds: [{ PrefixListId: "pl-22a6434b" }] }),
    );
  });

  const keyOf = (keys: readonly (string | undefined)[], manager: string | undefined) =>
    hasCustomerKey(
      { send: async () => ({ Volumes: keys.map((KmsKeyId) => ({ KmsKeyId })) }) } as unknown as EC2Client,
      {
        send: async () => {
          if (manager === undefined) throw new Error("AccessDeniedException");
          return { KeyMetadata: { KeyManager: manager } };
        },
      } as unknown as KMSClient,
      "i-0123456789abcdef0",
    );
  it("knows a customer's key, for which it takes one that tells nothing of itself, from AWS's own and from none", async () => {
    assert.equal(await keyOf([undefined], "CUSTOMER"), false);
    assert.equal(await keyOf(["arn:aws:kms:::key/a"], "AWS"), false);
    assert.equal(await keyOf([undefined, "arn:aws:kms:::key/a"], "CUSTOMER"), true);
    assert.equal(await keyOf(["arn:aws:kms:::key/a"], undefined), true);
  });
});
