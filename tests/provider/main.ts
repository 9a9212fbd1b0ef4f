import { rmSync } from "node:fs";
import { join } from "node:path";
import color from "picocolors";
import type { Plan } from "../../insight/plan";
import { cfnLint, checkov, fromDiagnostics, hadolint, inParallel, parliament, shellcheck } from "./checks";
import { type Combination, combinations, planOf, REGION } from "./combinations";
import { type Conversion, convert, type Unmapped } from "./convert";
import { type Finding, judge } from "./findings";
import { planted, unnoticed } from "./planted";
import { Python } from "./python";
import { CACHE, OFFLINE, PROVIDER_VERSION, Terraform } from "./terraform";

/** The most inputs that may stay unmapped, in percent; what only a newer provider knows is not among them. */
const MOST_UNMAPPED = 3;

const say = (line: string) => process.stdout.write(`${line}\n`);

/** What was learnt about one combination. */
interface Result {
  readonly combination: Combination;
  readonly plan: Plan;
  readonly conversion: Conversion;
}

async function main(only: string | undefined): Promise<boolean> {
  const started = Date.now();
  const wanted = combinations.filter(({ name }) => !only || name.includes(only));
  const [terraform, python] = [await Terraform.find(), await Python.find(say)];
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const count = (ok: boolean) => counts[ok ? "passed" : "failed"]++;
  const skipped: string[] = [];
  const skip = (what: string, reason: string, parts: number) => {
    skipped.push(`${what}: ${reason}`);
    counts.skipped += parts;
  };
  if (typeof terraform !== "string")
    say(`terraform ${terraform.version}, hashicorp/aws ${PROVIDER_VERSION} from ${terraform.origin}`);

  const plans: Plan[] = [];
  for (const combination of wanted) plans.push(await planOf(combination));
  say(`${plans.length} combinations planned`);

  const findings: Finding[] = [];
  const results: Result[] = [];
  if (typeof terraform === "string") skip("terraform validate, terraform plan, checkov", terraform, plans.length);
  else {
    const target = { version: PROVIDER_VERSION, region: REGION, provider: OFFLINE };
    for (const [index, combination] of wanted.entries()) {
      const plan = plans[index] as Plan;
      results.push({ combination, plan, conversion: convert(plan, terraform.schema, target) });
    }
    say("each is validated and planned by the provider, two at a time");
    let done = 0;
    await inParallel(results, async (result) => {
      const checked = await check(result, terraform, typeof python === "string" ? undefined : python);
      findings.push(...checked.findings);
      count(checked.ok);
      say(`[${++done}/${results.length}] ${checked.line}`);
    });
    if (typeof python === "string") skip("checkov", python, 1);
  }
  if (typeof python === "string") skip("cfn-lint, parliament, shellcheck, hadolint", python, TOOLS.length);
  else {
    for (const tool of TOOLS) {
      const { said, findings: found } = await tool(python, plans);
      say(said);
      findings.push(...found);
      count(judge(found).failing.length === 0);
    }
  }

  if (results.length > 0) count(reportUnmapped(results));
  count(reportFindings(findings, !only && skipped.length === 0));
  for (const what of skipped) say(color.yellow(`skipped  ${what}`));
  const seconds = Math.round((Date.now() - started) / 1000);
  say(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped (provider, ${seconds} s)`);
  return counts.failed === 0;
}

/** What is checked once for all combinations. */
const TOOLS: readonly ((
  python: Python,
  plans: readonly Plan[],
) => Promise<{ readonly said: string; readonly findings: readonly Finding[] }>)[] = [
  async (python, plans) => {
    const linted = await cfnLint(python, join(CACHE, "provider/cfn-lint"), [...plans, planted], REGION);
    const judged = await parliament(python, [...plans, planted], REGION);
    const all = [...linted.findings, ...judged.findings];
    const missed = unnoticed(all);
    const unknown = judged.unknown.size > 0 ? `; policies that no plan knows: ${[...judged.unknown].join(", ")}` : "";
    return {
      said: [
        `cfn-lint: ${linted.checked} distinct resources; parliament: ${judged.checked} distinct policies${unknown}`,
        `planted mistakes noticed by both: ${planted.names.size - missed.length} of ${planted.names.size}`,
      ].join("\n"),
      findings: [
        ...all.filter(({ resource }) => !planted.names.has(resource)),
        ...missed.map((resource) => ({
          tool: "cfn-lint" as const,
          rule: "planted",
          resource,
          message: "not noticed",
        })),
      ],
    };
  },
  async (python) => {
    const { checked, findings } = await shellcheck(python);
    return { said: `shellcheck: ${checked} scripts`, findings };
  },
  async (python) => {
    const { checked, findings } = await hadolint(python);
    return { said: `hadolint: ${checked} Dockerfile`, findings };
  },
];

/** What has been printed already: one finding stands in many combinations. */
const printed = new Set<string>();

function firstTime({ tool, rule, resource, message }: Finding): string[] {
  const line = `  ${tool} ${rule}  ${resource}\n    ${message}`;
  if (printed.has(line)) return [];
  printed.add(line);
  return [color.red(line)];
}

async function check({ combination, plan, conversion }: Result, terraform: Terraform, python: Python | undefined) {
  const folder = join(CACHE, "provider", combination.name.replace(/[^a-z0-9]+/gi, "-"));
  rmSync(folder, { recursive: true, force: true });
  await terraform.write(folder, conversion.document, conversion.files);
  const findings: Finding[] = [];
  findings.push(...fromDiagnostics("validate", await terraform.validate(folder), plan, conversion));
  const planned = await terraform.plan(folder);
  findings.push(...fromDiagnostics("plan", planned.diagnostics, plan, conversion));
  const scan = python && planned.changes.length > 0 ? await checkov(python, folder, plan, conversion) : undefined;
  findings.push(...(scan?.findings ?? []));

  const built = plan.resources.filter(({ custom }) => custom).length;
  const newer = conversion.newer.filter(({ path }) => path === "").length;
  const own = built - conversion.foreign.length - newer;
  const counts = { terraform: planned.changes.length, ...(scan && { checkov: scan.scanned }) };
  const agree = Object.values(counts).every((count) => count === own);
  if (!agree) {
    const message = `${own} resources of AWS in the plan, ${JSON.stringify(counts)}`;
    findings.push({ tool: "convert", rule: "count", resource: combination.name, message });
  }
  const { failing } = judge(findings);
  const verdict = failing.length > 0 ? color.red(`${failing.length} findings`) : color.green("ok");
  const seen = Object.entries(counts).map(([tool, count]) => `${tool} ${count}`);
  const others = conversion.foreign.length > 0 ? ` + ${conversion.foreign.length} of other providers` : "";
  const later = newer > 0 ? ` + ${newer} that only a newer provider knows` : "";
  return {
    findings,
    ok: failing.length === 0,
    line: [
      `${combination.name.padEnd(56)} plan ${own}${others}${later}, ${seen.join(", ")}  ${verdict}`,
      ...failing.flatMap(firstTime),
    ].join("\n"),
  };
}

/** Lists every input that did not reach Terraform, once, with its reason. @returns whether few enough are unmapped. */
function reportUnmapped(results: readonly Result[]): boolean {
  if (results.length === 0) return true;
  const sum = (pick: (conversion: Conversion) => number) =>
    results.reduce((total, { conversion }) => total + pick(conversion), 0);
  const lost = (entries: readonly Unmapped[]) => entries.reduce((total, { inputs }) => total + inputs, 0);
  const inputs = sum(({ inputs: all }) => all);
  const unmapped = sum((conversion) => lost(conversion.unmapped));
  const newer = sum((conversion) => lost(conversion.newer));
  const percent = (count: number) => `${((100 * count) / inputs).toFixed(2)} %`;
  say(
    `inputs: ${inputs}; unmapped ${unmapped} (${percent(unmapped)}); known to a newer provider only ${newer} (${percent(newer)})`,
  );
  const rows = (kind: string, entries: readonly Unmapped[]) =>
    entries.map(({ type, path, reason }) => `  ${kind}  ${type} ${path.replace(/\[\d+\]/g, "[]")}: ${reason}`);
  const all = results.flatMap(({ conversion }) => [
    ...rows("unmapped", conversion.unmapped),
    ...rows("newer   ", conversion.newer),
  ]);
  for (const row of new Set(all)) say(row);
  const foreign = new Set(results.flatMap(({ conversion }) => conversion.foreign.map(({ type }) => type)));
  say(`resources of other providers, replaced by dummy values: ${[...foreign].sort().join(", ") || "none"}`);
  return (100 * unmapped) / inputs < MOST_UNMAPPED;
}

/** Prints what was not printed yet. @returns whether nothing is left to mend. */
function reportFindings(findings: readonly Finding[], complete: boolean): boolean {
  const { failing, used, stale } = judge(findings);
  say(
    `findings: ${failing.length} to mend, ${findings.length - failing.length} accepted by ${used.size} rows of accepted.ts`,
  );
  for (const line of failing.flatMap(firstTime)) say(line);
  // A part of the combinations, or a missing tool, says nothing about what the others would have found.
  if (!complete) return failing.length === 0;
  for (const { tool, rule, reason } of stale)
    say(color.red(`  not needed any more in accepted.ts: ${tool} ${rule} (${reason})`));
  return failing.length === 0 && stale.length === 0;
}

if (require.main === module) {
  main(process.argv[2]).then(
    (ok) => process.exit(ok ? 0 : 1),
    (error: unknown) => {
      say(color.red(error instanceof Error ? (error.stack ?? error.message) : String(error)));
      process.exit(1);
    },
  );
}
