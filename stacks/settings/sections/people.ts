import { z } from "zod";
import { choice, help, listed, percents, text, whole } from "../settings-fields";

/** Retention values that CloudWatch Logs accepts, in days (PutRetentionPolicy). */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export const alertSettings = help(
  z.strictObject({
    emails: z
      .array(
        help(z.email(), "Receives every alert; must confirm the subscription.", "an e-mail address", "ops@iamvet.kr"),
      )
      .min(1)
      .meta({
        description: "E-mail addresses that are told.",
        allowed: "a list of at least one e-mail address",
        example: '["ops@iamvet.kr"]',
      }),
    phones: z
      .array(
        text(
          /^\+[1-9]\d{7,14}$/,
          "Receives pages by SMS.",
          "a number in E.164 form: + country number",
          "+821012345678",
        ),
      )
      .default([]),
    language: choice(["en", "ko"], "Language of messages and incident reports.").default("en"),
    muteUntil: help(
      z.iso.datetime({ offset: true }),
      "Until when nobody is told, for maintenance: at most 7 days ahead. Recovery goes on.",
      "a time to come in ISO 8601 with its zone",
      "2026-11-27T03:00:00+09:00",
    ).optional(),
    webhook: text(
      /^(https:\/\/[\w.-]+\.[a-z]{2,}(:\d+)?\/\S+|\[secret\])$/,
      "Slack-compatible incoming webhook that gets every alert; it is a secret, set it with `--secret`.",
      "an https:// address, as a secret",
      "https://hooks.slack.com/services/...",
    ).optional(),
  }),
  "Who is told.",
  "an object with at least emails",
  '{"emails": ["ops@iamvet.kr"]}',
);

export const logSettings = z
  .strictObject({
    retentionDays: help(
      z.union(retentionDays.map((n) => z.literal(n))),
      "Days that logs are kept.",
      listed(retentionDays),
      30,
    ).default(30),
  })
  .prefault({})
  .describe("How long logs are kept.");

export const budgetSettings = z
  .strictObject({
    monthlyUsd: whole(
      1,
      1_000_000,
      "USD a month: an AWS Budget tells the warning topic, and the policy pack warns when a plan passes it.",
      100,
    ).optional(),
    actualPercents: percents("Percents of the budget that were spent, at which somebody is told.").default([80, 100]),
    forecastPercents: percents("Percents of the budget that the month's forecast passes.").default([100]),
  })
  .prefault({})
  .describe("What the stack may cost.");

export const tagSettings = help(
  z.record(
    text(
      // The stack's database is found again by its own three: a change of them would take its guard away.
      /^(?!aws:|(?:Project|Stack|ManagedBy)$)[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$/u,
      "key",
      "1 to 128 letters, digits, spaces and _ . : / = + - @, not beginning with aws: and not Project, Stack or ManagedBy",
      "team",
    ),
    text(
      /^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u,
      "value",
      "at most 256 letters, digits, spaces and _ . : / = + - @",
      "web",
    ),
  ),
  "Tags on everything, beside Project, Stack and ManagedBy.",
  "an object of key: text",
  '{"team": "web"}',
).default({});
