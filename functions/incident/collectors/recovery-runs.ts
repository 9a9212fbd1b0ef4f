import { FilterLogEventsCommand, type FilterLogEventsCommandOutput } from "@aws-sdk/client-cloudwatch-logs";
import {
  DescribeAutomationExecutionsCommand,
  type DescribeAutomationExecutionsCommandOutput,
  GetAutomationExecutionCommand,
  type GetAutomationExecutionCommandOutput,
} from "@aws-sdk/client-ssm";
import type { Fact } from "../../../core/incident";
import { askAll, type CollectorDefinition } from "./context";
import { answersTo, groupLines, iso } from "./facts";

/** What the automatic recovery saw and tried: steps of the automation, and the evidence that it wrote before it acted. */
export const recoveryRuns: CollectorDefinition<"recovery-runs"> = {
  kind: "recovery-runs",
  timeLimit: 20_000,
  gather: ({ document, logGroup }, context) =>
    askAll(context, {
      GetAutomationExecution: async () => {
        const runs = await context.aws.ssm.send(
          new DescribeAutomationExecutionsCommand({
            Filters: [
              { Key: "DocumentNamePrefix", Values: [document] },
              { Key: "StartTimeAfter", Values: [context.from.toISOString().replace(/\.\d+Z/, "Z")] },
            ],
            MaxResults: 10,
          }),
          context.http,
        );
        const ids = (runs.AutomationExecutionMetadataList ?? []).slice(0, 3).map((run) => run.AutomationExecutionId);
        return Promise.all(
          ids.map((AutomationExecutionId) =>
            context.aws.ssm.send(new GetAutomationExecutionCommand({ AutomationExecutionId }), context.http),
          ),
        );
      },
      FilterLogEvents: () =>
        context.aws.logs.send(
          new FilterLogEventsCommand({
            logGroupName: logGroup,
            startTime: context.from.getTime(),
            endTime: context.to.getTime(),
            limit: 1000,
          }),
          context.http,
        ),
    }),
  facts: ({ document, logGroup }, answers) => {
    const facts: Fact[] = [];
    const lines: { text: string; at?: string | undefined }[] = [];
    const executions = [
      ...answersTo<GetAutomationExecutionCommandOutput>(answers, "GetAutomationExecution").map(
        (a) => a.AutomationExecution,
      ),
      ...answersTo<DescribeAutomationExecutionsCommandOutput>(answers, "DescribeAutomationExecutions").flatMap(
        (a) => a.AutomationExecutionMetadataList ?? [],
      ),
    ];
    for (const run of executions) {
      const base = { kind: "recovery", from: "recovery-runs", subject: document } as const;
      const status = "AutomationExecutionStatus" in (run ?? {}) ? run?.AutomationExecutionStatus : undefined;
      facts.push({
        ...base,
        name: status,
        text: `recovery run ${status ?? "unknown"} ${run?.FailureMessage ?? ""}`.trim(),
        at: iso(run?.ExecutionStartTime),
      });
      const steps = run !== undefined && "StepExecutions" in run ? (run.StepExecutions ?? []) : [];
      for (const step of steps) {
        facts.push({
          ...base,
          name: step.StepStatus,
          text: `step ${step.StepName}: ${step.StepStatus} ${step.FailureMessage ?? ""}`.trim(),
          at: iso(step.ExecutionStartTime),
        });
        for (const output of Object.values(step.Outputs ?? {}).flatMap((o) => o ?? [])) {
          for (const text of output.split(/\\n|\r?\n/)) lines.push({ text, at: iso(step.ExecutionStartTime) });
        }
      }
    }
    for (const event of answersTo<FilterLogEventsCommandOutput>(answers, "FilterLogEvents").flatMap(
      (a) => a.events ?? [],
    )) {
      for (const text of (event.message ?? "").split(/\r?\n/)) lines.push({ text, at: iso(event.timestamp) });
    }
    return [
      ...facts,
      ...groupLines(
        "recovery-runs",
        "recovery",
        logGroup,
        lines.filter((l) => l.text.trim() !== ""),
      ).slice(0, 200),
      ...lines.flatMap((line) => diskFact(logGroup, line)),
    ];
  },
};

/** A line of `df` as the metric that the CloudWatch agent would have published. */
function diskFact(subject: string, { text, at }: { text: string; at?: string | undefined }): Fact[] {
  const match = text.match(/^\/dev\/\S+\s+\S+\s+\S+\s+\S+\s+(\d{1,3})%\s+(\/\S*)/);
  if (match === null) return [];
  return [
    {
      kind: "metric",
      from: "recovery-runs",
      subject,
      name: "disk_used_percent",
      text: match[2],
      value: Number(match[1]),
      at,
    },
  ];
}
