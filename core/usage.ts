import { z } from "zod";

/** What is said of a wrong figure: the settings' messages and reference read it (stacks/settings/settings-check.ts). */
const said = (description: string, example: unknown, allowed = "a number from 0") => ({
  description,
  allowed,
  example,
});
const number = z.number().min(0);
const amount = (fallback: number, description: string) => number.meta(said(description, fallback)).default(fallback);
const share = (description: string, fallback: number) =>
  number
    .max(1)
    .meta(said(description, fallback, "a number from 0 to 1"))
    .default(fallback);

/**
 * What a month of traffic looks like: the `usage` key of a stack's config. Everything that AWS and Vercel bill by use is
 * computed from these figures, so that an estimate can be argued with.
 */
export const usageSchema = z.strictObject({
  requestsPerMonth: amount(1_000_000, "Requests that reach the site in a month"),
  gbOutPerMonth: amount(50, "GB that leave for the internet in a month"),
  lcu: number
    .meta(said("Average load balancer capacity units; by default computed from requests and GB", 1))
    .optional(),
  staticShare: share(
    "Share of requests, and of GB, that are built files (/_next/static) which no browser has kept",
    0.7,
  ),
  logGbPerMonth: amount(5, "GB of logs taken in in a month, all log groups together"),
  metricsPerInstance: amount(10, "Custom metrics that the CloudWatch agent of one instance sends"),
  scaleOutHours: amount(40, "Hours in a month for which one instance or task more than the minimum runs"),
  dnsQueriesPerMonth: amount(500_000, "DNS queries in a month that are billed (aliases of AWS resources are free)"),
  emailsPerMonth: amount(100, "E-mails that alarms send in a month"),
  smsPerMonth: amount(10, "SMS that alarms send in a month"),
  smsCountry: z
    .string()
    .regex(/^\+\d{1,3}$/)
    .meta(said("Country code of the phones, which decides the price of an SMS", "+82", "a country code such as +82"))
    .default("+82"),
  incidentsPerMonth: amount(4, "Alarms a month that start an incident report and a recovery run"),
  imageGb: amount(3, "GB of container images that are kept"),
  objectGb: amount(5, "GB in S3 buckets"),
  backupGb: amount(20, "GB of backups beyond the free allowance of the database"),
  zoneGb: amount(5, "GB in a month between availability zones (each direction billed)"),
  vercelSeats: amount(1, "Paid seats of the Vercel team"),
  vercelCpuMsPerRequest: amount(50, "CPU milliseconds that a request takes in a Vercel function"),
  vercelFunctionShare: share("Share of requests that reach a function rather than the cache", 0.3),
});

/** Usage with every default filled in. */
export type Usage = z.infer<typeof usageSchema>;

/** A small site: one million requests and 50 GB a month. */
export const usageDefaults: Usage = usageSchema.parse({});
