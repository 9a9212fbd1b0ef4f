import assert from "node:assert/strict";
import { lookAt, raisedBefore, untilQuiet, watchOver } from "../../../../../cli/commands/move/migrate/migrate-watcher";
import type { Probe } from "../../../../../core/web-tier";
import type { Watch } from "../../../../../stacks/watch";

describe("migrate: what it sees", () => {
  const probe = (connectTo: string): Probe => ({
    connectTo,
    port: 443,
    servername: "iamvet.kr",
    host: "iamvet.kr",
    path: "/health",
    headers: { "x-site-probe": "hidden" },
  });
  const alarm = (name: string, severity: "page" | "warning", subject: "errors" | "capacity" | "latency") => ({
    name,
    severity,
    subject,
  });
  const watch: Watch = {
    query: { zoneId: "Z", name: "iamvet.kr", parameters: { intent: "/i", state: "/s" } },
    database: { identifier: "db", alarms: [alarm("full", "page", "capacity")] },
    tiers: {
      vercel: {
        probe: probe("vercel"),
        alarms: [
          alarm("down", "page", "capacity"),
          alarm("slow", "warning", "latency"),
          alarm("disk", "warning", "capacity"),
        ],
      },
      fargate: { probe: probe("fargate"), alarms: [alarm("old", "page", "errors")] },
    },
  };
  const all = (state: string) => async (names: readonly string[]) => new Map(names.map((name) => [name, state]));

  it("asks for the new tier's serious alarms only, for its own answer and for the public one", async () => {
    const asked: string[] = [];
    const sight = await lookAt(watch, "vercel", all("ALARM"), async ({ connectTo, headers }) => {
      asked.push(`${connectTo} ${Object.keys(headers)}`);
      return undefined;
    });
    assert.deepEqual(sight, { raised: ["down", "slow", "full"], undecided: [] });
    assert.deepEqual(asked, ["vercel x-site-probe", "iamvet.kr "]);
  });

  it("passes over alarms of the database that were raised before", async () => {
    const known = await raisedBefore(watch, all("ALARM"));
    const sight = await lookAt(watch, "vercel", all("ALARM"), async () => undefined, known);
    assert.deepEqual(sight.raised, ["down", "slow"]);
  });

  it("cannot see when CloudWatch cannot be asked, whatever the answers are", async () => {
    const none = async () => {
      throw new Error("ENOTFOUND");
    };
    assert.equal((await lookAt(watch, "vercel", none, async () => "no answer")).blind, "ENOTFOUND");
  });

  const patience = (seconds: number) => {
    let now = 0;
    const sleep = async (milliseconds: number) => {
      now += milliseconds;
    };
    return { seconds, times: 2, intervalSeconds: 5, now: () => now, sleep, say: () => {} };
  };

  it("waits for alarms that tell nothing yet, five minutes at most", async () => {
    const waits = patience(900);
    assert.deepEqual(await untilQuiet(async () => ({ raised: [], undecided: ["down"] }), waits), { good: true });
    assert.ok(waits.now() >= 300_000 && waits.now() < 320_000, `${waits.now()}`);
  });

  it("watches to the end, and no longer", async () => {
    const waits = patience(60);
    assert.deepEqual(await watchOver(async () => ({ raised: [], undecided: [] }), waits), { good: true });
    assert.equal(waits.now(), 60_000);
  });

  it("does not end a watch on a bad answer that is not certain yet", async () => {
    const waits = patience(10);
    let looks = 0;
    const verdict = await watchOver(
      async () => ({ raised: [], undecided: [], ...(++looks >= 3 ? { site: "HTTP 502" } : {}) }),
      waits,
    );
    assert.deepEqual(verdict, {
      good: false,
      why: "the public URL does not answer well: HTTP 502",
      answers: true,
      blind: false,
    });
  });
});
