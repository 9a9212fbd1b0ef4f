import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { reason } from "../core/errors";
import { engineProgram } from "./operation";

/** A resource as the stack's state has it. */
export interface KnownResource {
  readonly urn: string;
  readonly type: string;
  /** The provider's; undefined for a component. */
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** Set where another one has taken its place, and it is yet to be deleted: an update was cut off before. */
  readonly delete?: boolean;
}

/** What the engine says of a stack. */
export interface StackState {
  readonly known: readonly KnownResource[];
  /** What updates were killed in the midst of creating, as the engine keeps it until `pulumi refresh --clear-pending-creates`. */
  readonly pending: readonly KnownResource[];
}

/** The most that a state may be, in bytes; one of this program is some 2 MB. */
const MOST = 256 * 1024 * 1024;

/** One of `pending_operations` (pulumi/sdk/go/common/apitype, `OperationV2`). */
interface Operation {
  readonly type: string;
  readonly resource: KnownResource;
}

/**
 * What the stack knows before this update, secrets encrypted as they lie there. The engine tells a program nothing of it; its CLI does, and
 * needs no lock to read. What AWS has by the stack's name is another question: `pulumi stack rename` changes the one and not the other.
 */
export async function readState(): Promise<StackState> {
  // A plan runs without an engine, and without a stack.
  if (!pulumi.runtime.getEngine()) return { known: [], pending: [] };
  const stack = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  const args = ["stack", "export", "--non-interactive", "--stack", stack];
  try {
    const { stdout } = await promisify(execFile)(engineProgram(), args, { maxBuffer: MOST });
    const { resources = [], pending_operations: operations = [] } = JSON.parse(stdout).deployment ?? {};
    const creating = (operations as Operation[]).filter(({ type }) => type === "creating");
    return { known: resources, pending: creating.map(({ resource }) => resource) };
  } catch (error) {
    const why = reason(error);
    throw new pulumi.RunError(
      `The stack's state could not be read (\`pulumi ${args.join(" ")}\`). Nothing was changed.\n${why}`,
    );
  }
}

/** The resources of the state by a logical name: the one that the stack has, then those that are yet to be deleted. */
export const knownAs = (known: readonly KnownResource[], type: string, name: string): KnownResource[] =>
  known
    .filter((one) => one.type === type && one.urn.endsWith(`::${name}`))
    .sort((a, b) => Number(a.delete ?? false) - Number(b.delete ?? false));
