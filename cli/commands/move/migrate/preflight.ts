import { realpathSync } from "node:fs";
import { join } from "node:path";
import { reason, UserError } from "../../../../core/errors";
import { decodeTraffic } from "../../../../core/traffic-state";
import { liveGates, type RequestedTraffic, type TrafficQuery } from "../../../../stacks/gates";
import { type AwsReader, liveAws } from "../../../../stacks/gates/live-aws";
import { operationText, type Share, sharesOf, unlookedText } from "../../../../stacks/gates/stops";
import { keysIn, noticesFor } from "../../../../stacks/notices";
import type { Settings } from "../../../../stacks/settings/schema";
import { checkSettings } from "../../../../stacks/settings/settings-check";
import type { Watch } from "../../../../stacks/watch";
import { type AwsAccess, askAws, connectAws } from "../../../lib/aws-access";
import { readStackFile, type StackFile } from "../../../lib/stack-files";
import { notLive } from "../../look/canary";
import { alarmStates } from "./cloud";
import type { Destination } from "./destination";
import type { Engine } from "./engine";
import { raisedBefore } from "./migrate-watcher";
import { type Position, stepsTo } from "./steps";

/** A stack's file, read and checked. */
export interface Stack {
  readonly file: StackFile;
  readonly settings: Settings;
  /** The stack's file itself. */
  readonly path: string;
}

/** @throws {UserError} no such stack @throws {SettingsError} mistakes in its config */
export function readStack(folder: string, name: string): Stack {
  const file = readStackFile(folder, name);
  const settings = checkSettings(file.project, name, file.config);
  return { file, settings, path: realpathSync(join(folder, `Pulumi.${name}.yaml`)) };
}

/**
 * Every config that the stack's file will go through must be one that `pulumi up` takes, before the first of them is written.
 * @throws {SettingsError} what the new tier's settings lack @throws {UserError} what a person has to supply first
 */
export function checkWay({ file }: Stack, { position, target }: Destination, steps: readonly number[]): void {
  const around = { stack: file.stack, ...keysIn((key) => key in file.config) };
  for (const at of [position, ...stepsTo(position, target, steps).map(({ to }) => to)]) {
    const { architecture, ...traffic } = at;
    const config = {
      ...file.config,
      [`${file.project}:architecture`]: architecture,
      [`${file.project}:traffic`]: JSON.stringify({ ...traffic, ...(at.canary ? {} : { percent: 0 }) }),
    };
    const settings = checkSettings(file.project, file.stack, config);
    const missing = noticesFor(settings, around).filter(({ blocking }) => blocking);
    if (missing.length > 0) {
      throw new UserError([...missing.map(({ message }) => message), "Nothing was changed."].join("\n\n"));
    }
  }
}

/** What the checks before a migration have found. */
export interface Ready {
  readonly access: AwsAccess;
  readonly watch: Watch;
  /** Alarms of the database that are raised already. */
  readonly known: ReadonlySet<string>;
  /** Who has the visitors at the moment; undefined if that cannot be told. */
  readonly live: () => Promise<readonly Share[] | undefined>;
}

/**
 * Looks at everything that a migration rests on, and changes nothing.
 * @throws {UserError} with what is missing and how to get it
 */
export async function preflight({ file, settings }: Stack, destination: Destination, engine: Engine): Promise<Ready> {
  const profile = file.config["aws:profile"];
  const access = await connectAws({ region: file.config["aws:region"], profile });

  const pending = await engine.pending();
  if (pending.length > 0 && !destination.resumes) {
    throw new UserError(
      [
        // The engine tells of a lock only who wants it: from its state alone the two cannot be told apart.
        `Another update of ${file.stack} is running, or was killed, in the midst of:`,
        ...pending.map((operation) => `  ${operationText(operation)}`),
        "Nothing was changed. If one is running, wait for its end and run this again.",
        "If it was killed, let an update take over what it left, or tell of it, and then the engine forget of it:",
        `  pulumi refresh --skip-pending-creates --stack ${file.stack}`,
        `  pulumi up --stack ${file.stack}`,
        `  pulumi refresh --clear-pending-creates --stack ${file.stack}`,
        ...unlookedText({ ...file, pending }),
      ].join("\n"),
    );
  }
  const watch = await engine.watch();
  if (!watch) {
    throw new UserError(
      `The stack ${file.stack} has no complete update behind it that says what to watch. Run \`pulumi up --stack ${file.stack}\` first.`,
    );
  }
  const known = await askAws(access, "read the alarms of CloudWatch", () => raisedBefore(watch, alarmStates(access)));
  const gates = liveGates({ ...settings.gates, region: access.region, ...(profile ? { profile } : {}) });
  const live = await gates.live(watch.query, requestedTraffic(file, destination.position)).catch((error: unknown) => {
    throw new UserError(reason(error));
  });
  const { canary, percent, from } = destination.position;
  const slots = live.state?.value?.slots;
  if (canary && percent > 0 && from === undefined && slots && slots.canary.tier !== canary) {
    throw new UserError(notLive(file.stack, file.project, canary, percent));
  }
  return { access, watch, known, live: () => liveShares(liveAws(access.region, profile), watch.query) };
}

/** By the latest update that came through. While one is cut off the records may be at either side of it. */
async function liveShares(aws: AwsReader, { parameters }: TrafficQuery): Promise<readonly Share[] | undefined> {
  try {
    const [intent, state] = await Promise.all([aws.parameter(parameters.intent), aws.parameter(parameters.state)]);
    const done = state && decodeTraffic(state.value);
    return done && done.intent === intent?.version ? sharesOf(done.state) : undefined;
  } catch {
    return undefined;
  }
}

const requestedTraffic = (
  { stack, project }: StackFile,
  { architecture, canary, percent, revision, from }: Position,
): RequestedTraffic => ({
  stack,
  project,
  architecture,
  revision,
  ...(canary ? { canary: { tier: canary, percent } } : {}),
  ...(from ? { from } : {}),
});
