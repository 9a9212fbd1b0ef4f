import type { TrafficState } from "../../core/traffic-state";
import type { Probe } from "../../core/web-tier";
import type { MigrationStep } from "./migration";
import type { Kept } from "./protection";
import type { LiveTraffic } from "./reach";
import type { Rename } from "./rename";
import type { TierToRollOut } from "./rollout";
import type { Asked } from "./stops";

/**
 * What a program waits for between two registrations. It is a plain object that the site is given, so tests bring their own.
 *
 * Order in the program, which is the whole of a flip's safety, as the engine deletes last and only after a program that
 * ended well:
 *
 * 1. `live` first of all (and `renamed` before it where a new name was taken back): it refuses a stack file that disagrees with what is
 *    live, before anything but the zone is registered, and tells what visitors may reach, from which the foundation takes nothing away;
 * 2. foundation and tiers are registered and `hold` what serves; `migrated` before a tier rolls a release out, and `rolledOut` for every
 *    tier after it;
 * 3. `ready` for each of `tiersToProve`;
 * 4. `renamed`, and traffic is registered: intent parameter, then the rule, then the records, then the state parameter;
 * 5. `settled`, `allowDeletion` of a load balancer or a server that is to go, and the program ends.
 *
 * None is called in a preview.
 */
export interface Gates {
  /**
   * A new zone answers for nothing until its registrar points at it.
   * @throws with the name servers to enter, at once if the delegation differs: waiting for a person is no update
   */
  delegated(zone: { readonly name: string; readonly nameServers: readonly string[] }): Promise<void>;
  /** Returns when the records of the site's names have the form that they need: another name may redirect now, or serve. */
  renamed(rename: Rename): Promise<void>;
  /**
   * What is live before this update.
   * @throws if the stack file disagrees with it in a way that no change of `architecture` explains, and says what to keep
   */
  live(query: TrafficQuery, requested: RequestedTraffic): Promise<LiveTraffic>;
  /**
   * Returns when the release's migrations were applied, now or by an update before; false if nothing can run them yet.
   * @throws when they fail; the release has not been rolled out by then
   */
  migrated(step: MigrationStep): Promise<boolean>;
  /**
   * Returns when what runs is what was asked, whether the tier has visitors or not. Begins an instance refresh and a server's release,
   * and begins again what was rolled back before this update.
   * @throws as soon as the rollout has gone back or failed, and after `timeoutSeconds`; traffic has not moved by then
   */
  rolledOut(tier: TierToRollOut): Promise<void>;
  /**
   * Returns when the tier answered its probe well `healthyCount` times in a row.
   * @throws after `timeoutSeconds`; traffic has not moved by then
   */
  ready(tier: TierToProve): Promise<void>;
  /**
   * Returns when no resolver holds the old answer any more, and the authoritative servers and the public URL answer from
   * where traffic points now. Returns at once, after one look, if nothing has moved for long enough.
   * @throws after `timeoutSeconds`; traffic has moved by then, and nothing is deleted
   */
  settled(traffic: TrafficToSettle): Promise<void>;
  /**
   * Turns on what protects a load balancer and a server against deletion, where it is off though the program wants it: an update that
   * was taken back behind {@link allowDeletion} has left it so, and neither the engine nor a plan sees it. What cannot be protected is
   * told.
   */
  hold(kept: readonly Kept[]): Promise<void>;
  /**
   * Lifts the same protection of what the stack had before this update and has no more, as the engine deletes it next. Behind `settled`:
   * the protection is against a hand, other tools and `pulumi destroy`, and a flip that passed its gates is what it has to let by.
   */
  allowDeletion(kept: readonly Kept[]): Promise<void>;
}

/** Where to look for the site's traffic. */
export interface TrafficQuery {
  readonly zoneId: string;
  /** The site's name. */
  readonly name: string;
  /** What the stack knew it by: the records are there until {@link Gates.renamed}. @default the same */
  readonly former?: { readonly name: string; readonly zoneId: string };
  /** Names of the two parameters around the records (see {@link TrafficState}). */
  readonly parameters: { readonly intent: string; readonly state: string };
  /** Names of the same that an update before was cut off in giving up: what they tell is earlier. @default none */
  readonly leaving?: { readonly intent: readonly string[]; readonly state: readonly string[] };
}

/** What the stack file asks for. */
export interface RequestedTraffic extends Asked {
  /** `traffic.revision` of the stack file. @default 0 */
  readonly revision?: number;
}

export interface TierToProve {
  readonly tier: string;
  readonly probe: Probe;
  /** Whether visitors get to it by the load balancer's rule. @default false */
  readonly balanced?: boolean;
}

export interface TrafficToSettle {
  readonly query: TrafficQuery;
  /** Answer of {@link Gates.live} at the start of this update. */
  readonly before: LiveTraffic;
  /** What the records say now. */
  readonly now: TrafficState;
  /** Authoritative servers of the zone. */
  readonly nameServers: readonly string[];
  /** Every tier that is deployed; the public URL must answer from one that has weight. */
  readonly tiers: readonly { readonly tier: string; readonly probe: Probe }[];
}
