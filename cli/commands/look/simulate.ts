import { Command } from "commander";
import pc from "picocolors";
import { UserError } from "../../../core/errors";
import { parseUsage } from "../../../core/usage";
import { HOURS_PER_MONTH } from "../../../insight/cost/cost-item";
import { duration } from "../../../output/format";
import { newTable } from "../../../output/terminal";
import {
  type SimulationReport,
  type SimulationRow,
  simulateFlips,
  VISITORS,
  type Visitors,
} from "../../../stacks/simulation/simulation";
import { withProgress } from "../../lib/progress";
import { chooseStack, inFolder } from "../../lib/stack-files";
import { loadPlanner, type Planner } from "../../planner/load";

interface Options {
  readonly stack?: string;
  readonly drain?: readonly string[];
  readonly overstay?: string;
  readonly overstaySeconds?: string;
  readonly requestsPerSecond?: string;
  readonly flips?: string;
  readonly seed?: string;
  readonly json: boolean;
  readonly cwd: string;
}

interface Bounds {
  readonly from?: number;
  readonly to?: number;
  readonly whole?: true;
}

/** A number of the command line. */
function numberOf(
  option: string,
  value: string,
  { from = 0, to = Number.POSITIVE_INFINITY, whole }: Bounds = {},
): number {
  const parsed = Number(value);
  const fits = Number.isFinite(parsed) && parsed >= from && parsed <= to && (!whole || Number.isInteger(parsed));
  if (value.trim() !== "" && fits) return parsed;
  const range = Number.isFinite(to) ? `from ${from} to ${to}` : `of ${from} or more`;
  throw new UserError(`${option} must be a ${whole ? "whole " : ""}number ${range} (got "${value}").`);
}

/** What the options take, where it is not any number of 0 or more. */
const BOUNDS: Readonly<Record<string, Bounds>> = {
  "--overstay": { to: 100 },
  // A hundred thousand take a quarter of an hour, and tell little that a thousand do not.
  "--flips": { from: 1, to: 100_000, whole: true },
};

/** The simulation with a stack's TTL, gates and traffic. */
async function simulate(planner: Planner, options: Options): Promise<SimulationReport & { stack: string }> {
  const stack = chooseStack(planner.listStacks(), options.stack);
  const { sections, usage } = planner.context(stack);
  const given = <T>(option: string, value: string | undefined, use: (parsed: number) => T) =>
    value === undefined ? {} : use(numberOf(option, value, BOUNDS[option]));
  const visitors: Partial<Visitors> = {
    requestsPerSecond: parseUsage(usage).requestsPerMonth / (HOURS_PER_MONTH * 3600),
    ...given("--requests-per-second", options.requestsPerSecond, (requestsPerSecond) => ({ requestsPerSecond })),
    ...given("--overstay", options.overstay, (percent) => ({ overstayShare: percent / 100 })),
    ...given("--overstay-seconds", options.overstaySeconds, (overstaySeconds) => ({ overstaySeconds })),
  };
  const drains = options.drain?.flatMap((list) => list.split(",")).map((one) => numberOf("--drain", one));
  const [{ liveGates, tiersToProve }, { encodeTraffic }] = await Promise.all([
    import("../../../stacks/gates"),
    import("../../../core/traffic-state"),
  ]);
  const report = await simulateFlips({
    code: { liveGates, tiersToProve, encodeTraffic },
    ttl: (sections.domain as { ttl?: number } | undefined)?.ttl ?? 60,
    gates: (sections.gates ?? {}) as NonNullable<Parameters<typeof simulateFlips>[0]["gates"]>,
    visitors,
    ...(drains ? { drains } : {}),
    ...given("--flips", options.flips, (flips) => ({ flips })),
    ...given("--seed", options.seed, (seed) => ({ seed })),
  });
  return { stack, ...report };
}

const count = (requests: number) => (requests === 0 ? "0" : requests < 0.05 ? "< 0.1" : requests.toFixed(1));

const NAMES: Readonly<Record<SimulationRow["gates"], string>> = {
  both: "both",
  "without ready": "no gate before",
  "without settled": "no gate behind",
};

/** The report as a table. */
export function renderSimulation(report: SimulationReport & { readonly stack: string }): string {
  const { stack, flips, seed, ttl, visitors, rows } = report;
  const table = newTable({
    head: ["Gates", "drain", "Lost a flip", "1 of 20", "not up yet", "deleted", "fell ill", "At risk", "Takes"],
    colAligns: ["left", ...Array(8).fill("right")],
  });
  for (const { gates, drainSeconds, mean, p95, by, exposed, seconds } of rows) {
    table.push([
      gates === "both" ? NAMES.both : pc.red(NAMES[gates]),
      `${drainSeconds} s`,
      pc.bold(count(mean)),
      count(p95),
      count(by.unready),
      count(by.gone),
      count(by.sick),
      exposed === 0 ? pc.green("0") : pc.red(`${exposed} of ${flips}`),
      duration(seconds),
    ]);
  }
  const { requestsPerSecond, overstayShare, overstaySeconds } = visitors;
  return [
    `${pc.bold(pc.underline(stack))}  ${flips} flips a row, seed ${seed}: ${requestsPerSecond.toPrecision(3)} requests a second, TTL ${ttl} s; ${(overstayShare * 100).toFixed(2)} % of resolvers keep an answer for ${duration(overstaySeconds)} too long on average.`,
    table.toString(),
    "Lost a flip: requests that found no tier, on average; 1 of 20: in the worst flip of twenty. By cause: sent to a tier that was",
    "not up yet, was deleted, or fell ill after it had been proven (which no gate foresees).",
    "At risk: flips in which a resolver that keeps to TTL could have sent a visitor to a tier that did not serve.",
    "The gates are the real ones, on a clock of their own; one flip in ten meets a tier that never comes up, one in five a failure or",
    "a crash at some step, one in five a TTL that was lowered just before by an update that was killed, and each is tried up to three",
    "times. `iamvet:gates.drainSeconds` sets the drain.",
    pc.dim(
      `That ${(VISITORS.overstayShare * 100).toFixed(2)} % of resolvers overstay was measured (PAM 2023, ttl-violation-study.github.io); for how long is an assumption.`,
    ),
  ].join("\n");
}

/** `platform simulate`: what flips lose, in a simulation. */
export function simulateCommand(load: typeof loadPlanner = loadPlanner): Command {
  return new Command("simulate")
    .description(
      "Requests that changes of architecture lose: the real gates in a simulation, as a function of drain, and without gates",
    )
    .option("-s, --stack <name>", "the stack whose TTL, gates and traffic are taken")
    .option("--drain <seconds...>", "values of gates.drainSeconds to try (default: 0 60 300 900 3600)")
    .option("--overstay <percent>", `resolvers that keep answers too long (default: ${VISITORS.overstayShare * 100})`)
    .option("--overstay-seconds <seconds>", `how much too long, on average (default: ${VISITORS.overstaySeconds})`)
    .option("--requests-per-second <rate>", "visitors' requests (default: usage.requestsPerMonth)")
    .option("--flips <count>", "flips a row (default: 200)")
    .option("--seed <number>", "the same seed gives the same report (default: 1)")
    .option("--json", "print as JSON", false)
    .addOption(inFolder())
    .action(async (options: Options) => {
      const report = await withProgress("Playing flips", () =>
        load(options.cwd).then((planner) => simulate(planner, options)),
      );
      console.log(options.json ? JSON.stringify(report, null, 2) : renderSimulation(report));
    });
}
