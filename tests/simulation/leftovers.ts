import { createRequire } from "node:module";
import type { Kinds } from "../../stacks/adoption";
import { FIXED, NAMED } from "../../stacks/adoption/kinds";
import type { Cloud, Stored } from "../engine/harness/cloud";
import type { ModelWorld } from "./world";

/** What the real finders take for the stack's by its cluster or its template, not by tags. */
const UNTAGGED = /^aws:(ecs\/service|autoscaling\/group):/;

/** What AWS would tell of the modelled cloud: the real questions have tests of their own. */
export function kindsIn({ cloud, valuesOf }: ModelWorld): Kinds {
  const tagsOf = ({ type, inputs }: Stored) => (UNTAGGED.test(type) ? {} : { tags: inputs.tags ?? {} });
  return {
    history: async (name) => valuesOf(name),
    fixed: mapped(FIXED, (type, kind) => ({
      ...kind,
      find: async (inputs) => {
        const found = cloud
          .of(type)
          .find((one) => !inputs.allowOverwrite && kind.identity.every((key) => one.inputs[key] === inputs[key]));
        return found && { id: found.id, ...(kind.says ? { says: kind.says(found.inputs) } : tagsOf(found)) };
      },
    })),
    named: mapped(NAMED, (type, kind) => ({
      ...kind,
      all: async (name) => cloud.of(type).flatMap((one) => (one.name === name ? [{ id: one.id, ...tagsOf(one) }] : [])),
    })),
  };
}

const mapped = <T>(kinds: Readonly<Record<string, T>>, change: (type: string, kind: T) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(kinds).map(([type, kind]) => [type, change(type, kind)]));

/** The types of which a second one costs or serves. */
export const COSTLY: readonly string[] = Object.keys(NAMED);

const log = createRequire(__filename)("@pulumi/pulumi/log") as Record<
  "info" | "warn" | "error",
  (text: string) => void
>;

/** Hears what the program says. @returns what puts the SDK back */
export function hear(said: string[]): () => void {
  const { info, warn, error } = log;
  const put = (text: string) => void said.push(text);
  Object.assign(log, { info: put, warn: put, error: put });
  return () => Object.assign(log, { info, warn, error });
}

/**
 * Deletes what the program has said is to be deleted by a person, as its command says: what it deletes is its last word. Of what may be
 * another stack's it says whose to look, and there is no other stack here: that is its first word.
 */
export function deleteAsTold({ resources }: Cloud, said: readonly string[]): void {
  for (const text of said) {
    const words = text.split(" ");
    const id = text.includes("is there from an update that was interrupted")
      ? words.at(-1)
      : text.includes("another stack's that has it now") && words[0];
    for (const [key, one] of resources) if (one.id === id) resources.delete(key);
  }
}
