import {
  GetQueryResultsCommand,
  type GetQueryResultsCommandOutput,
  StartQueryCommand,
  StopQueryCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import type { Plain } from "../../../core/incident";
import { askAll, type CollectorDefinition, type Context } from "./context";
import { answersTo, groupLines, iso } from "./facts";

/** Words by which a line tells of trouble, for Logs Insights and for what a fixture or another reader hands in. */
const TROUBLE =
  "error|exception|fatal|panic|emerg|crit|fail|killed|out of memory|heap|refused|denied|timed? ?out|" +
  "no space|enospc|emfile|econn|etimedout|enotfound|eai_again|too many|too long|exceed|expired|unreachable|" +
  "cannot|could not|not found|unhandled|unauthorized|invalid|missing|deadlock|exited|restart|errored|" +
  "stopped|dns|nxdomain|servfail|throttl|oom|signal|abort|readonly|read-only|readiness|rejected|" +
  "remaining connection slots|terminating connection|certificate|no live upstreams|prematurely| 50[0-4] ";

const QUERIES = {
  first: `fields @timestamp, @message | filter @message like /(?i)(${TROUBLE})/ | sort @timestamp asc | limit 200`,
  top:
    `filter @message like /(?i)(${TROUBLE})/ | stats count(*) as occurrences, ` +
    "min(@timestamp) as firstSeen by @message | sort occurrences desc | limit 100",
} as const;

/** The first and the most frequent error lines of a log group, by CloudWatch Logs Insights. */
export const logs: CollectorDefinition<"logs"> = {
  kind: "logs",
  timeLimit: 40_000,
  gather: ({ logGroup }, context) =>
    askAll(
      context,
      Object.fromEntries(
        Object.entries(QUERIES).map(([label, text]) => [
          `GetQueryResults#${label}`,
          () => insights(context, logGroup, text),
        ]),
      ),
    ),
  facts: ({ logGroup }, answers) => {
    const trouble = new RegExp(TROUBLE, "i");
    const lines = (label: string) => insightsLines(answers, label).filter((line) => trouble.test(line.text));
    const all = answersTo<unknown>(answers, "GetQueryResults").length;
    if (all === 0) return [];
    // Both queries see the same lines: counts come from `top`, and `first` adds what was too rare to be among them.
    const top = groupLines("logs", "log", logGroup, lines("top"));
    const first = groupLines("logs", "log", logGroup, [...lines("first"), ...lines("")]);
    const merged = new Map(first.map((fact) => [fact.text, fact]));
    for (const fact of top) {
      const same = [...merged.values()].find((f) => f.text === fact.text);
      merged.set(fact.text, {
        ...fact,
        count: Math.max(fact.count ?? 1, same?.count ?? 1),
        at: [fact.at, same?.at].filter((t) => t !== undefined).sort()[0],
      });
    }
    return [...merged.values()].slice(0, 120);
  },
};

/** Rows of Logs Insights answers as lines; label "" means the answers without a label. */
function insightsLines(answers: Record<string, unknown>, label: string) {
  const key = label === "" ? "GetQueryResults" : `GetQueryResults#${label}`;
  const chosen = Object.fromEntries(
    Object.entries(answers).filter(
      ([name]) =>
        name === key ||
        (label === "" && name.startsWith("GetQueryResults#") && !["first", "top"].includes(name.split("#")[1] ?? "")),
    ),
  );
  return answersTo<GetQueryResultsCommandOutput>(chosen, "GetQueryResults")
    .flatMap((answer) => answer.results ?? [])
    .flatMap((row) => {
      const field = (...names: string[]) =>
        names.map((n) => row.find((f) => f.field === n)?.value).find((v) => v !== undefined);
      const text = field("@message", "message", "@pattern");
      if (text === undefined) return [];
      return [
        {
          text: lineMessage(text),
          at: iso(field("@timestamp", "firstSeen", "first")),
          count: Number(field("occurrences", "count", "count(*)", "@sampleCount") ?? 1) || 1,
        },
      ];
    });
}

/** The message inside a structured log line, with its error; other lines as they are. */
function lineMessage(line: string): string {
  if (!line.trimStart().startsWith("{")) return line;
  try {
    const entry = JSON.parse(line) as Record<string, unknown>;
    const parts = ["level", "msg", "message", "error", "err", "code", "stack", "reason"].flatMap((key) => {
      const value = entry[key];
      if (value === undefined || value === null) return [];
      return [typeof value === "object" ? JSON.stringify(value) : String(value)];
    });
    return parts.length > 0 ? parts.join(" ") : line;
  } catch {
    return line;
  }
}

/** Starts a query, waits for its end within the collector's time, and stops it if time runs out. */
async function insights(
  context: Context,
  logGroup: string,
  queryString: string,
): Promise<Plain<GetQueryResultsCommandOutput> | GetQueryResultsCommandOutput> {
  const { queryId } = await context.aws.logs.send(
    new StartQueryCommand({
      logGroupName: logGroup,
      queryString,
      startTime: Math.floor(context.from.getTime() / 1000),
      endTime: Math.ceil(context.to.getTime() / 1000),
    }),
    context.http,
  );
  try {
    for (;;) {
      const answer = await context.aws.logs.send(new GetQueryResultsCommand({ queryId }), context.http);
      if (answer.status === "Complete") return answer;
      if (answer.status !== "Running" && answer.status !== "Scheduled" && answer.status !== undefined) {
        throw new Error(`the query on ${logGroup} ended as ${answer.status}`);
      }
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, 700);
        context.http.abortSignal.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(context.http.abortSignal.reason);
        });
      });
    }
  } catch (error) {
    // A query that nobody waits for still counts against the account's limit of concurrent queries.
    if (context.http.abortSignal.aborted)
      await context.aws.logs.send(new StopQueryCommand({ queryId })).catch(() => undefined);
    throw error;
  }
}
