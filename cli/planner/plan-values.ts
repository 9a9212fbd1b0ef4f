import * as pulumi from "@pulumi/pulumi";
import type { PlanValue, Ref, Unknown } from "../../core/plan-format";
import { SECRET } from "../../core/plan-format";

/** Signatures by which the engine's protocol marks special values (pulumi/sdk/nodejs/runtime/rpc.ts). */
export const SIGNATURE = "4dabf18193072939515e22adb298388d";
export const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";
export const RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e";
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Words that stand for outputs while the program runs. */
export class Handles {
  private readonly refs: (Ref | Unknown)[] = [];
  /** By URN, then by property: a URN is long, and there are thousands of properties. */
  private readonly known = new Map<string, Map<string, string>>();
  private static readonly pattern = /planref(\d{6})x/g;

  /** Lower-case letters and digits only, so that a URL parser or a lower-casing leaves it whole. */
  of(urn: string, property: string): string {
    const ofUrn = this.known.get(urn) ?? new Map<string, string>();
    this.known.set(urn, ofUrn);
    const handle = ofUrn.get(property) ?? this.next({ $ref: urn, property });
    ofUrn.set(property, handle);
    return handle;
  }

  /** Stands for one text that only the account knows. */
  unknown(): string {
    return this.next({ $unknown: true });
  }

  private next(meaning: Ref | Unknown): string {
    return `planref${String(this.refs.push(meaning) - 1).padStart(6, "0")}x`;
  }

  /** A value of the engine's protocol in the form that a plan prints. */
  resolve(value: unknown): PlanValue {
    if (typeof value === "string") return this.resolveText(value);
    if (Array.isArray(value)) return value.map((item) => this.resolve(item));
    if (typeof value !== "object" || value === null) return (value ?? null) as PlanValue;
    const object = value as Record<string, unknown>;
    const signature = object[SIGNATURE];
    if (signature === SECRET_SIGNATURE) return SECRET;
    if (typeof signature === "string") return asset(object);
    return Object.fromEntries(
      Object.entries(object)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [key, this.resolve(item)]),
    );
  }

  private resolveText(text: string): PlanValue {
    if (text === UNKNOWN) return { $unknown: true };
    const parts = text
      .split(Handles.pattern)
      .map((part, index) => (index % 2 === 1 ? (this.refs[Number(part)] as Ref | Unknown) : part));
    const filled = parts.filter((part) => part !== "");
    if (filled.length === 0) return text;
    if (filled.length === 1) return filled[0] as PlanValue;
    return { $concat: filled };
  }
}

/** Uploaded files by path, inline texts by size: their content is in the repository already. */
function asset(object: Record<string, unknown>): PlanValue {
  if (typeof object.path === "string") return { $asset: object.path };
  if (typeof object.text === "string") return { $asset: `inline, ${object.text.length} characters` };
  const inside = object.assets as Record<string, unknown> | undefined;
  return { $asset: inside ? Object.keys(inside).join(", ") : String(object.uri ?? "") };
}

/** Stack outputs with secrets and unknowns marked as they are in inputs. */
export async function plain(value: unknown): Promise<unknown> {
  if (pulumi.Output.isInstance(value)) {
    const inner = value as unknown as {
      promise(withUnknowns: boolean): Promise<unknown>;
      isKnown: Promise<boolean>;
      isSecret: Promise<boolean>;
    };
    if (await inner.isSecret) return { [SIGNATURE]: SECRET_SIGNATURE };
    if (!(await inner.isKnown)) return UNKNOWN;
    return plain(await inner.promise(true));
  }
  if (Array.isArray(value)) return Promise.all(value.map(plain));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    await Promise.all(Object.entries(value).map(async ([key, item]) => [key, await plain(item)])),
  );
}
