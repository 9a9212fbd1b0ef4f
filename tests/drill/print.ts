import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { newTable } from "../../output/terminal";
import type { Balanced, BalancedRow } from "./balanced";
import { type DataRow, RECONNECT_LIMIT, WRITE_RATE } from "./data";
import type { Numbers } from "./harness/balancer";
import { dashboardPicture } from "./picture";
import { RATE, type Row } from "./single";
import type { Skew, SkewRow } from "./skew";

/** What stands under the table of the single drill, since it was not shown. */
export const NOT_DRILLED = [
  "reboot, and stop and start, of the instance (AWS does both; the ladder up to them is drilled, they are not)",
  "kernel panic, lost system status check, lost EBS volume (EC2's own recovery acts)",
  "an expired certificate, a broken Nginx configuration (the report calls a person)",
  "delays that AWS adds: an alarm needs one to three minutes of its metric before it starts the recovery",
];

export function table(head: string[], rows: (string | number)[][], colWidths: number[] = []): string {
  const lines = newTable({ head, colWidths, style: { compact: false }, wordWrap: true });
  lines.push(...rows);
  return lines.toString();
}

/** Writes a page of `docs/`. */
export function writeDocs(name: string, text: string): void {
  writeFileSync(join(__dirname, "..", "..", "docs", name), text);
}

/** A table in Markdown. */
export function markdown(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

const HEAD = [
  "fault",
  "detected by",
  "after s",
  "the recovery did",
  "healthy after s",
  "lost",
  "log agrees",
  "cause as reported",
  "",
];

function cells(row: Row): (string | number)[] {
  return [
    `${row.fault}\n(${row.injected})`,
    row.detectedBy,
    row.detectedAfter,
    row.did.join(", ") || `nothing (${row.outcomes.join(", ")})`,
    row.healthyAfter ?? "never",
    `${row.lost} of ${row.requests}`,
    row.disagreements === undefined ? "not writable" : row.disagreements === 0 ? "yes" : `${row.disagreements} differ`,
    row.cause,
    row.problems.length === 0 ? "ok" : `FAILED: ${row.problems.join("; ")}`,
  ];
}

function verdict(seed: number, rows: readonly Row[]): string {
  const passed = rows.filter((row) => row.problems.length === 0).length;
  return `seed ${seed}: ${passed} of ${rows.length} faults ended healthy with their cause named`;
}

export function printSingle(seed: number, rows: readonly Row[]): string {
  const notDrilled = NOT_DRILLED.map((line) => `- ${line}`);
  return [table([...HEAD], rows.map(cells)), verdict(seed, rows), "Not drilled:", ...notDrilled, ""].join("\n");
}

/** The dashboard's graphs as this drill had them. */
export function singlePicture(seed: number, rows: readonly Row[]): string {
  return dashboardPicture(
    `Traffic, errors and latency of the drill with seed ${seed}`,
    rows.flatMap(({ seconds }) => seconds),
    rows.flatMap(({ marks }) => marks),
  );
}

export function singleMarkdown(seed: number, rows: readonly Row[]): string {
  return `# Drill: one instance

Written by \`npm run drill -- single --seed ${seed} --docs\`. On one machine run Nginx with TLS, PM2, the built sample app and
PostgreSQL. Each fault is chosen by the seed, and neither the alarms nor the recovery are told which it is: alarms (the checks of
the second column) start the automation, whose rendered document is walked step by step, and the scripts in it run byte by byte; then
the server's own timer has a turn, as it has every minute: the automation does nothing while the site answers, so a full disk is
the timer's.
Visitors ask ${RATE} times a second in a process of their own; what they were answered is compared with Nginx' log, request by request.

${markdown(HEAD, rows.map(cells))}

${verdict(seed, rows)}.

What the sections Traffic, Errors and Latency of the dashboard show of it; each number is a fault:

![Traffic, errors and latency of the drill](drill-dashboard.svg)

Not drilled:

${NOT_DRILLED.map((line) => `- ${line}`).join("\n")}
`;
}

const BALANCED_HEAD = [
  "part",
  "requests",
  "lost",
  "lost after it was out",
  "out after s",
  "back after s",
  "p50 ms",
  "p95 ms",
  "",
];

const balancedCells = (row: BalancedRow): (string | number)[] => [
  row.part,
  row.requests,
  row.lost,
  row.outAfter === undefined ? "-" : row.lostAfter,
  row.outAfter ?? "never",
  row.backAfter ?? "-",
  row.p50,
  row.p95,
  row.problems.length === 0 ? "ok" : `FAILED: ${row.problems.join("; ")}`,
];

/** What stands under the table of the balanced drill. */
const NOT_BALANCED = [
  "that ECS or Auto Scaling notices a dead process by itself, within seconds, and takes it out: here the health check alone does",
  "an Application Load Balancer's own nodes and zones; HAProxy is one process with the same " +
    "numbers, and counts a check's interval from the end of the one before, so a hanging process is " +
    "out later than behind an Application Load Balancer",
  "a rollback by circuit breaker or alarm (judged from API answers in the unit tests)",
];

const numbersText = (n: Numbers) =>
  `health check ${n.healthPath} every ${n.interval} s with ${n.timeout} s time-out, ` +
  `${n.unhealthyThreshold} bad answers to be out and ${n.healthyThreshold} good ones to be in, ` +
  `slow start ${n.slowStart} s, draining ${n.drain} s, idle time-out ${n.idle} s, ${n.count} ` +
  "processes";

const startText = (seconds: number) =>
  `A process of the app answered its first health check at most ${seconds} s after its start`;

export function printBalanced({ numbers, rate, startSeconds, rows }: Balanced): string {
  const notDrilled = NOT_BALANCED.map((line) => `- ${line}`);
  const how = `${rate} requests a second; ${numbersText(numbers)}`;
  return [
    table([...BALANCED_HEAD], rows.map(balancedCells)),
    how,
    startText(startSeconds),
    "Not drilled:",
    ...notDrilled,
    "",
  ].join("\n");
}

export function balancedMarkdown({ numbers, rate, startSeconds, rows }: Balanced): string {
  return `# Drill: several processes behind a load balancer

Written by \`npm run drill -- balanced --docs\`. On one machine run HAProxy in the place of the load balancer (retries off, as an
Application Load Balancer makes none), processes of the built sample app, and PostgreSQL. Visitors ask ${rate} times a second for a page
that reads the database, and a part begins when three seconds of them were answered well. The numbers are those of production's plan,
read from it: ${numbersText(numbers)}.

${markdown(BALANCED_HEAD, rows.map(balancedCells))}

A release brings new processes beside the old ones; those leave the load balancer, drain and end only when the new ones are healthy.
A process that is killed or hangs loses what is sent to it until the health check has it out: with ${numbers.count} processes every
${ordinal(numbers.count)} request.
A process that answers slowly, but within the check's time-out, stays in: the alarm on the 95th percentile
(over ${numbers.latencyAlarm} s) tells of it.
${startText(startSeconds)}; on AWS come the image pull, and for an instance its boot and packages.

Not drilled:

${NOT_BALANCED.map((line) => `- ${line}`).join("\n")}
`;
}

const ordinal = (count: number): string => ({ 1: "", 2: "second", 3: "third" })[count] ?? `${count}th`;

const DATA_HEAD = [
  "fault",
  "the data came back from",
  "database back after s",
  "app writes again after s",
  "acknowledged",
  "present",
  "answer lost",
  "hash of writer, of database",
  "",
];
const DATA_WIDTHS = [24, 22, 12, 12, 14, 9, 8, 16, 16];

const dataCells = (row: DataRow): (string | number)[] => [
  row.fault,
  row.back,
  row.databaseAfter,
  row.reconnectedAfter ?? "never",
  row.acknowledged,
  row.present,
  row.unacknowledged,
  row.hashes.join(" "),
  row.problems.length === 0 ? "ok" : `FAILED: ${row.problems.join("; ")}`,
];

/** What stands under the table of the data drill, since it was not shown. */
const DATA_NOT_DRILLED = [
  "AWS' own part: RDS' failover (60 to 120 s by its user guide), its restore to a new instance, AWS Backup and its copies",
  "a failover by DNS proper: here the app's hosts file moves the name, at once and without a TTL",
  "the loss of log that was not archived yet: up to five minutes of it with RDS' point-in-time recovery",
];

export function printData(rows: readonly DataRow[]): string {
  const notDrilled = DATA_NOT_DRILLED.map((line) => `- ${line}`);
  return [
    table([...DATA_HEAD], rows.map(dataCells), DATA_WIDTHS),
    dataVerdict(rows),
    "Not drilled:",
    ...notDrilled,
    "",
  ].join("\n");
}

function dataVerdict(rows: readonly DataRow[]): string {
  const passed = rows.filter(({ problems }) => problems.length === 0).length;
  return (
    `${passed} of ${rows.length} faults: no acknowledged row missing, and the app wrote again within ` +
    `${RECONNECT_LIMIT} s of the database being back`
  );
}

export function dataMarkdown(rows: readonly DataRow[]): string {
  return `# Drill: the data

Written by \`npm run drill -- data --docs\`. On one machine run PostgreSQL with a synchronous standby, each at an address of its
own, and the built sample app, which knows the database by a name alone. A writer in a process of its own writes ${WRITE_RATE} rows a
second through the app and never repeats one; a row counts as acknowledged once its answer (201) came whole. After each fault every
acknowledged row since the beginning is compared with the database, by count and by SHA-256 over ids and texts.

${markdown(DATA_HEAD, rows.map(dataCells))}

${dataVerdict(rows)}.

Not drilled:

${DATA_NOT_DRILLED.map((line) => `- ${line}`).join("\n")}
`;
}

const skewHead = (rows: readonly SkewRow[]) => [
  "part",
  "page loads",
  "missed a file",
  ...(rows[0]?.kinds ?? []).map(({ kind }) => kind),
  "open in Chromium, loaded the rest",
  "requests",
  "lost",
  "a second",
  "p50 ms",
  "p95 ms",
  "",
];

const skewCells = (row: SkewRow): (string | number)[] => [
  row.part,
  row.loads,
  row.missed,
  ...row.kinds.map(({ loads, missed }) => `${missed} of ${loads}`),
  row.browser,
  row.requests,
  row.lost,
  row.rate,
  row.p50,
  row.p95,
  row.problems.length === 0 ? "ok" : `FAILED: ${row.problems.join("; ")}`,
];

/** What stands under the table of the skew drill, since it was not shown. */
const NOT_SKEWED = [
  "Lambda's cold starts, its limit of copies at once, and S3's own answer times: the function's very bundle runs, in one process",
  "files of `public/` and pictures of `/_next/image`: they come from the tiers, and one that only one of two releases has can be missed",
  "a Server Action of a release that the new one does not have any more: Next.js refuses it, and the page must be loaded anew",
];

export function printSkew({ numbers, rules, rows }: Skew): string {
  const notDrilled = NOT_SKEWED.map((line) => `- ${line}`);
  return [
    table(skewHead(rows), rows.map(skewCells), [20, 8, 8, 10, 10, 10, 10, 10, 10, 6, 8, 6, 6, 24]),
    numbersText(numbers),
    ...rules,
    "Not drilled:",
    ...notDrilled,
    "",
  ].join("\n");
}

export function skewMarkdown({ numbers, rows }: Skew): string {
  return `# Drill: two builds behind a load balancer

Written by \`npm run drill -- skew --docs\`. Two builds of the sample app, of which the second has another page script and another chunk
that is loaded late, are released and rolled back, one process beside the other, behind HAProxy in the place of the load balancer with
the listener rules of production's plan in their order. The function that answers \`/_next/static/*\` is the bundle that is deployed,
called by a stand-in that keeps to the load balancer's documented limits, with an emulator of S3 behind it; each release was published
before it was rolled out, as \`platform release\` does. The numbers are those of the plan: ${numbersText(numbers)}.

Visitors load whole pages with their scripts, and each kind is a quarter of them: those who keep cookies and those who keep none, those
who load a chunk only when the old processes are gone, and those who come back from a page that was cached before the release.

${markdown(skewHead(rows), rows.map(skewCells))}

Not drilled:

${NOT_SKEWED.map((line) => `- ${line}`).join("\n")}
`;
}
