import { rmSync } from "node:fs";
import { join } from "node:path";
import color from "picocolors";
import type { Plan } from "../../insight/plan";
import { cfnLint, checkov, fromDiagnostics, inParallel, parliament } from "./checks";
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
  const skipped: string[] = [];
  if (typeof terraform === "string") skipped.push(`terraform validate and plan, checkov: ${terraform}`);
  else say(`terraform ${terraform.version}, hashicorp/aws ${PROVIDER_VERSION} from ${terraform.origin}`);
  if (typeof python === "string") skipped.push(`cfn-lint, checkov, parliament: ${python}`);

  const findings: Finding[] = [];
  const results: Result[] = [];
  const plans: Plan[] = [];
  for (const combination of wanted) {
    const plan = await planOf(combination);
    plans.push(plan);
    if (typeof terraform === "string") continue;
    const conversion = convert(plan, terraform.schema, {
      version: PROVIDER_VERSION,
      region: REGION,
      provider: OFFLINE,
    });
    results.push({ combination, plan, conversion });
  }
  say(`${plans.length} combinations planned; each is validated and planned by the provider, two at a time`);

  let done = 0;
  if (typeof terraform !== "string") {
    await inParallel(results, async (result) => {
      const checked = await check(result, terraform, typeof python === "string" ? undefined : python);
      findings.push(...checked.findings);
      done++;
      say(`[${done}/${results.length}] ${checked.line}`);
    });
  }
  if (typeof python !== "string") {
    const linted = await cfnLint(python, join(CACHE, "provider/cfn-lint"), [...plans, planted], REGION);
    const judged = await parliament(python, [...plans, planted], REGION);
    const missed = unnoticed([...linted.findings, ...judged.findings]);
    for (const what of missed)
      findings.push({ tool: "cfn-lint", rule: "planted", resource: what, message: "not noticed" });
    findings.push(...[...linted.findings, ...judged.findings].filter(({ resource }) => !planted.names.has(resource)));
    say(`cfn-lint: ${linted.checked} distinct resources; parliament: ${judged.checked} distinct policies`);
    if (judged.unknown.size > 0)
      say(color.yellow(`policies that no plan knows, unchecked: ${[...judged.unknown].join(", ")}`));
    say(
      `planted mistakes noticed by cfn-lint and parliament: ${planted.names.size - missed.length} of ${planted.names.size}`,
    );
  }

  const mapped = reportUnmapped(results);
  const complete = !only && skipped.length === 0;
  const ok = reportFindings(findings, complete) && mapped;
  for (const what of skipped) say(color.yellow(`skipped  ${what}`));
  const outcome = ok ? (skipped.length > 0 ? "passed what was run" : "passed") : "FAILED";
  say(`${outcome}: ${plans.length} combinations in ${Math.round((Date.now() - started) / 1000)} s`);
  return ok;
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
  const own = built - conversion.foreign.length;
  const counts = { terraform: planned.changes.length, ...(scan && { checkov: scan.scanned }) };
  const agree = Object.values(counts).every((count) => count === own);
  if (!agree) {
    const message = `${own} resources of AWS in the plan, ${JSON.stringify(counts)}`;
    findings.push({ tool: "convert", rule: "count", resource: combination.name, message });
  }
  const failed = judge(findings).failing.length;
  const verdict = failed > 0 ? color.red(`${failed} findings`) : color.green("ok");
  const seen = Object.entries(counts).map(([tool, count]) => `${tool} ${count}`);
  const others = conversion.foreign.length > 0 ? ` + ${conversion.foreign.length} of other providers` : "";
  return {
    findings,
    line: `${combination.name.padEnd(42)} plan ${own}${others}, ${seen.join(", ")}  ${verdict}`,
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

/** Prints each finding once. @returns whether nothing is left to mend. */
function reportFindings(findings: readonly Finding[], complete: boolean): boolean {
  const { failing, used, stale } = judge(findings);
  say(
    `findings: ${failing.length} to mend, ${findings.length - failing.length} accepted by ${used.size} rows of accepted.ts`,
  );
  const lines = failing.map(({ tool, rule, resource, message }) => `  ${tool} ${rule}  ${resource}\n    ${message}`);
  for (const line of new Set(lines)) say(color.red(line));
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
