import type { Command } from "commander";

/** A command as `platform --help` lists it; loaded only when it is asked for: `plan` must not wait for what draws diagrams. */
export interface Entry {
  readonly group: "Look, offline:" | "Begin:" | "Move:" | "Operate:" | "Look up:";
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Every command by its name, in the order in which a person comes to need them. */
export const commands: Readonly<Record<string, Entry>> = {
  plan: {
    group: "Look, offline:",
    summary: "what `pulumi up` would build",
    load: async () => (await import("./look/plan")).planCommand(),
  },
  compare: {
    group: "Look, offline:",
    summary: "cost, availability and recovery time of all options",
    load: async () => (await import("./look/compare")).compareCommand(),
  },
  report: {
    group: "Look, offline:",
    summary: "the comparison as one page, with diagrams",
    load: async () => (await import("./look/report")).reportCommand(),
  },
  flip: {
    group: "Look, offline:",
    summary: "what changing the architecture would do; changes nothing",
    load: async () => (await import("./look/flip")).flipCommand(),
  },
  simulate: {
    group: "Look, offline:",
    summary: "requests that a flip loses, over thousands of tries",
    load: async () => (await import("./look/simulate")).simulateCommand(),
  },
  dr: {
    group: "Look, offline:",
    summary: "what each disaster costs, and the commands",
    load: async () => (await import("./look/dr")).drCommand(),
  },
  review: {
    group: "Look, offline:",
    summary: "what a change does to every stack, for a pull request",
    load: async () => (await import("./look/review")).reviewCommand(),
  },
  init: {
    group: "Begin:",
    summary: "write a stack's file from what the account holds",
    load: async () => (await import("./setup/init")).initCommand(),
  },
  doctor: {
    group: "Begin:",
    summary: "what is missing on this machine, in the account, in the stack",
    load: async () => (await import("./setup/doctor")).doctorCommand(),
  },
  attach: {
    group: "Begin:",
    summary: "give an existing instance its role",
    load: async () => (await import("./setup/attach")).attachCommand(),
  },
  "adopt-dns": {
    group: "Move:",
    summary: "take over the site's live DNS record",
    load: async () => (await import("./move/adopt-dns")).adoptDnsCommand(),
  },
  migrate: {
    group: "Move:",
    summary: "change the architecture in shares, and back by itself",
    load: async () => (await import("./move/migrate")).migrateCommand(),
  },
  why: {
    group: "Operate:",
    summary: "why the site is or was down",
    load: async () => (await import("./operate/why")).whyCommand(),
  },
  release: {
    group: "Operate:",
    summary: "build, publish and install the app",
    load: async () => (await import("./operate/release")).releaseCommand(),
  },
  shell: {
    group: "Operate:",
    summary: "a shell on the server or in a task, without SSH",
    load: async () => (await import("./operate/session")).shellCommand(),
  },
  db: {
    group: "Operate:",
    summary: "a tunnel to the database",
    load: async () => (await import("./operate/session")).dbCommand(),
  },
  settings: {
    group: "Look up:",
    summary: "the keys of a stack's config",
    load: async () => (await import("./look/settings")).settingsCommand(),
  },
  prices: {
    group: "Look up:",
    summary: "the price tables, and how to refresh them",
    load: async () => (await import("./look/prices")).pricesCommand(),
  },
};
