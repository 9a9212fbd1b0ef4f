import assert from "node:assert/strict";
import { Account, type Case, type Hour, MAX_PER_HOUR } from "../../../recovery/model";
import { Scripts } from "../../../recovery/scripts";

const FAULTS = ["none", "filled", "app", "nginx", "disk", "hung", "hardware"] as const;
const CHECKS = ["ok", "instance", "system"] as const;
const FLAGS = [
  ...["thrashing", "reachable", "firstBoot", "armed", "muted", "databaseDown", "elasticIp"],
  ...["locked", "dnsWrong", "certificateExpired", "groupClosed", "blind"],
] as (keyof Case)[];

/** So many matters at once `npm test` tries; all of them are the part `recovery` of CI, by `npm run test:recovery`. */
const MOST = process.env.EVERY_COMBINATION ? FLAGS.length : 3;

const calm: Case = {
  ...{ fault: "none", thrashing: false, reachable: true, checks: "ok", firstBoot: false, armed: true, muted: false },
  ...{ databaseDown: false, elasticIp: true, locked: false, dnsWrong: false, certificateExpired: false },
  ...{ groupClosed: false, blind: false, reading: "right", noCapacity: false, customerKey: false },
};

function* combinations(): Generator<Case> {
  for (const fault of FAULTS) {
    for (const checks of CHECKS) {
      for (let bits = 0; bits < 2 ** FLAGS.length; bits++) {
        const flags = Object.fromEntries(FLAGS.map((flag, index) => [flag, Boolean(bits & (1 << index))]));
        const at = { ...calm, ...flags, fault, checks };
        if (FLAGS.filter((flag) => at[flag] !== calm[flag]).length > MOST) continue;
        yield at;
        // Where it could be armed by mistake: nothing is the matter with the server.
        if (fault === "none" && !at.armed) for (const reading of ["wrong", "none"] as const) yield { ...at, reading };
      }
    }
  }
}

/** Why nothing may be taken away for the whole hour, whatever else is the matter. */
const held = ({ armed, muted, databaseDown, groupClosed, blind }: Case) =>
  !armed || muted || databaseDown || groupClosed || blind;

/** Rungs that a case takes where nothing holds them back: the lowest that can help, and none that cannot. */
function rungsOf({ fault, thrashing, reachable, checks, elasticIp }: Case): string[] {
  // A reboot would stay on a machine that fails its check.
  const machine = checks !== "system" ? ["reboot"] : elasticIp ? ["stop"] : [];
  const commanded = { none: [], filled: [], app: ["restartApp"], nginx: ["restartNginx"], disk: ["freeDisk"] };
  if (fault === "hung" || fault === "hardware") return machine;
  // A boot starts app and Nginx, and empties no disk.
  if (thrashing) return machine.length > 0 && fault === "disk" && reachable ? [...machine, "freeDisk"] : machine;
  if (reachable) return commanded[fault];
  // Where something answers (502, 500) the machine lives, and nothing from outside is gentle enough.
  return fault === "nginx" ? machine : [];
}

/** Whether those rungs mend it. */
function healed(at: Case): boolean {
  const rungs = rungsOf(at);
  if (at.fault === "hardware") return rungs.includes("stop");
  return rungs.length > 0 && (at.fault !== "disk" || rungs.includes("freeDisk"));
}

const asText = (at: Case) =>
  Object.entries(at)
    .filter(([key, value]) => value !== calm[key as keyof Case])
    .map(([key, value]) => (value === true ? key : `${key}=${value}`))
    .join(" ") || "calm";

describe("the recovery, for every combination of what may be the matter", function () {
  this.timeout(600_000);
  const scripts = new Scripts();
  after(() => scripts.stop());
  const hourOf = (at: Partial<Case>): Promise<Hour> => new Account({ ...calm, ...at }, scripts).hour();

  it("takes nothing away while the site answers, nor in a first boot, and heals on the lowest rung that can", async () => {
    let [count, runs] = [0, 0];
    for (const at of combinations()) {
      const hour = await new Account(at, scripts).hour();
      count++;
      runs += hour.runs;
      const title = `${asText(at)}: ${JSON.stringify(hour.taken)} ${hour.outcomes}`;
      const { taken } = hour;
      assert.ok(!taken.some(({ answered }) => answered), `while the site answers: ${title}`);
      assert.ok(!taken.some(({ firstBoot }) => firstBoot), `in a first boot: ${title}`);
      assert.ok(hour.runs <= MAX_PER_HOUR + (at.armed ? 0 : 1), `too many runs: ${title}`);
      const understood = at.reading === "right" && at.fault === "none" && at.reachable && !at.certificateExpired;
      if (!at.armed && !understood) assert.equal(hour.memory.armedAt, undefined, `armed itself: ${title}`);
      if (held(at) || at.locked) assert.deepEqual(taken, [], `held back: ${title}`);
      else {
        const rungs = hour.taken.map(({ rung }) => rung);
        assert.deepEqual([...new Set(rungs)], rungsOf(at), title);
        if (healed(at)) assert.ok(hour.answersInTheEnd, `not healed: ${title}`);
      }
    }
    if (MOST === FLAGS.length) assert.equal(count, (FAULTS.length + 1) * CHECKS.length * 2 ** FLAGS.length);
    console.log(`      ${count} combinations, ${runs} runs of the automation`);
  });

  /** The table in the small: one matter at a time. Rungs, minutes until the site is back, and outcomes of the runs. */
  const table: readonly (readonly [at: Partial<Case>, rungs: string, minutes: number, outcomes: string])[] = [
    [{}, "", 0, ""],
    [{ fault: "app" }, "restartApp", 2, "recovered"],
    [{ fault: "nginx" }, "restartNginx", 2, "recovered"],
    [{ fault: "disk" }, "freeDisk", 2, "recovered"],
    [{ fault: "hung" }, "reboot", 15, "recovered"],
    [{ thrashing: true }, "reboot", 25, "held,recovered"],
    [{ fault: "hardware", checks: "system" }, "stop", 20, "recovered"],
    [{ fault: "hardware", checks: "system", elasticIp: false }, "", 0, ""],
    [{ fault: "app", firstBoot: true }, "restartApp", 20, "recovered"],
    [{ fault: "app", certificateExpired: true }, "restartApp", 4, "recovered"],
    [{ fault: "app", dnsWrong: true }, "restartApp", 2, "recovered"],
    [{ fault: "app", reachable: false }, "", 0, ""],
    [{ fault: "app", armed: false }, "", 0, ""],
    [{ fault: "app", muted: true }, "", 0, ""],
    [{ fault: "app", locked: true }, "", 0, "skipped,skipped,skipped"],
    [{ fault: "hung", blind: true }, "", 0, ""],
    [{ fault: "hung", groupClosed: true }, "", 0, ""],
    [{ databaseDown: true }, "", 0, ""],
    [{ reachable: false }, "", 0, ""],
    [{ reachable: false, armed: false }, "", 0, ""],
    [{ fault: "hardware", checks: "system", noCapacity: true }, "stop", 40, "failed,failed,recovered"],
    [{ fault: "hardware", checks: "system", customerKey: true }, "", 0, ""],
    [{ armed: false }, "", 0, "healthy"],
    [{ armed: false, reading: "wrong" }, "", 0, "answers"],
    [{ armed: false, reading: "none" }, "", 0, "answers"],
    [{ armed: false, fault: "filled" }, "", 0, "answers"],
    [{ fault: "filled" }, "", 0, ""],
    [{ dnsWrong: true }, "", 0, ""],
    [{ certificateExpired: true }, "", 0, ""],
    [{ checks: "system" }, "", 0, ""],
    [{ checks: "instance" }, "", 0, ""],
  ];
  for (const [at, rungs, minutes, outcomes] of table) {
    it(`${asText({ ...calm, ...at })}: ${rungs || "no rung"}${minutes ? `, back within ${minutes} minutes` : ""}`, async () => {
      const hour = await hourOf(at);
      assert.equal(hour.taken.map(({ rung }) => rung).join(), rungs);
      assert.equal(hour.outcomes.join(), outcomes);
      if (minutes > 0) assert.ok((hour.backAfter ?? 99) <= minutes, `back after ${hour.backAfter}`);
    });
  }
});
