import assert from "node:assert/strict";
import type { ReporterConfig } from "../../../../core/reporter-config";
import type { Open, Store } from "../../../../functions/incident/reporter/report-store";
import {
  type AlarmEvent,
  type Dependencies,
  type Message,
  reporter,
} from "../../../../functions/incident/reporter/reporter";

const config: ReporterConfig = {
  about: { site: "iamvet.kr", stack: "prod", region: "ap-northeast-2" },
  language: "en",
  triggers: ["site-is-down", "other"],
  sources: [{ kind: "changes" }],
};

/** A bucket in memory with S3's conditional writes. */
function memory() {
  let open: { value: Open; version: string } | undefined;
  let count = 0;
  const saved: string[] = [];
  const put = (value: Open) => {
    open = { value, version: String(++count) };
    return open;
  };
  const store: Store = {
    read: async () => open,
    begin: async (value) => (open ? undefined : put(value)),
    replace: async (value, version) => (open?.version === version ? put(value) : undefined),
    close: async () => {
      open = undefined;
    },
    save: async (id) => {
      saved.push(id);
      return `s3://bucket/${id}`;
    },
  };
  return { store, saved, open: () => open?.value };
}

function world(further: Partial<Dependencies> = {}) {
  const bucket = memory();
  const sent: Message[] = [];
  const state = { now: new Date("2026-03-02T04:12:30Z"), raised: [] as string[] };
  const dependencies: Dependencies = {
    config: async () => config,
    store: bucket.store,
    gather: async () => [],
    raised: async () => state.raised,
    send: async (message) => void sent.push(message),
    now: () => state.now,
    wait: async (ms) => {
      state.now = new Date(state.now.getTime() + ms);
    },
    ...further,
  };
  return { ...bucket, sent, state, call: reporter(dependencies), dependencies };
}

const event = (value: string, timestamp: string, alarmName = "site-is-down") =>
  ({ time: timestamp, detail: { alarmName, state: { value, timestamp } } }) as AlarmEvent;
const ALARM = event("ALARM", "2026-03-02T04:12:00.000+0000");
const OK = event("OK", "2026-03-02T04:30:00.000+0000");

describe("the incident reporter", () => {
  it("reports once, however often and by however many alarms it is called", async () => {
    const { call, sent, saved } = world();
    assert.equal((await call(ALARM)).outcome, "reported");
    assert.equal((await call(ALARM)).outcome, "joined");
    assert.equal((await call(event("ALARM", "2026-03-02T04:13:00Z", "other"))).outcome, "joined");
    assert.deepEqual(
      sent.map(({ severity, subject }) => [severity, subject]),
      [["page", "DOWN iamvet.kr"]],
    );
    assert.deepEqual(saved, ["2026-03-02T04-12-00-000Z-site-is-down"]);
  });

  it("reports once when it is called twice at the same moment", async () => {
    const { call, sent } = world({
      gather: () => new Promise((resolve) => setTimeout(() => resolve([]), 20)),
      wait: () => new Promise((resolve) => setTimeout(resolve, 5)),
    });
    const outcomes = await Promise.all([
      call(ALARM),
      call(ALARM),
      call(event("ALARM", "2026-03-02T04:12:01Z", "other")),
    ]);
    assert.deepEqual(outcomes.map(({ outcome }) => outcome).sort(), ["joined", "joined", "reported"]);
    assert.equal(sent.length, 1);
  });

  it("goes on with what a call that died left behind, and not with what one is at work on", async () => {
    let dies = true;
    const { call, sent, state } = world({
      gather: async () => {
        if (dies) throw new Error("out of memory");
        return [];
      },
    });
    await assert.rejects(call(ALARM));
    dies = false;
    // Lambda's first retry comes while the claim is fresh: it waits until that is over.
    assert.equal((await call(ALARM)).outcome, "reported");
    assert.ok(state.now.getTime() - Date.parse("2026-03-02T04:12:30Z") >= 100_000);
    assert.equal(sent.length, 1);
  });

  it("follows up with the duration when every trigger is well again, once, without paging", async () => {
    const { call, sent, state, open } = world();
    await call(ALARM);
    state.raised = ["other"];
    assert.match((await call(OK)).why ?? "", /other is still raised/);
    state.raised = [];
    const outcomes = await Promise.all([call(OK), call(event("OK", "2026-03-02T04:30:01Z", "other"))]);
    assert.equal(outcomes.filter(({ outcome }) => outcome === "ended").length, 1);
    assert.equal(sent.length, 2);
    assert.equal(sent[1]?.severity, "warning");
    assert.match(sent[1]?.text ?? "", /lasted: 18 min/);
    assert.equal(open(), undefined);
    assert.equal((await call(OK)).outcome, "nothing");
  });

  it("opens a new incident after the end of the one before, and takes no missing data for an end", async () => {
    const { call, sent } = world();
    await call(ALARM);
    assert.equal((await call(event("INSUFFICIENT_DATA", "2026-03-02T04:20:00Z"))).outcome, "nothing");
    await call(OK);
    assert.equal((await call(event("ALARM", "2026-03-02T05:00:00Z"))).outcome, "reported");
    assert.equal(sent.length, 3);
  });

  it("waits for the first report before it follows up", async () => {
    const { call, sent, dependencies, state } = world();
    let release = () => {};
    const slow = reporter({
      ...dependencies,
      gather: () =>
        new Promise((resolve) => {
          release = () => resolve([]);
        }),
    });
    const first = slow(ALARM);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const waiting = reporter({
      ...dependencies,
      wait: async (ms) => {
        state.now = new Date(state.now.getTime() + ms);
        release();
        await new Promise((resolve) => setTimeout(resolve, 5));
      },
    })(OK);
    assert.equal((await first).outcome, "reported");
    assert.equal((await waiting).outcome, "ended");
    assert.deepEqual(
      sent.map(({ severity }) => severity),
      ["page", "warning"],
    );
    void call;
  });

  it("does not join an incident that nobody closed for a day", async () => {
    const { call, sent, state } = world();
    await call(ALARM);
    state.now = new Date("2026-03-04T00:00:00Z");
    assert.equal((await call(event("ALARM", "2026-03-03T23:59:00Z"))).outcome, "reported");
    assert.equal(sent.length, 2);
  });

  it("tells nobody while muted, and tells at the end of the mute what still goes on", async () => {
    const { call, sent, saved, state } = world({ muteUntil: "2026-03-02T05:00:00Z" });
    await call(ALARM);
    assert.deepEqual([sent.length, saved.length], [0, 1]);
    state.now = new Date("2026-03-02T05:00:00Z");
    assert.equal((await call({ muteEnded: true })).outcome, "reported");
    assert.equal((await call({ muteEnded: true })).outcome, "nothing");
    assert.deepEqual(
      sent.map(({ severity }) => severity),
      ["page"],
    );
  });
});
