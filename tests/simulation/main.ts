import { parseArgs } from "node:util";
import { check } from "./check";
import { shortcuts } from "./engine";
import { MENDS } from "./mends";
import { onlyWhatVisitorsNeed } from "./small";

/** Histories between two lines of progress. */
const STEP = 100;

/** `npm run test:histories -- --runs 10000 --seed 1 [--without ready]`: random lives of a stack, on the real program and gates. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "10000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      without: { type: "string" },
    },
  });
  const [runs, seed] = [Number(values.runs), Number(values.seed)];
  const without = values.without === undefined ? undefined : MENDS[values.without];
  if (values.without !== undefined && !without) {
    throw new Error(`--without takes one of ${Object.keys(MENDS).join(", ")} (got "${values.without}")`);
  }
  process.env.VERCEL_API_TOKEN ??= "test";
  shortcuts();
  onlyWhatVisitorsNeed();
  console.log(`${runs} histories, seed ${seed}${values.without ? `, without ${values.without}` : ""}`);
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const found = await check({
    runs,
    seed,
    ...(without ? { without } : {}),
    progress: (done) => {
      if (done % STEP === 0) console.log(`${done} of ${runs}, ${seconds()} s`);
    },
  });
  const ends = Object.entries(found.ends).map(([end, count]) => `${count} ${end}`);
  console.log(`${found.runs} histories, ${found.updates} updates (${ends.join(", ")}), ${seconds()} s`);
  if (found.failure) {
    console.log(`Violated:\n  ${found.failure.violations.join("\n  ")}`);
    console.log(`by the history\n${JSON.stringify(found.failure.history, null, 2)}`);
  } else console.log("No violation.");
  // A run without a mend has to find what the mend is for.
  process.exitCode = Boolean(found.failure) === Boolean(without) ? 0 : 1;
}

void main().catch((error) => {
  console.error(error);
  process.exitCode = 2;
});
