import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Table from "cli-table3";
import { RATE, type Row } from "./single";

/** What stands under the table of the single drill, since it was not shown. */
export const NOT_DRILLED = [
  "reboot, and stop and start, of the instance (AWS does both; the ladder up to them is drilled, they are not)",
  "kernel panic, lost system status check, lost EBS volume (EC2's own recovery acts)",
  "an expired certificate, a broken Nginx configuration (the report calls a person)",
  "delays that AWS adds: an alarm needs one to three minutes of its metric before it starts the recovery",
];

export function table(head: string[], rows: (string | number)[][]): string {
  const lines = new Table({ head, style: { head: [], border: [] }, wordWrap: true });
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

export function singleMarkdown(seed: number, rows: readonly Row[]): string {
  return `# Drill: one instance

Written by \`npm run drill -- single --seed ${seed} --docs\`. On one machine run Nginx with TLS, PM2, the built sample app and
PostgreSQL. Each fault is chosen by the seed, and neither the alarms nor the recovery are told which it is: alarms (the checks of
the second column) start the automation, whose rendered document is walked step by step, and the scripts in it run byte by byte.
Visitors ask ${RATE} times a second in a process of their own; what they were answered is compared with Nginx' log, request by request.

${markdown(HEAD, rows.map(cells))}

${verdict(seed, rows)}.

Not drilled:

${NOT_DRILLED.map((line) => `- ${line}`).join("\n")}
`;
}
