import { rmSync } from "node:fs";
import { join } from "node:path";
import color from "picocolors";
import type { Plan } from "../../core/plan-format";
import { fromDiagnostics, inParallel } from "../provider/checks";
import type { Combination } from "../provider/combinations";
import { type Conversion, convert } from "../provider/convert";
import { ACCOUNT, REGION } from "../provider/dummies";
import { Python } from "../provider/python/python";
import { CACHE, type Diagnostic, OFFLINE, PROVIDER_VERSION, Terraform } from "../provider/terraform";
import { type Account, prepare, prepareExisting, settle } from "./account";
import { type Case, cases } from "./cases";
import { type Clients, clientsOf } from "./clients";
import { lackText, withoutLacking } from "./lacking";
import { logging, ungranted } from "./logged";
import { Moto } from "./moto";
import { MUTANTS, type Mutant, planWith } from "./mutants";
import { CHECKS } from "./read-back";
import { World } from "./world";

const say = (line: string) => process.stdout.write(`${line}\n`);

/** What the suite counts. */
const counts = { passed: 0, failed: 0, skipped: 0 };
const lacking = new Set<string>();

function report(ok: boolean, line: string, problems: readonly string[] = []): void {
  counts[ok ? "passed" : "failed"]++;
  say(`  ${ok ? color.green("ok  ") : color.red("FAIL")} ${line}`);
  for (const problem of problems) say(color.red(`         ${problem.slice(0, 400)}`));
}

/** A plan as Terraform builds it in the emulator. */
interface Built {
  readonly plan: Plan;
  readonly conversion: Conversion;
  readonly folder: string;
}

/** One case in an emulator of its own: built, read back, and then with each of its mistakes. */
class Bench {
  private constructor(
    private readonly terraform: Terraform,
    private readonly moto: Moto,
    private readonly clients: Clients,
    private readonly account: Account,
    private readonly one: Combination,
  ) {}

  static async run(terraform: Terraform, python: Python, one: Case): Promise<void> {
    const moto = await Moto.start(python);
    try {
      const clients = clientsOf(moto.endpoint, REGION);
      const account = await prepare(clients, ACCOUNT);
      const taken = one.adopt?.(await prepareExisting(clients, account));
      const bench = new Bench(terraform, moto, clients, account, { ...one, config: { ...one.config, ...taken } });
      await bench.whole();
    } finally {
      moto.stop();
    }
  }

  private async whole(): Promise<void> {
    const started = Date.now();
    const { name } = this.one;
    const built = await this.write(await planWith(undefined, this.one));
    const log = join(built.folder, "provider.log");
    const env = { ...this.moto.env, ...logging(log) };
    const problems = errors("apply", await this.terraform.apply(built.folder, env), built);
    const state = await this.terraform.state(built.folder);
    const wanted = built.conversion.addresses.size;
    const seconds = Math.round((Date.now() - started) / 1000);
    say(color.bold(`${name}: ${state.size} of ${wanted} resources built in ${seconds} s`));
    report(problems.length === 0 && state.size === wanted, "the whole option is applied", problems);
    const { seen, problems: calls } = ungranted(log, built.plan, built.conversion);
    report(
      // A log that holds next to nothing judges nothing: the smallest option makes 75 kinds.
      seen > 60 && calls.length === 0,
      `each of ${seen} kinds of calls of the provider is in the table of calls`,
      calls,
    );
    if (problems.length > 0) return;
    const found = await this.readBack(built, report);
    // Mistakes in what is wrong already would be caught by what is wrong already.
    if (found.length > 0) return;
    for (const mutant of MUTANTS[name] ?? []) {
      const caught = await this.catches(await this.write(await planWith(mutant, this.one)), mutant);
      report(
        caught !== undefined,
        `mutant: ${mutant.what}\n         mocks accept it; ${caught ? `caught by ${caught.slice(0, 300)}` : "NOT caught"}`,
      );
    }
  }

  /** @returns what catches a plan with a mistake in it. What stands from before is changed to it, so only the mistake is built. */
  private async catches(built: Built, { resource, anew }: Mutant): Promise<string | undefined> {
    const { folder, plan, conversion } = built;
    const urn = anew && plan.resources.find(({ name, custom }) => custom && name === resource)?.urn;
    const replaced = urn ? conversion.addresses.get(urn) : undefined;
    const [invalid] = errors("validate", await this.terraform.validate(folder), built);
    if (invalid) return invalid;
    const [unplanned] = errors("plan", (await this.terraform.plan(folder, this.moto.env)).diagnostics, built);
    if (unplanned) return unplanned;
    const [refused] = errors("apply", await this.terraform.apply(folder, this.moto.env, replaced), built);
    if (refused) return refused;
    const [wrong] = await this.readBack(built, () => {});
    return wrong && `read-back: ${wrong}`;
  }

  private async write(planned: Plan): Promise<Built> {
    const { plan, taken } = withoutLacking(settle(planned, this.account));
    for (const row of taken) lacking.add(lackText(row));
    const conversion = convert(plan, this.terraform.schema, {
      version: PROVIDER_VERSION,
      region: REGION,
      // The emulator does not throttle: what it refuses, it refuses at once.
      provider: { ...OFFLINE, skip_requesting_account_id: false, s3_use_path_style: true, max_retries: 2 },
    });
    const folder = join(CACHE, "emulator", this.one.name.replace(/[^a-z0-9]+/gi, "-"));
    await this.terraform.write(folder, conversion);
    return { plan, conversion, folder };
  }

  private async readBack(built: Built, tell: typeof report): Promise<string[]> {
    const state = await this.terraform.state(built.folder);
    const zone = [...state].find(([address]) => address.startsWith("aws_route53_zone."))?.[1].zone_id;
    const domain = String(built.plan.outputs.url).replace("https://", "");
    const world = new World(this.clients, domain, typeof zone === "string" ? zone : this.account.zoneId);
    const all: string[] = [];
    for (const { name, problems } of CHECKS) {
      const found = await problems(world).catch((error: Error) => [`${error.name}: ${error.message}`]);
      if (!found) continue;
      tell(found.length === 0, name, found);
      all.push(...found);
    }
    return all;
  }
}

/** What Terraform or the provider refuses, by the resource's name in Pulumi. */
function errors(tool: string, diagnostics: readonly Diagnostic[], { plan, conversion }: Built): string[] {
  const wrong = diagnostics.filter(({ severity }) => severity === "error");
  return fromDiagnostics("plan", wrong, plan, conversion).map(
    ({ resource, message }) => `${tool}: ${resource}: ${message}`,
  );
}

async function main(only: string | undefined): Promise<boolean> {
  // An emulator ends with this process, also when it is stopped from outside.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  const started = Date.now();
  const [terraform, python] = [await Terraform.find(), await Python.find(say)];
  const reasons = [terraform, python].filter((found) => typeof found === "string");
  const wanted = cases.filter(({ name }) => !only || name.includes(only));
  if (typeof terraform === "string" || typeof python === "string") {
    for (const reason of reasons) say(color.yellow(`skipped  ${reason}`));
    counts.skipped = wanted.length;
  } else {
    rmSync(join(CACHE, "emulator"), { recursive: true, force: true });
    say(
      `${wanted.length} cases, each in a moto of its own, two at a time; the provider waits over a minute for a database`,
    );
    await inParallel(wanted, async (one) => {
      await Bench.run(terraform, python, one).catch((error: Error) => report(false, one.name, [error.message]));
    });
    say("taken out, since moto lacks it:");
    for (const row of [...lacking].sort()) say(`  ${row}`);
  }
  const { passed, failed, skipped } = counts;
  const seconds = Math.round((Date.now() - started) / 1000);
  say(`${passed} passed, ${failed} failed, ${skipped} skipped (emulator, ${seconds} s)`);
  return failed === 0;
}

main(process.argv[2]).then(
  (ok) => process.exit(ok ? 0 : 1),
  (error: unknown) => {
    say(color.red(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    process.exit(1);
  },
);
