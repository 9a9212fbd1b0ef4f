import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { PreviewStep } from "../../../insight/change/flip-changes";
import { type Ran, runPulumi } from "../../lib/process";

/** The engine's steps, or why there are none. */
export type Preview = { readonly steps: readonly PreviewStep[]; readonly why: string } | { readonly why: string };

/** Runs `pulumi`; tests put their own in. */
export type Run = (args: readonly string[], cwd: string) => Promise<Ran>;

/** Seconds. A preview of this program takes half a minute; one that asks AWS for everything, some minutes. */
const LIMIT = 600;

/**
 * What the engine would do to the deployed stack with another architecture. The stack's file is not touched: the preview reads
 * a changed copy, since `pulumi preview --config` would write into the file.
 * @param change applied to the copy's `config`, by full key; undefined removes the key
 */
export async function previewOf(
  folder: string,
  stack: string,
  change: Readonly<Record<string, unknown>>,
  run: Run = (args, cwd) => runPulumi(args, { cwd, limit: LIMIT }),
): Promise<Preview> {
  const scratch = mkdtempSync(join(tmpdir(), "platform-flip-"));
  try {
    const file = join(scratch, `Pulumi.${stack}.yaml`);
    const document = parseDocument(readFileSync(join(folder, `Pulumi.${stack}.yaml`), "utf8"));
    for (const [key, value] of Object.entries(change)) {
      if (value === undefined) document.deleteIn(["config", key]);
      else document.setIn(["config", key], value);
    }
    writeFileSync(file, document.toString(), { mode: 0o600 });
    // What stays as it is belongs to the verdict, and is left out unless asked for.
    const asked = ["--json", "--show-sames", "--non-interactive", "--config-file", file];
    const ran = await run(["preview", "--stack", stack, ...asked], folder);
    if (ran.code === undefined) return { why: "the pulumi CLI is not on PATH" };
    const shown = parsePreview(ran.stdout);
    if (ran.code !== 0 || !shown) return { why: `pulumi preview did not work: ${problemOf(ran, shown)}` };
    const deployed = shown.steps.some(({ op, type }) => op !== "create" && type !== STACK);
    if (!deployed) return { why: `the stack ${stack} has nothing deployed yet` };
    return { steps: shown.steps, why: `pulumi preview of the deployed stack ${stack}` };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const STACK = "pulumi:pulumi:Stack";

interface RawState {
  readonly type?: string;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
}

interface RawStep {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: RawState;
  readonly newState?: RawState;
  readonly diffReasons?: readonly string[] | null;
  readonly replaceReasons?: readonly string[] | null;
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

/** The digest that `pulumi preview --json` prints; undefined for anything else. Values are left behind: they may be secret. */
export function parsePreview(
  text: string,
): { readonly steps: readonly PreviewStep[]; readonly errors: readonly string[] } | undefined {
  let digest: {
    steps?: readonly RawStep[];
    diagnostics?: readonly { severity?: string; message?: string }[];
  };
  try {
    digest = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof digest !== "object" || digest === null) return undefined;
  const steps = (digest.steps ?? []).map(
    ({ op, urn, oldState, newState, diffReasons, replaceReasons, detailedDiff }) => ({
      op,
      urn,
      type: newState?.type ?? oldState?.type ?? urn.split("::").at(-2)?.split("$").at(-1) ?? "",
      protect: oldState?.protect ?? newState?.protect ?? false,
      retained: oldState?.retainOnDelete ?? false,
      diff: [...new Set(diffReasons ?? Object.keys(detailedDiff ?? {}).map((path) => path.split(/[.[]/)[0] ?? path))],
      replaces: [...(replaceReasons ?? [])],
    }),
  );
  const errors = (digest.diagnostics ?? []).flatMap(({ severity, message }) =>
    severity === "error" && message ? [message] : [],
  );
  return { steps, errors };
}

/** One line that says what went wrong. */
function problemOf({ stderr, stdout }: Ran, shown: ReturnType<typeof parsePreview>): string {
  const lines = [...(shown?.errors ?? []), stderr, shown ? "" : stdout]
    .flatMap((text) => text.split("\n"))
    .map((line) => line.trim())
    .filter(Boolean);
  return (lines.find((line) => /error/i.test(line)) ?? lines[0] ?? "it printed nothing").slice(0, 300);
}
