import { FilterLogEventsCommand, type FilterLogEventsCommandOutput } from "@aws-sdk/client-cloudwatch-logs";
import type { Fact } from "../../../core/incident";
import type { CollectorDefinition } from "./context";
import { answersTo, iso, parseJson } from "./facts";

/**
 * EventBridge events that no API can be asked for afterwards (Spot warnings, AWS Health without a support plan), from the
 * journal that the notifier writes: one JSON object `{event: <EventBridge event>}` a line.
 */
export const events: CollectorDefinition<"events"> = {
  kind: "events",
  timeLimit: 10_000,
  gather: async ({ logGroup }, context) => ({
    FilterLogEvents: await context.aws.logs.send(
      new FilterLogEventsCommand({
        logGroupName: logGroup,
        filterPattern: "{ $.event.source = * }",
        startTime: context.from.getTime(),
        endTime: context.to.getTime(),
        limit: 500,
      }),
      context.http,
    ),
  }),
  facts: ({ logGroup }, answers) => {
    const journal = answersTo<FilterLogEventsCommandOutput>(answers, "FilterLogEvents")
      .flatMap((a) => a.events ?? [])
      .map((line) => parseJson(line.message));
    return [...journal.map((line) => line?.event ?? line), ...answersTo<unknown>(answers, "Events")].flatMap(
      (raw): Fact[] => {
        const event = raw as
          | {
              "detail-type"?: string;
              time?: string;
              source?: string;
              resources?: string[];
              detail?: Record<string, unknown>;
            }
          | undefined;
        if (event?.["detail-type"] === undefined) return [];
        return [
          {
            kind: "event",
            from: "events",
            subject: event.resources?.[0] ?? event.source ?? logGroup,
            name: event["detail-type"],
            text: JSON.stringify(event.detail ?? {}).slice(0, 1500),
            at: iso(event.time),
          },
        ];
      },
    );
  },
};
