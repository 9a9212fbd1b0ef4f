import type { Settings } from "../../stacks/settings";

/** Runs a program with its output shown, or taken. Secrets go by `env` or `input`, never among the arguments. */
export type Exec = (
  program: string,
  args: readonly string[],
  options?: {
    readonly cwd?: string;
    readonly env?: Record<string, string>;
    readonly input?: string;
    readonly take?: boolean;
  },
) => Promise<string>;

/** What a release does beside running programs. */
export interface ReleaseTools {
  readonly exec: Exec;
  readonly outputs: () => Promise<Readonly<Record<string, unknown>>>;
  readonly sha256: (file: string) => Promise<string>;
  /** DATABASE_URL from the stack's secret. */
  readonly databaseUrl: () => Promise<string>;
  /** Runs a command on the server, with its recovery muted meanwhile. */
  readonly onServer: (instanceId: string, muteParameter: string | undefined, command: string) => Promise<void>;
}

export interface Release {
  readonly stack: string;
  readonly project: string;
  readonly settings: Settings;
  readonly version: string;
  readonly folder: string;
  /** Bucket of releases, for a server of the stack's own. */
  readonly bucket?: string;
  /** What deploys on an adopted server, whose way of deploying only its team knows. */
  readonly command?: string;
}
