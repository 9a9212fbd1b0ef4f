/** Who calls AWS, by what it is called in this table. `ROLES` in tests/unit/core/calls.test.ts says which role in IAM each of them has. */
export type Principal =
  | "deploy"
  | "preview"
  | "person"
  | "server"
  | "group instance"
  | "task execution"
  | "task"
  | "recovery automation"
  | "recovery watcher"
  | "incident reporter"
  | "notifier"
  | "asset server"
  | "uptime receiver"
  | "uptime forwarder"
  | "log receiver";

/** Actions of one service on resources of the same forms, as they are read and written. */
export interface Use {
  /** Keys of `forms`; none where the service knows no form for these actions, so that they are granted on `*`. */
  readonly forms: readonly string[];
  /** Enough to look, as a preview with refresh does. */
  readonly read: readonly string[];
  /** What changes something, on top. */
  readonly write: readonly string[];
  /** Only on resources that bear the stack's own tag `Stack`: AWS names them, so that no name tells whose they are. */
  readonly tagged: boolean;
}

/** Calls of one place in the code, for one purpose. */
export interface Call {
  /** File that makes the calls. */
  readonly place: string;
  readonly by: readonly Principal[];
  readonly why: string;
  /** The program or service of AWS that calls in the principal's name, by what the place tells it. @default the place itself */
  readonly agent?: string;
  readonly uses: readonly Use[];
  /** Made only by a stack with this type of resource, written like the keys of `providerCalls`. @default by every stack */
  readonly needs?: string;
}

const words = (service: string, text: string) => {
  const trimmed = text.trim();
  return trimmed ? trimmed.split(/\s+/).map((word) => `${service}:${word}`) : [];
};

/**
 * @param forms resource types of the Service Authorization Reference, a service's prefix before each: `ecs:task ecs:service`; the
 * prefix alone where the service has no form for these actions
 * @param read names of actions, separated by white space
 */
export function on(forms: string, read: string, write = "", tagged = false): Use {
  const list = forms.split(" ");
  const service = list[0]?.split(":")[0] ?? "";
  return {
    forms: list.filter((form) => form.includes(":")),
    read: words(service, read),
    write: words(service, write),
    tagged,
  };
}

/** The same for what only resources with the stack's own tag may suffer. */
export const onOwn = (forms: string, read: string, write = ""): Use => on(forms, read, write, true);

/** Every action of some uses, in order and once. */
export const listActions = (uses: readonly Use[], kind: "read" | "write"): string[] =>
  [...new Set(uses.flatMap((use) => use[kind]))].sort();
