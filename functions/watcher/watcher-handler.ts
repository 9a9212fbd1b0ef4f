import { type Finding, listFindings } from "./findings";
import { type Hold, type Memory, type Rung, reasonToHold, reasonToHoldRun, remember } from "./judge";
import { isDown, type Observed } from "./observed";
import { afterRehearsal, misunderstood, REHEARSAL, rehearsing, wantsRehearsal } from "./rehearsal";
import type { RunState } from "./run-state";

/** A schedule or an alarm, by EventBridge. */
interface Start {
  readonly Trigger: string;
  /** Name of the automation. */
  readonly Document: string;
}

/** A run of the recovery asks whether it may take a rung. */
interface Ask {
  readonly Ask: Rung;
  /** Whether commands reached the server in this run. @default not tried since the last question */
  readonly Reached?: "yes" | "no";
}

export type WatcherEvent = Start | Ask;

/** What the watcher works with; `index.ts` hands in AWS and the network. */
export interface WatcherOptions {
  /** The site's name, by which messages begin. */
  readonly site: string;
  /** The server's own addresses. */
  readonly addresses: readonly string[];
  readonly maxPerHour: number;
  /** Looks at the site and at what AWS says of the server. */
  readonly look: () => Promise<Observed>;
  /** Waits between two looks: a site is down only if both say so. */
  readonly pause: () => Promise<void>;
  readonly recall: () => Promise<Memory>;
  readonly keep: (memory: Memory) => Promise<void>;
  readonly run: (id: string) => Promise<RunState>;
  /** Starts a run, and answers its id; undefined where another look has started one at this moment. */
  readonly start: (document: string, trigger: string) => Promise<string | undefined>;
  readonly publish: (subject: string, text: string) => Promise<void>;
  readonly log: (line: string) => void;
}

/**
 * Asks before the recovery acts. It looks at the site from outside; starts a run only of a site that is down, and of a server that the
 * recovery has shown to understand; and is asked again by the run before each rung that takes something away. What it finds and no
 * restart mends it tells, once.
 */
export function watcher(options: WatcherOptions): (event: WatcherEvent) => Promise<string> {
  return async (event) => {
    const first = await options.look();
    const seen = isDown(first) ? await options.pause().then(options.look) : first;
    // Read after looking, which takes seconds: what another call has kept meanwhile is not lost.
    const before = await options.recall();
    const memory = remember(seen, before);
    const answer = "Ask" in event ? asked(event, seen, memory) : await looked(event, seen, memory, options);
    const changed = answer.memory && JSON.stringify(answer.memory) !== JSON.stringify(before);
    if (answer.memory && changed) await options.keep(answer.memory);
    options.log(JSON.stringify({ event, seen, said: answer.said }));
    return answer.said;
  };
}

interface Said {
  readonly said: string;
  /** What is known now; undefined where another look knows more, so that what it keeps stands. */
  readonly memory?: Memory;
}

/** A run asks whether it may take a rung. Its answer begins with what the automation branches on. */
function asked({ Ask: rung, Reached: reached }: Ask, seen: Observed, before: Memory): Said {
  const { unreachableSince, ...rest } = before;
  const since = reached === "yes" || !isDown(seen) ? undefined : (unreachableSince ?? (reached && seen.now));
  const memory = { ...rest, ...(since && { unreachableSince: since }) };
  const hold = reasonToHold(rung, seen, memory);
  if (hold) return { said: `permit=no cause=${hold.cause} why=${hold.why}`, memory };
  const said = `permit=yes cause=site-down why=${downBecause(seen)}`;
  // What is known of a machine ends with its reboot.
  if (rung === "reboot") return { said, memory: { ...rest, rebootedAt: seen.now } };
  if (rung === "stop") return { said, memory: { ...rest, stoppedAt: seen.now } };
  return { said, memory };
}

async function looked(
  { Trigger, Document }: Start,
  seen: Observed,
  before: Memory,
  options: WatcherOptions,
): Promise<Said> {
  const settled = await settle(seen, before, options);
  if (settled === undefined) return { said: "a run is under way", memory: before };
  const rehearsal = wantsRehearsal(seen, settled);
  const hold = reasonToHoldRun(seen, settled, options.maxPerHour);
  const wanted = rehearsal || !hold;
  const trigger = rehearsal ? REHEARSAL : `${Trigger}: ${downBecause(seen)}`;
  const started = wanted ? await options.start(Document, trigger) : undefined;
  if (wanted && !started) return { said: "another look has started a run" };
  const findings = [...listFindings(seen, options.addresses, hold), ...misunderstood(settled)];
  await tell(findings, settled, options);
  return {
    said: started ? `started ${started}${rehearsal ? " as a rehearsal" : ""}` : `nothing done: ${(hold as Hold).why}`,
    memory: {
      ...settled,
      ...(started && { run: started }),
      ...(started && (rehearsal ? rehearsing(seen, settled) : { starts: [...settled.starts, seen.now] })),
      told: { ...settled.told, ...Object.fromEntries(findings.map(({ key }) => [key, seen.now])) },
    },
  };
}

/** What the last run came to; undefined while it is under way. */
async function settle(seen: Observed, memory: Memory, { run }: WatcherOptions): Promise<Memory | undefined> {
  if (memory.run === undefined) return memory;
  const state = await run(memory.run);
  if (!state.ended) return undefined;
  const { run: _, ...rest } = memory;
  if (rest.armedAt === undefined) return afterRehearsal(seen, rest, state);
  if (state.acted) return rest;
  // A run that did nothing uses up no attempt.
  return { ...rest, starts: rest.starts.slice(0, -1), ...(isDown(seen) && { idleAt: rest.starts.at(-1) ?? seen.now }) };
}

async function tell(findings: readonly Finding[], { told }: Memory, { site, publish }: WatcherOptions): Promise<void> {
  const news = findings.filter(({ key }) => !(key in told));
  if (news.length === 0) return;
  const subject = `${site}: ${news.map(({ key }) => key).join(", ")}`.slice(0, 100);
  await publish(subject, `${news.map(({ text }) => text).join("\n\n")}\n\n${site}, seen from outside by the watcher`);
}

const downBecause = ({ name, address }: Observed): string =>
  `${describe(name)} by its name, ${describe(address)} at the server's address`;

const describe = ({ status, error }: Observed["name"]): string =>
  status === undefined ? `${error}` : `status ${status}`;
