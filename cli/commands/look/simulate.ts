import { Command, Option } from "commander";
import { UserError } from "../../../core/errors";
import { HOURS_PER_MONTH } from "../../../insight/cost/cost-item";
import { bad, good, muted, strong, table, text } from "../../../output/document";
import { duration } from "../../../output/format";
import { toTerminal } from "../../../output/terminal";
import {
  RESOLVERS,
  type SimulationOptions,
  type SimulationRow,
  simulateFlips,
} from "../../../stacks/simulation/simulation";
import { withProgress } from "../../lib/progress";
import { chooseStack, inFolder } from "../../lib/stack-files";
import { loadPlanner, type Planner } from "../../planner/load";

interface Options {
  readonly stack?: string;
  readonly drain: readonly string[];
  readonly overstay?: string;
  readonly overstaySeconds?: string;
  readonly requestsPerSecond?: string;
  readonly flips: string;
  readonly seed: string;
  readonly json: boolean;
  readonly cwd: string;
}

interface Bounds {
  readonly from?: number;
  /** `from` itself is too little. */
  readonly above?: true;
  readonly to?: number;
  readonly whole?: true;
}

/** A number of the command line. */
function numberOf(
  option: string,
  value: string,
  { from = 0, above, to = Number.POSITIVE_INFINITY, whole }: Bounds = {},
): number {
  const parsed = Number(value);
  const fits =
    Number.isFinite(parsed) &&
    (above ? parsed > from : parsed >= from) &&
    parsed <= to &&
    (!whole || Number.isInteger(parsed));
  if (value.trim() !== "" && fits) return parsed;
  const range = Number.isFinite(to) ? `from ${from} to ${to}` : above ? `above ${from}` : `of ${from} or more`;
  throw new UserError(`${option} must be a ${whole ? "whole " : ""}number ${range} (got "${value}").`);
}

/** What the options take, where it is not any number of 0 or more. */
const BOUNDS: Readonly<Record<string, Bounds>> = {
  "--overstay": { to: 100 },
  // Without requests every row says 0, which proves nothing.
  "--requests-per-second": { above: true },
  // A hundred thousand take a quarter of an hour, and tell little that a thousand do not.
  "--flips": { from: 1, to: 100_000, whole: true },
};

const DRAINS = ["0", "60", "300", "900", "3600"];

/** What is simulated, and what came of it. */
interface Report extends SimulationOptions {
  readonly stack: string;
  readonly rows: readonly SimulationRow[];
}

/** The simulation with a stack's TTL, gates and traffic. */
function simulate(planner: Planner, options: Options): Report {
  const stack = chooseStack(planner.listStacks(), options.stack);
  const { settings } = planner.context(stack);
  const given = (option: string, value: string | undefined, fallback: number) =>
    value === undefined ? fallback : numberOf(option, value, BOUNDS[option]);
  const perSecond = settings.usage.requestsPerMonth / (HOURS_PER_MONTH * 3600);
  const asked: SimulationOptions = {
    ttl: settings.domain.ttl,
    drainSeconds: settings.gates.drainSeconds,
    drains: options.drain.flatMap((list) => list.split(",")).map((one) => numberOf("--drain", one)),
    visitors: {
      ...RESOLVERS,
      requestsPerSecond: given("--requests-per-second", options.requestsPerSecond, perSecond),
      overstayShare: given("--overstay", options.overstay, RESOLVERS.overstayShare * 100) / 100,
      overstaySeconds: given("--overstay-seconds", options.overstaySeconds, RESOLVERS.overstaySeconds),
    },
    flips: numberOf("--flips", options.flips, BOUNDS["--flips"]),
    seed: numberOf("--seed", options.seed),
  };
  return { stack, ...asked, rows: simulateFlips(asked) };
}

const count = (requests: number) => (requests === 0 ? "0" : requests < 0.05 ? "< 0.1" : requests.toFixed(1));

const NAMES: Readonly<Record<SimulationRow["gates"], string>> = {
  both: "both",
  "without ready": "no gate before",
  "without settled": "no gate behind",
};

const COLUMNS = ["drain", "Lost a flip", "1 of 20", "not up yet", "deleted", "At risk", "Old tier kept"];

/** The report as a table. */
export function renderSimulation({ stack, flips, seed, ttl, visitors, rows }: Report): string {
  const { requestsPerSecond, overstayShare, overstaySeconds } = visitors;
  return toTerminal({
    title: `${stack}: ${flips} flips a row, seed ${seed}`,
    blocks: [
      text(
        `${requestsPerSecond.toPrecision(3)} requests a second, TTL ${ttl} s; `,
        `${(overstayShare * 100).toFixed(2)} % of resolvers keep an answer for ${duration(overstaySeconds)} too long on average.`,
      ),
      table(
        ["Gates", ...COLUMNS.map((title) => ({ title, numeric: true }))],
        rows.map(({ gates, drainSeconds, mean, p95, by, exposed, keptSeconds }) => [
          gates === "both" ? NAMES.both : bad(NAMES[gates]),
          `${drainSeconds} s`,
          strong(count(mean)),
          count(p95),
          count(by.unready),
          count(by.gone),
          exposed === 0 ? good("0") : bad(`${exposed} of ${flips}`),
          duration(keptSeconds),
        ]),
      ),
      text(
        "Lost a flip: requests that found no tier, on average; 1 of 20: in the worst flip of twenty. By cause: sent to a tier that was ",
        "not up yet, or was deleted. Old tier kept: from when traffic may move until it may go, on average.",
      ),
      text(
        "At risk: flips in which a resolver that keeps to TTL could have sent a visitor to a tier that did not serve.",
      ),
      text(
        "Who has to answer before traffic moves, and when the old tier may go, is asked of what the gates ask. ",
        "`iamvet:gates.drainSeconds` sets the drain.",
      ),
      text(
        muted(
          `That ${(RESOLVERS.overstayShare * 100).toFixed(2)} % of resolvers overstay was measured ` +
            "(PAM 2023, ttl-violation-study.github.io); for how long is an assumption.",
        ),
      ),
    ],
  });
}

/** `platform simulate`: what flips lose, in a simulation. */
export function simulateCommand(load: typeof loadPlanner = loadPlanner): Command {
  return new Command("simulate")
    .description(
      "Requests that changes of architecture lose to resolvers that keep answers too long, as a function of drain, and without gates",
    )
    .option("-s, --stack <name>", "the stack whose TTL, gates and traffic are taken")
    .addOption(
      new Option("--drain <seconds...>", "values of gates.drainSeconds to try beside the stack's").default(
        DRAINS,
        DRAINS.join(" "),
      ),
    )
    .option("--overstay <percent>", `resolvers that keep answers too long (default: ${RESOLVERS.overstayShare * 100})`)
    .option("--overstay-seconds <seconds>", `how much too long, on average (default: ${RESOLVERS.overstaySeconds})`)
    .option("--requests-per-second <rate>", "visitors' requests (default: usage.requestsPerMonth)")
    .option("--flips <count>", "flips a row", "200")
    .option("--seed <number>", "the same seed gives the same report", "1")
    .option("--json", "print as JSON", false)
    .addOption(inFolder())
    .action(async (options: Options) => {
      const report = await withProgress("Playing flips", () =>
        load(options.cwd).then((planner) => simulate(planner, options)),
      );
      console.log(options.json ? JSON.stringify(report, null, 2) : renderSimulation(report));
    });
}
