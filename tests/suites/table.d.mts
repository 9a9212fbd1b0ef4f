export interface Needs {
  /** Programs on PATH, and modules of Python after its name and a colon; with `|` one of several. */
  readonly commands: readonly string[];
  /** Debian's, which bring them. */
  readonly packages: string;
  /** The suite itself skips the cases that need them. */
  readonly optional?: boolean;
}

export interface Suite {
  readonly name: string;
  /** Key of SHARES. */
  readonly share: string;
  /** The most it may take in CI, cold, on two cores: more is a failure. */
  readonly seconds: number;
  /** Command, from the project's folder. */
  readonly run: string;
  readonly needs?: Needs;
  /** What it does as root. */
  readonly root?: string;
  /** Why it runs only for who names it. */
  readonly alone?: string;
  /** It runs only where one of these suites is named. */
  readonly for?: readonly string[];
  /** It runs beside the suites after it, as it mostly waits. */
  readonly background?: boolean;
  /** A folder that is there when others may start beside it. */
  readonly ready?: string;
  /** Suites in the background that must have ended. */
  readonly after?: readonly string[];
  /** Its last line is a folder for PATH. */
  readonly path?: boolean;
  /** What it means that it cannot run. */
  readonly lacking?: string;
}

/** Minutes that each share of a cold run may take. */
export declare const SHARES: Readonly<Record<string, number>>;
export declare const SUITES: readonly Suite[];
/** Seconds that suites take: those in the background run beside the others. */
export declare function together(suites: readonly Suite[], secondsOf: (suite: Suite) => number): number;
/** The table as CONTRIBUTING.md shows it. */
export declare function asMarkdown(): string;
