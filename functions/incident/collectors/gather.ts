import type { Answers, Finding, Source } from "../../../core/incident";
import { redact } from "../../redact";
import { COLLECTORS } from ".";
import type { Clients, CollectorDefinition, Context } from "./context";
import { plain } from "./facts";

/** How the sources of one incident are asked. */
export interface GatherOptions {
  readonly aws: Clients;
  /** What is looked at. */
  readonly from: Date;
  readonly to: Date;
  /** Milliseconds after which whoever has not answered is given up. */
  readonly deadline: number;
  readonly vercelToken?: string;
  /** @default the collectors of this folder; a test hands in its own */
  readonly collectors?: Readonly<Record<string, Pick<CollectorDefinition, "timeLimit" | "gather">>>;
}

/** Longest text of an error that a report repeats. */
const ERROR_LENGTH = 300;

/**
 * Asks every source side by side. One that fails, or does not answer in its time, is named in its finding and stops nobody else:
 * it never rejects, and ends within the deadline whatever a collector does.
 */
export async function gather(sources: readonly Source[], options: GatherOptions): Promise<Finding[]> {
  return Promise.all(sources.map((source) => ask(source, options)));
}

async function ask(source: Source, options: GatherOptions): Promise<Finding> {
  const { aws, from, to, vercelToken, collectors = COLLECTORS } = options;
  const definition = collectors[source.kind] as CollectorDefinition | undefined;
  if (!definition) return { source, error: `there is no collector of the kind ${source.kind}` };
  const started = Date.now();
  const limit = Math.min(definition.timeLimit, options.deadline);
  const controller = new AbortController();
  const missed: string[] = [];
  const context: Context = {
    aws,
    from,
    to,
    http: { abortSignal: controller.signal },
    ...(vercelToken === undefined ? {} : { vercelToken }),
    missed: (what, error) => missed.push(`${what}: ${errorMessage(error)}`),
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`no answer within ${Math.round(limit / 1000)} s`);
      reject(error);
      controller.abort(error);
    }, limit);
  });
  try {
    const answers = plain(
      await Promise.race([Promise.resolve().then(() => definition.gather(source, context)), late]),
    ) as Answers;
    return { source, answers, took: Date.now() - started, ...(missed.length > 0 ? { error: shorten(missed) } : {}) };
  } catch (error) {
    return { source, error: shorten(missed.length > 0 ? missed : [errorMessage(error)]), took: Date.now() - started };
  } finally {
    clearTimeout(timer);
  }
}

const shorten = (messages: readonly string[]) => redact([...new Set(messages)].join("; ")).slice(0, ERROR_LENGTH);

/** Name and message: an error of AWS has its code as name. */
function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "Error" ? error.message : `${error.name} ${error.message}`.trim();
}
