import assert from "node:assert/strict";
import { destinationOf } from "../../../../../cli/commands/move/migrate/destination";
import { type StackBusy, UpdateFailed } from "../../../../../cli/commands/move/migrate/engine";
import { type Entry, Journal } from "../../../../../cli/commands/move/migrate/journal";
import type { Observation } from "../../../../../cli/commands/move/migrate/migrate-watcher";
import { type RunOptions, run, Stopped, type World } from "../../../../../cli/commands/move/migrate/run";
import type { Position } from "../../../../../cli/commands/move/migrate/steps";
import { Interrupted } from "../../../../../cli/commands/move/migrate/stop";
import type { Operation } from "../../../../../stacks/gates/stops";
import { type Architecture, architectures } from "../../../../../stacks/settings/schema";

export const STEPS = [10, 50, 100];
export const pairs = architectures.flatMap((from) =>
  architectures.filter((to) => to !== from).map((to) => [from, to] as const),
);
export const at = (architecture: Architecture, further: Partial<Position> = {}): Position => ({
  architecture,
  percent: 0,
  revision: 7,
  ...further,
});

export class Killed extends Error {}

/** A stack whose engine does what the real one does to the position in its file, and that can be killed at any moment. */
export class FakeStack {
  file: Position;
  /** What the latest update has made of it. */
  live: Position;
  readonly applied: Position[] = [];
  readonly entries: Entry[] = [];
  /** Operations until the process is killed. */
  lives = Number.POSITIVE_INFINITY;
  busy: StackBusy | undefined;
  sight: () => Observation = () => ({ raised: [], undecided: [] });
  fails: (asked: Position) => string | undefined = () => undefined;
  pending: Operation[] = [];
  stopping = false;
  private clock = 0;

  constructor(start: Position) {
    this.file = this.live = start;
  }

  private moment() {
    this.lives -= 1;
    if (this.lives <= 0) throw new Killed();
  }

  private async up(): Promise<undefined> {
    this.moment();
    if (this.busy) throw this.busy;
    const asked = this.file;
    const tiers = (position: Position) => [position.architecture, position.canary];
    const share = ({ architecture, canary, percent }: Position, tier: Architecture) =>
      (architecture === tier ? 100 - percent : 0) + (canary === tier ? percent : 0);
    assert.ok(asked.revision >= this.live.revision, "the gate refuses an older file");
    for (const tier of architectures) {
      if (share(asked, tier) > share(this.live, tier))
        assert.ok(tiers(asked).includes(tier), `${tier} gets traffic, not built`);
      // Traffic leaves a tier in an update of its own, before the one that lets go of it.
      if (!tiers(asked).includes(tier)) assert.equal(share(this.live, tier), 0, `${tier} goes while it has traffic`);
    }
    const why = this.fails(asked);
    if (why) throw new UpdateFailed(why);
    if (this.stopping) throw new UpdateFailed("cancelled");
    // Killed in the middle: the cloud has it, the state does not know.
    this.live = asked;
    this.pending = [{ what: "updating", type: "aws:route53/record:Record", name: "traffic-serving" }];
    this.moment();
    this.pending = [];
    this.applied.push(asked);
    return undefined;
  }

  world(): World {
    return {
      engine: {
        version: "3",
        pending: async () => this.pending,
        watch: async () => undefined,
        up: () => this.up(),
        repair: async () => {
          this.moment();
          this.pending = [];
        },
        unlock: async () => {
          this.busy = undefined;
        },
        interrupt: () => {},
      },
      file: {
        write: (position) => {
          this.moment();
          this.file = position;
          this.moment();
        },
      },
      look: async () => {
        this.moment();
        return this.sight();
      },
      journal: new Journal(
        () => this.clock,
        (entry) => this.entries.push(entry),
      ),
      live: async () => [
        { tier: this.live.architecture, share: 100 - this.live.percent },
        ...(this.live.canary ? [{ tier: this.live.canary, share: this.live.percent }] : []),
      ],
      now: () => this.clock,
      sleep: async (milliseconds) => {
        this.moment();
        if (this.stopping) throw new Interrupted();
        this.clock += milliseconds;
      },
      stopping: () => this.stopping,
    };
  }
}

/** Runs as the command does: what is to do follows from the file alone. */
export async function migrate(
  stack: FakeStack,
  asked: { to?: Architecture; back?: boolean },
  further: Partial<RunOptions> = {},
  world: World = stack.world(),
) {
  const destination = destinationOf(stack.file, { back: false, ...asked }, "test");
  const steps = destination.back ? [100] : STEPS;
  const patience = { times: 2, intervalSeconds: 5, timeoutSeconds: 60 };
  await run({ stack: "test", project: "iamvet", ...destination, steps, bakeSeconds: 30, patience, ...further }, world);
}

export const stopped = (match: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Stopped, String(error));
  assert.match(error.message, match);
  return true;
};
