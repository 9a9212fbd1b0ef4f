import type { Finding } from "./findings";
import { isMuted, isYoung, type Memory, minutesBetween } from "./judge";
import { isDown, type Observed } from "./observed";
import type { RunState } from "./run-state";

/** Trigger of a run that shows, while all is well, whether the recovery understands the server. It may take nothing away. */
export const REHEARSAL = "rehearsal";
/** Hours until one that did not arm the recovery is tried again: 1, 2, 4 ... */
const MOST_HOURS = 24;

const isDue = ({ rehearsed }: Memory, now: string): boolean =>
  rehearsed === undefined || minutesBetween(rehearsed.at, now) >= 60 * Math.min(MOST_HOURS, 2 ** (rehearsed.times - 1));

/** Whether a run should show, while all is well, that the whole chain works. Pure. */
export const wantsRehearsal = (seen: Observed, memory: Memory): boolean =>
  memory.armedAt === undefined &&
  isDue(memory, seen.now) &&
  seen.server.managed &&
  seen.server.state === "running" &&
  !isDown(seen) &&
  !isMuted(seen) &&
  !isYoung(seen);

/** What is remembered of one that starts; what the last one named stands until this one has ended. Pure. */
export const rehearsing = ({ now }: Observed, { rehearsed }: Memory): Pick<Memory, "rehearsed"> => ({
  rehearsed: { ...rehearsed, times: (rehearsed?.times ?? 0) + 1, at: now },
});

/** What is remembered of one that has ended: only a server that it found healthy arms the recovery. Pure. */
export function afterRehearsal({ now }: Observed, memory: Memory, { outcome, cause = "unknown" }: RunState): Memory {
  const { rehearsed, ...rest } = memory;
  if (outcome === "healthy") return { ...rest, armedAt: now };
  // Another run or a mute kept it from looking.
  if (outcome === "skipped" || rehearsed === undefined) return memory;
  return { ...rest, rehearsed: { ...rehearsed, cause } };
}

/** What people should know of a server that the recovery does not understand. Pure. */
export const misunderstood = ({ rehearsed }: Memory): Finding[] =>
  rehearsed?.cause === undefined
    ? []
    : [
        {
          key: `not-understood: ${rehearsed.cause}`,
          text:
            `The site answers, but a rehearsal of the recovery, which changes nothing, named ${rehearsed.cause}. Until one finds the ` +
            "server healthy, the recovery does nothing about an outage. Of an adopted server look at existing.appName, " +
            "existing.processManager, existing.appUser and existing.processPath; the recovery's log group has the evidence.",
        },
      ];
