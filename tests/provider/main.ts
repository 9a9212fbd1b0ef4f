import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import color from "picocolors";
import type { Plan } from "../../core/plan-format";
import { Checkov, cfnLint, fromDiagnostics, hadolint, inParallel, parliament, shellcheck } from "./checks";
import { type Combination, combinations, planOf, randomCombinations, regionOf } from "./combinations";
import { type Conversion, convert, type Unmapped } from "./convert";
import { REGION } from "./dummies";
import { type Finding, judge } from "./findings";
import { moduleName, type PlanDocument, partOf, splitAddress } from "./modules";
import { planted, unnoticed } from "./planted";
import { Python } from "./python/python";
import { CACHE, type Diagnostic, OFFLINE, PROVIDER_VERSION, Terraform } from "./terraform";

/** The most inputs that may stay unmapped, in percent; what only a newer provider knows is not among them. */
const MOST_UNMAPPED = 3;

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Combinations that are one Terraform configuration: more take more memory than they save time. */
const BATCH = 8;

/** One combination, planned. */
interface Planned {
  readonly combination: Combination;
  readonly plan: Plan;
}

/** One combination as it is given to Terraform. */
interface Converted extends Planned {
  readonly conversion: Conversion;
}

/** What was learnt about one combination. */
interface Result extends Converted {
  readonly findings: readonly Finding[];
  readonly ok: boolean;
}

/**
 * Checks the combinations whose name holds a text, or all.
 *
 * @param seed makes it look at random combinations that were not tried before, instead of those in combinations.ts
 */
async function main(only: string | undefined, seed: string | undefined): Promise<boolean> {
  const started = Date.now();
  const all = seed === undefined ? combinations : randomCombinations(Number(seed));
  const wanted = all.filter(({ name }) => !only || name.includes(only));
  if (wanted.length === 0)
    throw new Error(`no combination has "${only}" in its name; see tests/provider/combinations.ts`);
  const [terraform, python] = [await Terraform.find(), await Python.find(say)];
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const count = (ok: boolean) => counts[ok ? "passed" : "failed"]++;
  const skipped: string[] = [];
  const skip = (what: string, reason: string, parts: number) => {
    skipped.push(`${what}: ${reason}`);
    counts.skipped += parts;
  };

  let plans: readonly Plan[];
  let results: readonly Result[] = [];
  if (typeof terraform === "string") {
    skip("terraform validate, terraform plan, checkov", terraform, wanted.length);
    say(`planning ${wanted.length} combinations`);
    plans = (await planned(wanted)).map(({ plan }) => plan);
  } else {
    say(`terraform ${terraform.version}, hashicorp/aws ${PROVIDER_VERSION} from ${terraform.origin}`);
    const checkov = typeof python === "string" ? undefined : Checkov.start(python);
    if (!checkov) skip("checkov", String(python), 1);
    say(`${wanted.length} combinations, ${BATCH} at a time; the first are ready in about half a minute`);
    const bench = new Bench(terraform, checkov, wanted.length);
    const batches = chunks(wanted, BATCH);
    results = (
      await inParallel(batches, async (batch) => {
        say(`planning and validating from "${batch[0]?.name}" to "${batch.at(-1)?.name}" ...`);
        return bench.check(await planned(batch));
      })
    ).flat();
    checkov?.stop();
    for (const { ok } of results) count(ok);
    plans = results.map(({ plan }) => plan);
  }

  const findings = results.flatMap((result) => result.findings);
  if (typeof python === "string") skip("cfn-lint, parliament, shellcheck, hadolint", python, TOOLS.length);
  else {
    for (const { what, run } of TOOLS) {
      say(`${what} ...`);
      const { said, findings: found } = await run(python, plans);
      say(said);
      findings.push(...found);
      count(judge(found).failing.length === 0);
    }
  }

  if (results.length > 0) count(reportUnmapped(results));
  // Where every tool is missing, nothing was found and nothing has passed.
  if (counts.passed + counts.failed > 0)
    count(reportFindings(findings, !only && seed === undefined && skipped.length === 0));
  for (const what of skipped) say(color.yellow(`skipped  ${what}`));
  const seconds = Math.round((Date.now() - started) / 1000);
  say(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped (provider, ${seconds} s)`);
  return counts.failed === 0;
}

async function planned(wanted: readonly Combination[]): Promise<Planned[]> {
  const all: Planned[] = [];
  for (const combination of wanted) all.push({ combination, plan: await planOf(combination) });
  return all;
}

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));

/** Checks combinations by Terraform and checkov, and tells of each as soon as it is known. */
class Bench {
  private done = 0;

  constructor(
    private readonly terraform: Terraform,
    private readonly checkov: Checkov | undefined,
    private readonly total: number,
  ) {}

  check(batch: readonly Planned[]): Promise<readonly Result[]> {
    return this.checkTogether(
      batch.map(({ combination, plan }) => {
        const target = { version: PROVIDER_VERSION, region: regionOf(combination), provider: OFFLINE };
        return { combination, plan, conversion: convert(plan, this.terraform.schema, target) };
      }),
    );
  }

  private async checkTogether(batch: readonly Converted[]): Promise<readonly Result[]> {
    const folder = join(CACHE, "provider", String(batch[0]?.combination.name).replace(/[^a-z0-9]+/gi, "-"));
    rmSync(folder, { recursive: true, force: true });
    await this.terraform.writeModules(
      folder,
      batch.map(({ conversion }) => conversion),
    );
    const invalid = await this.terraform.validate(folder);
    const { diagnostics, plan: document } = await this.terraform.plan(folder);
    const results: Result[] = [];
    if (!document && batch.length > 1) {
      // Where one of them cannot be planned, none is; the others must not go unseen for it.
      for (const one of batch) results.push(...(await this.checkTogether([one])));
      return results;
    }
    for (const [index, one] of batch.entries()) {
      const { plan, conversion } = one;
      const findings = [
        ...fromDiagnostics("validate", ofModule(invalid, index), plan, conversion),
        ...fromDiagnostics("plan", ofModule(diagnostics, index), plan, conversion),
      ];
      results.push(
        await this.judge(one, findings, join(folder, moduleName(index)), document && partOf(document, index)),
      );
    }
    return results;
  }

  private async judge(
    one: Converted,
    told: readonly Finding[],
    folder: string,
    document: PlanDocument | undefined,
  ): Promise<Result> {
    const { combination, plan, conversion } = one;
    const scan = document && (await this.checkov?.scan(document, join(folder, "plan.json"), plan, conversion));
    const built = plan.resources.filter(({ custom }) => custom).length;
    const newer = conversion.newer.filter(({ path }) => path === "").length;
    const own = built - conversion.foreign.length - newer;
    const counts = { terraform: document?.resource_changes?.length ?? 0, ...(scan && { checkov: scan.scanned }) };
    const miscounted = Object.values(counts).some((count) => count !== own);
    const message = `${own} resources of AWS in the plan, ${JSON.stringify(counts)}`;
    const findings = [
      ...told,
      ...(scan?.findings ?? []),
      ...(miscounted ? [{ tool: "convert" as const, rule: "count", resource: combination.name, message }] : []),
    ];

    const { failing } = judge(findings);
    const verdict = failing.length > 0 ? color.red(`${failing.length} findings`) : color.green("ok");
    const seen = Object.entries(counts).map(([tool, count]) => `${tool} ${count}`);
    const others = conversion.foreign.length > 0 ? ` + ${conversion.foreign.length} of other providers` : "";
    const later = newer > 0 ? ` + ${newer} that only a newer provider knows` : "";
    const number = `[${++this.done}/${this.total}]`;
    say(`${number} ${combination.name.padEnd(56)} plan ${own}${others}${later}, ${seen.join(", ")}  ${verdict}`);
    for (const line of failing.flatMap(firstTime)) say(line);
    if (failing.length > 0) {
      say(`  config ${JSON.stringify(combination.config ?? {})}`);
      say(`  Terraform ${relative(process.cwd(), folder)}/main.tf.json`);
    }
    return { ...one, findings, ok: failing.length === 0 };
  }
}

/** The diagnostics of one module; what is about none of them is told of the first. */
const ofModule = (diagnostics: readonly Diagnostic[], wanted: number): readonly Diagnostic[] =>
  diagnostics.flatMap((diagnostic) => {
    const { index = 0, address } = splitAddress(diagnostic.address);
    return index === wanted ? [{ ...diagnostic, address }] : [];
  });

/** What is checked once for all combinations. */
const TOOLS: readonly {
  readonly what: string;
  readonly run: (
    python: Python,
    plans: readonly Plan[],
  ) => Promise<{ readonly said: string; readonly findings: readonly Finding[] }>;
}[] = [
  {
    what: "cfn-lint and parliament on every distinct resource and policy",
    run: async (python, plans) => {
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
  },
  {
    what: "shellcheck",
    run: async (python) => {
      const { checked, findings } = await shellcheck(python);
      return { said: `shellcheck: ${checked} scripts`, findings };
    },
  },
  {
    what: "hadolint",
    run: async (python) => {
      const { checked, findings } = await hadolint(python);
      return { said: `hadolint: ${checked} Dockerfile`, findings };
    },
  },
];

const WHAT_TO_DO = [
  "A finding names a resource of the plan. Mend it in the component that makes the resource, or in the settings that let the",
  'config pass, then check that combination alone: npm run test:provider -- "<part of its name>" (--seed N for a random one).',
  "What is wanted as it is gets a row with a reason in tests/provider/accepted.ts.",
].join("\n");

/** What has been printed already: one finding stands in many combinations. */
const printed = new Set<string>();

function firstTime({ tool, rule, resource, message }: Finding): string[] {
  const line = `  ${tool} ${rule}  ${resource}\n    ${message}`;
  if (printed.has(line)) return [];
  printed.add(line);
  return [color.red(line)];
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
  if (failing.length > 0) say(WHAT_TO_DO);
  // A part of the combinations, or a missing tool, says nothing about what the others would have found.
  if (!complete) return failing.length === 0;
  for (const { tool, rule, reason } of stale)
    say(color.red(`  not needed any more in accepted.ts: ${tool} ${rule} (${reason})`));
  return failing.length === 0 && stale.length === 0;
}

if (require.main === module) {
  const { values, positionals } = parseArgs({ options: { seed: { type: "string" } }, allowPositionals: true });
  main(positionals[0], values.seed).then(
    (ok) => process.exit(ok ? 0 : 1),
    (error: unknown) => {
      say(color.red(error instanceof Error ? (error.stack ?? error.message) : String(error)));
      process.exit(1);
    },
  );
}
