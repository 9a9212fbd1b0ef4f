import { Command, Option } from "commander";
import { UserError } from "../../../core/errors";
import { type Language, languages } from "../../../core/language";
import type { ReporterConfig } from "../../../core/reporter-config";
import type { Report } from "../../../functions/incident/reporter/incident-report";
import { type AwsAccess, askAws, connectStack } from "../../lib/aws-access";
import { print } from "../../lib/print";
import { withProgress } from "../../lib/progress";
import { inFolder, readStackFile } from "../../lib/stack-files";

interface Options {
  readonly stack: string;
  readonly since: string;
  readonly language?: Language;
  readonly json?: boolean;
  readonly cwd: string;
}

/** Before the time that is asked about, metrics need a "before" of their own. */
const BASELINE_MS = 2 * 3_600_000;
/** The same patience as the reporter's. */
const GATHER_MS = 50_000;
const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const MOST_MS = 7 * UNITS.d;

/** `platform why`: the incident report from a terminal, with the credentials of whoever asks. */
export function whyCommand(): Command {
  return new Command("why")
    .description("Say why the site is or was down: the incident report, asked for from here with your AWS credentials.")
    .requiredOption("-s, --stack <name>", "the stack to look into")
    .option("--since <time>", "how far back: 30m, 1h, 2d", "1h")
    .addOption(
      new Option("-l, --language <language>", "language of the report; default: the stack's").choices(languages),
    )
    .option("--json", "print the report as JSON")
    .addOption(inFolder())
    .action(run);
}

async function run({ stack, since, language, json, cwd }: Options): Promise<void> {
  const sinceMs = durationOf(since);
  // The file is read and not checked: a mistake in a config must not keep anybody from the cause of an outage.
  const { project, config } = readStackFile(cwd, stack);
  const { configParameter } = await import("../../../core/reporter-config");
  const { where, report } = await withProgress(`Looking into ${stack}`, async () => {
    const access = await connectStack(config);
    const where = await readConfig(access, configParameter(project, stack), stack);
    return { where, report: await lookInto(access, where, sinceMs) };
  });
  const { incidentDocument } = await import("../../../functions/incident/reporter/incident-document");
  print(report, { json }, () => incidentDocument(report, language ?? where.language, "message"));
}

/** `90m`, `1h`, `2d` in milliseconds. */
function durationOf(text: string): number {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit as keyof typeof UNITS] ?? Number.NaN);
  if (!(ms > 0 && ms <= MOST_MS)) {
    throw new UserError(`--since ${text}: say a number and m, h or d, up to 7d, for example --since 1h.`);
  }
  return ms;
}

/** Where to look, as the last update wrote it. */
async function readConfig(access: AwsAccess, name: string, stack: string): Promise<ReporterConfig> {
  const { SSMClient, GetParameterCommand } = await import("@aws-sdk/client-ssm");
  return askAws(access, "read the stack's incident settings (ssm:GetParameter)", async () => {
    try {
      const { Parameter } = await new SSMClient(access.config).send(new GetParameterCommand({ Name: name }));
      return JSON.parse(Parameter?.Value ?? "") as ReporterConfig;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "ParameterNotFound") throw error;
      throw new UserError(
        `The stack ${stack} is not in the account ${access.account}, region ${access.region}: there is ` +
          `no parameter ${name}, which \`pulumi up\` writes. Is it another account (AWS_PROFILE), or was ` +
          "the stack never built?",
      );
    }
  });
}

async function lookInto(
  access: AwsAccess,
  { about, sources, triggers }: ReporterConfig,
  sinceMs: number,
): Promise<Report> {
  // A dozen clients of AWS, loaded when there is somebody to ask.
  const [{ createClients }, { gather }, { buildReport }, { incidentIn }] = await Promise.all([
    import("../../../functions/incident/collectors/clients"),
    import("../../../functions/incident/collectors/gather"),
    import("../../../functions/incident/reporter/incident-report"),
    import("../../../functions/incident/reporter/asked"),
  ]);
  const now = new Date();
  const from = new Date(now.getTime() - sinceMs);
  const { region, credentials } = access.config;
  const vercelToken = process.env.VERCEL_API_TOKEN;
  const findings = await gather(sources, {
    aws: createClients({ region, credentials }),
    from: new Date(from.getTime() - BASELINE_MS),
    to: now,
    deadline: GATHER_MS,
    ...(vercelToken ? { vercelToken } : {}),
  });
  return buildReport({ incident: incidentIn(findings, triggers, from, now), findings }, about, { phase: "asked", now });
}
