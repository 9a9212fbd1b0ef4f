import { z } from "zod";
import { choice, flag, help, listed, percentage, target, text, whole } from "../settings-fields";

/** CPU units -> memory in MiB that Fargate offers with them (ECS developer guide, "Task CPU and memory"). */
export const fargateSizes: Readonly<Record<number, readonly number[]>> = {
  256: [512, 1024, 2048],
  512: gib(1, 4),
  1024: gib(2, 8),
  2048: gib(4, 16),
  4096: gib(8, 30),
  8192: gib(16, 60, 4),
  16384: gib(32, 120, 8),
};

function gib(from: number, to: number, step = 1): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, i) => (from + i * step) * 1024);
}

/** A schedule of Application Auto Scaling: a cron names the day or the weekday, and a rate of one is singular. */
const SCHEDULE = new RegExp(
  [
    /cron\(\S+ \S+ (\? \S+ (?!\?)\S+|(?!\?)\S+ \S+ \?) \S+\)/,
    /at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)/,
    /rate\((1 (minute|hour|day)|(?!1 )[1-9]\d* (minutes|hours|days))\)/,
  ]
    .map(({ source }) => `^${source}$`)
    .join("|"),
);

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export const fargateSettings = z
  .strictObject({
    cpu: help(
      z.union(Object.keys(fargateSizes).map((n) => z.literal(Number(n)))),
      "CPU units of a task; 1024 are one vCPU.",
      listed(Object.keys(fargateSizes)),
      512,
    ).default(512),
    memory: whole(
      512,
      122_880,
      "Memory of a task in MiB; the pair with cpu must be one that Fargate has.",
      1024,
    ).default(1024),
    min: whole(1, 100, "Fewest tasks; 2 survive the loss of a zone without an outage.", 2).default(2),
    max: whole(1, 100, "Most tasks.", 4).default(4),
    cpuTarget: target("CPU percent that autoscaling keeps.", 60).default(60),
    memoryTarget: target("Memory percent that autoscaling keeps.", 75).default(75),
    requestsPerTarget: whole(10, 1_000_000, "Requests per minute and task that autoscaling keeps.", 2000).default(2000),
    schedules: z
      .array(
        z.strictObject({
          schedule: text(
            SCHEDULE,
            "When the size begins to hold.",
            "cron(minute hour day month weekday year) with ? for day or weekday, at(yyyy-mm-ddThh:mm:ss) or rate(n minutes|hours|days)",
            "cron(0 22 * * ? *)",
          ),
          timezone: help(
            z.string().refine(isTimeZone),
            "Time zone of the schedule.",
            "an IANA time zone, for example Asia/Seoul",
            "Asia/Seoul",
          ).default("UTC"),
          min: whole(
            0,
            100,
            "Fewest tasks from then on; 0 lets the site go to sleep only if nothing else scales it.",
            1,
          ),
          max: whole(1, 100, "Most tasks from then on.", 2),
        }),
      )
      .default([])
      .meta({
        description: "Sizes by the clock, for example fewer tasks at night.",
        allowed: "a list of {schedule, timezone, min, max}",
        example: '[{"schedule": "cron(0 22 * * ? *)", "timezone": "Asia/Seoul", "min": 1, "max": 2}]',
      }),
    spotPercent: percentage("Share of tasks above `min` that run on Fargate Spot.", 0).default(0),
    containerInsights: choice(
      ["disabled", "enabled", "enhanced"],
      "Container Insights; its metrics are charged as custom metrics.",
    ).default("disabled"),
    exec: flag("ECS Exec: a shell in a task, its sessions logged.").default(false),
  })
  .prefault({})
  .describe("Sizes and limits of fargate.");
