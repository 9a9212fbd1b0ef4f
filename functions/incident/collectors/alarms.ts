import {
  type AlarmHistoryItem,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  type DescribeAlarmsCommandOutput,
} from "@aws-sdk/client-cloudwatch";
import type { Fact, Plain } from "../../../core/incident";
import { askAll, type CollectorDefinition } from "./context";
import { answersTo, iso, parseJson } from "./facts";

/** Which of the site's alarms changed, and when. */
export const alarms: CollectorDefinition<"alarms"> = {
  kind: "alarms",
  timeLimit: 15_000,
  gather: ({ names }, context) =>
    askAll(context, {
      DescribeAlarms: () =>
        context.aws.cloudwatch.send(
          new DescribeAlarmsCommand({ AlarmNames: names.slice(0, 100), AlarmTypes: ["MetricAlarm", "CompositeAlarm"] }),
          context.http,
        ),
      DescribeAlarmHistory: async () => {
        // The history of all alarms is one question; asking alarm by alarm would meet the limit of five a second.
        const items: AlarmHistoryItem[] = [];
        let token: string | undefined;
        do {
          const page = await context.aws.cloudwatch.send(
            new DescribeAlarmHistoryCommand({
              AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
              HistoryItemType: "StateUpdate",
              StartDate: context.from,
              EndDate: context.to,
              MaxRecords: 100,
              NextToken: token,
            }),
            context.http,
          );
          items.push(...(page.AlarmHistoryItems ?? []));
          token = page.NextToken;
        } while (token !== undefined && items.length < 1000);
        return { AlarmHistoryItems: items.filter((item) => names.includes(item.AlarmName ?? "")) };
      },
    }),
  facts: (_source, answers) => {
    const described = answersTo<DescribeAlarmsCommandOutput>(answers, "DescribeAlarms");
    const metricByAlarm = new Map(
      described.flatMap((a) => a.MetricAlarms ?? []).map((a) => [a.AlarmName, a.MetricName ?? a.Metrics?.[0]?.Label]),
    );
    const now = described
      .flatMap((a) => a.MetricAlarms ?? [])
      .filter((a) => a.StateValue === "ALARM")
      .map(
        (a): Fact => ({
          kind: "alarm",
          from: "alarms",
          subject: a.AlarmName ?? "alarm",
          name: a.MetricName,
          text: a.StateReason,
          at: iso(a.StateTransitionedTimestamp ?? a.StateUpdatedTimestamp),
        }),
      );
    const past = answersTo<{ AlarmHistoryItems?: Plain<AlarmHistoryItem>[] }>(answers, "DescribeAlarmHistory")
      .flatMap((a) => a.AlarmHistoryItems ?? [])
      .filter((item) => (item.HistoryItemType ?? "StateUpdate") === "StateUpdate")
      .flatMap((item): Fact[] => {
        const data = parseJson(item.HistoryData) as
          | { newState?: { stateValue?: string; stateReason?: string } }
          | undefined;
        const state = data?.newState?.stateValue ?? item.HistorySummary?.match(/ to (\w+)$/)?.[1];
        if (state !== "ALARM") return [];
        return [
          {
            kind: "alarm",
            from: "alarms",
            subject: item.AlarmName ?? "alarm",
            name: metricByAlarm.get(item.AlarmName),
            text: data?.newState?.stateReason ?? item.HistorySummary,
            at: iso(item.Timestamp),
          },
        ];
      });
    // An alarm that is still raised stands in both answers with the same moment.
    const seen = new Set(past.map((f) => `${f.subject} ${f.at?.slice(0, 16)}`));
    return [...past, ...now.filter((f) => !seen.has(`${f.subject} ${f.at?.slice(0, 16)}`))];
  },
};
