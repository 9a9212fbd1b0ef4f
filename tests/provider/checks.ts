import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isUnknown, type Plan, type PlannedResource } from "../../core/plan-format";
import { cloudFormation } from "./cloudformation";
import type { Conversion } from "./convert";
import type { Finding } from "./findings";
import { Literals } from "./literals";
import type { PlanDocument } from "./modules";
import type { Python } from "./python/python";
import { type Diagnostic, run } from "./terraform";

/** How a resource is called in findings: its type token and its name in Pulumi. */
export const label = ({ type, name }: Pick<PlannedResource, "type" | "name">) => `${type} ${name}`;

const worst = 2000;

/** Resources by their address in Terraform, as findings call them. */
function labels(plan: Plan, conversion: Conversion): (address: string) => string {
  const byUrn = new Map(plan.resources.map((resource) => [resource.urn, label(resource)]));
  const byAddress = new Map([...conversion.addresses].map(([urn, address]) => [address, byUrn.get(urn) ?? urn]));
  return (address) => byAddress.get(address) ?? address;
}

/** What Terraform complains of, told by the resource's name in Pulumi. */
export function fromDiagnostics(
  tool: "validate" | "plan",
  diagnostics: readonly Diagnostic[],
  plan: Plan,
  conversion: Conversion,
): readonly Finding[] {
  const named = labels(plan, conversion);
  return diagnostics.map(({ severity, summary, detail, address }) => ({
    tool,
    rule: severity,
    resource: named(address),
    message: `${summary}${detail ? `: ${detail.slice(0, worst)}` : ""}`,
  }));
}

/** Security rules on the plans that Terraform made, by one process for all of them. */
export class Checkov {
  private readonly answers: AsyncIterator<string>;
  private problem = "";
  private last: Promise<unknown> = Promise.resolve();

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    this.answers = createInterface(child.stdout)[Symbol.asyncIterator]();
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.problem = `${this.problem}${text}`.slice(-500);
    });
    child.stdin.on("error", () => undefined);
  }

  static start(python: Python): Checkov {
    return new Checkov(spawn(python.program("python"), [join(__dirname, "python", "checkov_batch.py")]));
  }

  /** @returns how many resources checkov looked at, and what it found. */
  async scan(
    document: PlanDocument,
    file: string,
    plan: Plan,
    conversion: Conversion,
  ): Promise<{ readonly scanned: number; readonly findings: readonly Finding[] }> {
    await writeFile(file, JSON.stringify(document));
    const { scanned, failed } = await this.ask(file);
    const named = labels(plan, conversion);
    return {
      scanned,
      findings: failed.map(({ rule, resource, message }) => ({
        tool: "checkov",
        rule,
        resource: named(resource),
        message,
      })),
    };
  }

  stop(): void {
    this.child.stdin.end();
  }

  /** One question after the other: answers carry no name. */
  private ask(file: string): Promise<CheckovAnswer> {
    const answer = this.last.then(async () => {
      this.child.stdin.write(`${file}\n`);
      const { value, done } = await this.answers.next();
      if (done) throw new Error(`checkov failed: ${this.problem}`);
      return JSON.parse(value) as CheckovAnswer;
    });
    this.last = answer.catch(() => undefined);
    return answer;
  }
}

interface CheckovAnswer {
  readonly scanned: number;
  readonly failed: readonly { readonly rule: string; readonly resource: string; readonly message: string }[];
}

/** What is checked once for all combinations: each distinct resource or policy, with one plan in which it stands. */
class Distinct<T> {
  private readonly seen = new Map<string, T>();

  add(key: string, item: T): void {
    if (!this.seen.has(key)) this.seen.set(key, item);
  }

  get items(): readonly T[] {
    return [...this.seen.values()];
  }
}

/** Semantics that the provider does not know: classes, versions, pairs of sizes, schedules, retention. */
export async function cfnLint(
  python: Python,
  folder: string,
  plans: readonly Plan[],
  region: string,
): Promise<{ readonly checked: number; readonly findings: readonly Finding[] }> {
  await mkdir(folder, { recursive: true });
  const distinct = new Distinct<{ readonly resource: string; readonly body: unknown }>();
  for (const plan of plans) {
    const { template, origin } = cloudFormation(plan, new Literals(plan, region));
    for (const [id, resource] of origin) {
      const body = template.Resources[id];
      distinct.add(`${label(resource)} ${JSON.stringify(body)}`, { resource: label(resource), body });
    }
  }
  // CloudFormation takes at most 500 resources in one template.
  const size = 200;
  const parts = Array.from({ length: Math.ceil(distinct.items.length / size) }, (_, index) =>
    distinct.items.slice(index * size, (index + 1) * size),
  );
  const files = await Promise.all(
    parts.map(async (part, index) => {
      const resources = Object.fromEntries(part.map(({ body }, at) => [`R${at}`, body]));
      const file = join(folder, `${index}.template.json`);
      await writeFile(file, JSON.stringify({ AWSTemplateFormatVersion: "2010-09-09", Resources: resources }, null, 2));
      return file;
    }),
  );
  const ran = await run(python.program("cfn-lint"), [
    ...["--format", "json", "--regions", region],
    // Resources of several plans share a template here; each plan's own names are compared by the emulator.
    ...["--ignore-checks", "E3019"],
    ...["--", ...files],
  ]);
  if (ran.stdout.trim() === "" && ran.code !== 0) throw new Error(`cfn-lint failed: ${ran.stderr.slice(-500)}`);
  const matches: readonly CfnLintMatch[] = JSON.parse(ran.stdout || "[]");
  return {
    checked: distinct.items.length,
    findings: matches.map(({ Rule, Message, Filename, Location }) => {
      const at = Number(String(Location.Path?.[1] ?? "R0").slice(1));
      const resource = parts[files.indexOf(Filename)]?.[at]?.resource ?? Filename;
      const property = Location.Path?.slice(3).join(".");
      return { tool: "cfn-lint", rule: Rule.Id, resource, message: `${property}: ${Message}` };
    }),
  };
}

interface CfnLintMatch {
  readonly Rule: { readonly Id: string };
  readonly Message: string;
  readonly Filename: string;
  readonly Location: { readonly Path?: readonly (string | number)[] };
}

/** Inputs that hold a policy whose grants parliament judges; trust policies have no resource and are cfn-lint's. */
const policiesOf = (resource: PlannedResource) => {
  const { policy, inlinePolicies } = resource.inputs;
  const inline = Array.isArray(inlinePolicies) ? inlinePolicies : [];
  const isPolicy = /^aws:(iam|sns|sqs|s3|kms|secretsmanager|ecr|backup)\/.*[pP]olicy:/.test(resource.type);
  return [
    ...(isPolicy && policy !== undefined && !/lifecyclePolicy/.test(resource.type) ? [policy] : []),
    ...inline.map((item) => (item as { policy: string }).policy),
  ];
};

/** Actions, resources and conditions of every IAM and resource policy. */
export async function parliament(
  python: Python,
  plans: readonly Plan[],
  region: string,
): Promise<{ readonly checked: number; readonly unknown: ReadonlySet<string>; readonly findings: readonly Finding[] }> {
  const distinct = new Distinct<{ readonly resource: string; readonly policy: string }>();
  const unknown = new Set<string>();
  for (const plan of plans) {
    const literals = new Literals(plan, region);
    for (const resource of plan.resources) {
      for (const value of policiesOf(resource)) {
        if (isUnknown(value)) {
          unknown.add(label(resource));
          continue;
        }
        const policy = literals.document(value);
        distinct.add(policy, { resource: label(resource), policy });
      }
    }
  }
  const ran = await run(python.program("python"), [join(__dirname, "python", "parliament_batch.py")], {
    stdin: JSON.stringify(distinct.items.map(({ policy }) => policy)),
  });
  if (ran.code !== 0) throw new Error(`parliament failed: ${ran.stderr.slice(-500)}`);
  const results: readonly { rule: string; message: string }[][] = JSON.parse(ran.stdout);
  return {
    checked: distinct.items.length,
    unknown,
    findings: results.flatMap((found, index) =>
      found.map(({ rule, message }) => ({
        tool: "parliament" as const,
        rule,
        resource: distinct.items[index]?.resource ?? "",
        message,
      })),
    ),
  };
}

const ROOT = join(__dirname, "../..");

/** The shell scripts that run on instances and in CI. */
export async function shellcheck(
  python: Python,
): Promise<{ readonly checked: number; readonly findings: readonly Finding[] }> {
  const runbooks = (await readdir(join(ROOT, "runbooks"))).filter((name) => name.endsWith(".sh"));
  const files = [...runbooks.map((name) => `runbooks/${name}`), ".ci/run"];
  const args = ["--external-sources", "--source-path=runbooks", "--format=json1", ...files];
  const ran = await run(python.program("shellcheck"), args, { cwd: ROOT });
  if (ran.code > 1) throw new Error(`shellcheck failed: ${ran.stderr.slice(-500)}`);
  const { comments }: { comments: { file: string; line: number; code: number; message: string }[] } = JSON.parse(
    ran.stdout,
  );
  return {
    checked: files.length,
    findings: comments.map(({ file, line, code, message }) => ({
      tool: "shellcheck",
      rule: `SC${code}`,
      resource: `${file}:${line}`,
      message,
    })),
  };
}

/** The image of the sample app. */
export async function hadolint(
  python: Python,
): Promise<{ readonly checked: number; readonly findings: readonly Finding[] }> {
  const ran = await run(python.program("hadolint"), ["--format", "json", "app/Dockerfile"], { cwd: ROOT });
  if (ran.code > 1) throw new Error(`hadolint failed: ${ran.stderr.slice(-500)}`);
  const found: { code: string; message: string; file: string; line: number }[] = JSON.parse(ran.stdout);
  return {
    checked: 1,
    findings: found.map(({ code, message, file, line }) => ({
      tool: "hadolint",
      rule: code,
      resource: `${file}:${line}`,
      message,
    })),
  };
}

/**
 * Runs a task for each item, as many at once as there are processors, at most two: Terraform takes up to 1 GB each.
 *
 * @returns the results in the order of the items
 */
export async function inParallel<T, R>(items: readonly T[], task: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await task(next[1]);
  };
  await Promise.all(Array.from({ length: Math.min(2, cpus().length) }, worker));
  return results;
}
