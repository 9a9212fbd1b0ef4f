import { mkdir, readdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { isUnknown, type Plan, type PlannedResource } from "../../insight/plan";
import { cloudFormation } from "./cloudformation";
import type { Conversion } from "./convert";
import type { Finding } from "./findings";
import { Literals } from "./literals";
import type { Python } from "./python";
import { type Diagnostic, run } from "./terraform";

/** How a resource is called in findings: its type token and its name in Pulumi. */
export const label = ({ type, name }: Pick<PlannedResource, "type" | "name">) => `${type} ${name}`;

const worst = 2000;

/** What Terraform complains of, told by the resource's name in Pulumi. */
export function fromDiagnostics(
  tool: "validate" | "plan",
  diagnostics: readonly Diagnostic[],
  plan: Plan,
  conversion: Conversion,
): readonly Finding[] {
  const byUrn = new Map(plan.resources.map((resource) => [resource.urn, label(resource)]));
  const byAddress = new Map([...conversion.addresses].map(([urn, address]) => [address, byUrn.get(urn) ?? urn]));
  return diagnostics.map(({ severity, summary, detail, address }) => ({
    tool,
    rule: severity,
    resource: byAddress.get(address) ?? address,
    message: `${summary}${detail ? `: ${detail.slice(0, worst)}` : ""}`,
  }));
}

/** Security rules on the plan that Terraform made. @returns how many resources checkov looked at, and what it found. */
export async function checkov(
  python: Python,
  folder: string,
  plan: Plan,
  conversion: Conversion,
): Promise<{ readonly scanned: number; readonly findings: readonly Finding[] }> {
  const args = ["-f", "plan.json", "--framework", "terraform_plan", "-o", "json", "--quiet", "--compact"];
  const ran = await run(python.program("checkov"), [...args, "--skip-download"], { cwd: folder });
  const { summary, results } = JSON.parse(ran.stdout);
  const named = fromDiagnostics(
    "plan",
    results.failed_checks.map((check: { check_id: string; check_name: string; resource: string }) => ({
      severity: "error",
      summary: check.check_id,
      detail: check.check_name,
      address: check.resource,
    })),
    plan,
    conversion,
  );
  return {
    scanned: summary.resource_count,
    findings: named.map(({ resource, message }) => {
      const [rule = "", ...name] = message.split(": ");
      return { tool: "checkov", rule, resource, message: name.join(": ") };
    }),
  };
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
  const ran = await run(python.program("python"), [join(__dirname, "parliament_batch.py")], {
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

/** Runs a task for each item, as many at once as there are processors, at most two: Terraform takes up to 1 GB each. */
export async function inParallel<T>(items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await task(item);
  };
  await Promise.all(Array.from({ length: Math.min(2, cpus().length) }, worker));
}
