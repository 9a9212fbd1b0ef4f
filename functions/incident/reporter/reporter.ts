import { setTimeout } from "node:timers/promises";
import type { EventBridgeEvent } from "aws-lambda";
import type { Finding, Incident } from "../../../core/incident";
import type { ReporterConfig } from "../../../core/reporter-config";
import { toHtml } from "../../../output/html";
import { toPlain } from "../../../output/plain";
import { incidentDocument, reportSms, reportSubject } from "./incident-document";
import { buildReport, type Phase, type Report } from "./incident-report";
import type { Open, Store } from "./report-store";

/** State change of an alarm, as EventBridge brings it; `time` is the moment of the change. */
export type AlarmEvent = EventBridgeEvent<
  "CloudWatch Alarm State Change",
  { readonly alarmName: string; readonly state: { readonly value: string; readonly timestamp?: string } }
>;

/** The end of a mute: what goes on then was never told. */
export interface MuteEnded {
  readonly muteEnded: true;
}

/** One message to people. `page` wakes somebody, `warning` informs. */
export interface Message {
  readonly severity: "page" | "warning";
  readonly subject: string;
  readonly text: string;
  readonly sms: string;
}

/** What the handler works with; `index.ts` hands in AWS. */
export interface Dependencies {
  readonly config: () => Promise<ReporterConfig>;
  readonly store: Store;
  /** Asks every source and never rejects. */
  readonly gather: (config: ReporterConfig, from: Date, to: Date) => Promise<Finding[]>;
  /** Names of the triggers that are in ALARM now. */
  readonly raised: (triggers: readonly string[]) => Promise<readonly string[]>;
  readonly send: (message: Message) => Promise<void>;
  /** Until when nobody is told. */
  readonly muteUntil?: string;
  readonly now?: () => Date;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** What a call came to, for its log. */
export interface Outcome {
  readonly outcome: "reported" | "ended" | "joined" | "nothing";
  readonly incident?: string;
  readonly why?: string;
}

/** How far back the collectors look from the start: metrics need a "before". */
const LOOK_BACK_MS = 3 * 3_600_000;
/** After this long a run that did not finish is taken for dead, and another goes on with its work. */
const CLAIM_MS = 100_000;
/** An incident that nobody closed is not joined for ever. */
const STALE_MS = 24 * 3_600_000;
const POLL_MS = 3_000;
/** Long enough to outwait a claim. */
const POLLS = Math.ceil(CLAIM_MS / POLL_MS) + 1;

/**
 * Reports each incident once, however often and by however many alarms it is called, and once more when it is over. What goes
 * on is one object in the bucket, written under conditions, so that two calls at once cannot both begin. A call that dies between
 * sending and noting it sends again when Lambda retries: rather two messages than none.
 */
export function reporter(dependencies: Dependencies) {
  const { store, now = () => new Date(), wait = setTimeout } = dependencies;
  const { muted, write } = writer(dependencies);
  const claimed = (open: Open) => now().getTime() - Date.parse(open.claimedAt) < CLAIM_MS;

  /** The open incident, once nobody else is at work on it or its time is up. */
  async function settled(busy: (open: Open) => boolean) {
    for (let i = 0; ; i++) {
      const found = await store.read();
      if (!found || !busy(found.value) || !claimed(found.value) || i >= POLLS) return found;
      await wait(POLL_MS);
    }
  }

  async function started(alarm: string, startedAt: string): Promise<Outcome> {
    const mine: Open = {
      incident: { id: `${startedAt.replace(/[:.]/g, "-")}-${alarm}`, alarm, startedAt },
      claimedAt: now().toISOString(),
      reported: false,
    };
    // What another call is at work on is waited for: a report that it does not finish is for this one to write.
    const before = await settled((open) => open.ending === true || !open.reported);
    const stale = before && now().getTime() - Date.parse(before.value.incident.startedAt) > STALE_MS;
    if (before && !stale && before.value.reported && !before.value.ending) {
      return { outcome: "joined", incident: before.value.incident.id };
    }
    const resumed = before && !stale && !before.value.ending;
    const claim = before
      ? await store.replace(resumed ? { ...before.value, claimedAt: mine.claimedAt } : mine, before.version)
      : await store.begin(mine);
    // Somebody was faster: by now there is an incident to wait for.
    if (!claim) return started(alarm, startedAt);
    await write(claim.value.incident, "started");
    await store.replace({ ...claim.value, reported: true, ...(muted() ? { untold: true } : {}) }, claim.version);
    return { outcome: "reported", incident: claim.value.incident.id };
  }

  async function ended(endedAt: string): Promise<Outcome> {
    const found = await settled((open) => !open.reported || open.ending === true);
    if (!found) return { outcome: "nothing", why: "no incident is open" };
    const { triggers } = await dependencies.config();
    const still = await dependencies.raised(triggers);
    if (still.length > 0) return { outcome: "nothing", why: `${still.join(", ")} is still raised` };
    const ending = await store.replace({ ...found.value, ending: true, claimedAt: now().toISOString() }, found.version);
    if (!ending) return { outcome: "joined", why: "another call was faster" };
    const incident = { ...ending.value.incident, endedAt };
    await write(incident, "ended");
    await store.close();
    return { outcome: "ended", incident: incident.id };
  }

  /** What a mute kept back and still goes on is told now. */
  async function unmuted(): Promise<Outcome> {
    const found = await store.read();
    if (!found?.value.untold) return { outcome: "nothing", why: "nothing was kept back" };
    const { untold: _, ...told } = found.value;
    const claim = await store.replace(told, found.version);
    if (!claim) return { outcome: "joined", why: "another call was faster" };
    await write(claim.value.incident, "started");
    return { outcome: "reported", incident: claim.value.incident.id };
  }

  return async (event: AlarmEvent | MuteEnded): Promise<Outcome> => {
    if ("muteEnded" in event) return unmuted();
    const { alarmName, state } = event.detail;
    const at = new Date(state.timestamp ?? event.time).toISOString();
    if (state.value === "ALARM") return started(alarmName, at);
    // INSUFFICIENT_DATA is not an end: the alarm must say that it is well.
    return state.value === "OK" ? ended(at) : { outcome: "nothing", why: `state ${state.value}` };
  };
}

/** Looks, weighs, keeps the report, and tells people of it unless they are not to be told. */
function writer({ store, config: read, gather, send, muteUntil, now = () => new Date() }: Dependencies) {
  const muted = () => muteUntil !== undefined && now() < new Date(muteUntil);

  async function write(incident: Incident, phase: Phase): Promise<Report> {
    const config = await read();
    const to = now();
    const from = new Date(Date.parse(incident.startedAt) - LOOK_BACK_MS);
    const findings = await gather(config, from, to);
    const report = buildReport({ incident, findings }, config.about, { phase, now: now() });
    const storedAt = await store.save(
      incident.id,
      JSON.stringify(report, null, 1),
      toHtml(incidentDocument(report, config.language, "page")),
    );
    if (!muted()) {
      await send({
        severity: phase === "ended" ? "warning" : "page",
        subject: reportSubject(report),
        text: toPlain(incidentDocument(report, config.language, "message", storedAt)),
        sms: reportSms(report, config.language),
      });
    }
    return report;
  }

  return { muted, write };
}
