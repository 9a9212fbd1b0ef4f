import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../../core/root";
import { pathsOf } from "../../../../stacks/args/existing";
import type { AwsAccess } from "../../../lib/aws-access";
import { RUNNING, runCommand } from "../../../lib/run-command";
import { type Finding, type Healthy, ok, skipped, warning } from "./check";

/** What `runbooks/inspect.sh` prints, one finding a line. */
interface Inspection {
  readonly cron: readonly string[];
  readonly files: readonly string[];
}

/**
 * What lives on the instance alone and no flip moves: files that were written beside the app, and crontab entries. The instance
 * is asked by a command that only reads, and only with --inspect, since it runs on a server that serves.
 */
export async function lossFindings(patient: Healthy, ownInstance: boolean): Promise<Finding[]> {
  const { settings, inspect, aws, stack } = patient;
  const id = settings.existing.instanceId;
  if (!id) {
    return [
      skipped(
        ownInstance
          ? "only an adopted instance is looked at; on one that the stack built, look with: platform shell"
          : "no instance serves, so nothing lives on its disk",
      ),
    ];
  }
  if (!inspect)
    return [
      skipped(
        `files and crontab entries on ${id} are looked at with --inspect (a command on the server that only reads)`,
      ),
    ];
  const root = pathsOf(settings.existing).ecosystem.replace(/\/[^/]+$/, "");
  const { cron, files } = parse(await inspected(aws, id, root));
  const findings: Finding[] = [];
  if (cron.length > 0) {
    findings.push(
      warning(
        `${count(cron.length, "crontab entry", "crontab entries")} on ${id}: ${cron.join("; ")}`,
        "They stay behind in a flip. Move them to EventBridge Scheduler, or vercel.json's crons.",
      ),
    );
  }
  if (files.length > 0) {
    findings.push(
      warning(
        `files written on ${id} beside the app: ${files.join(", ")}`,
        `They stay behind in a flip. Keep such files on S3: aws s3 sync <folder> s3://<bucket> (platform shell --stack ${stack}).`,
      ),
    );
  }
  return findings.length > 0 ? findings : [ok(`no crontab entries and no written files found under ${root} on ${id}`)];
}

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

/** Lines are `cron <user> <entry>` or `files <folder> <count> <bytes>`. */
export function parse(text: string): Inspection {
  const lines = text.split("\n").map((line) => line.trim());
  const after = (word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  return {
    cron: after("cron"),
    files: after("files").map((line) => {
      const [folder = "", number = "", bytes = ""] = line.split("\t");
      return `${folder} (${number} files, ${Math.ceil(Number(bytes) / 1024 ** 2)} MB)`;
    }),
  };
}

async function inspected(aws: AwsAccess, id: string, root: string): Promise<string> {
  const script = readFileSync(join(ROOT, "runbooks/inspect.sh"), "utf8");
  const { status, output, errors } = await runCommand(aws, id, {
    comment: "platform doctor: what a flip would lose (reads only)",
    // The folder is an argument of the script, never a part of its text.
    lines: [`set -- '${root.replaceAll("'", "")}'`, ...script.split("\n")],
    ...{ beginsWithin: 30, endsWithin: 30, patience: 30 },
  });
  if (status === "Success") return output;
  throw new Error(
    RUNNING.includes(status)
      ? `the command on ${id} did not end within 30 s`
      : `the command on ${id} ended as ${status}: ${errors.trim()}`,
  );
}
