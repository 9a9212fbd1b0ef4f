// `.ci/run [SUITE ...]`: the suites of table.mjs one after the other, or those that are named. What the machine lacks is installed where
// apt-get and root are there, else skipped, and a skip is said and counted. SLOWER=2 gives a machine that is twice as
// slow twice the seconds.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { SHARES, SUITES, together } from "./table.mjs";

const named = process.argv.slice(2);
const unknown = named.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(" ")}. There are: ${SUITES.map(({ name }) => name).join(" ")}`);
  process.exit(2);
}
const wanted = ({ name, for: others }) =>
  named.includes(name) || (others ? others.some((other) => named.includes(other)) : named.length === 0);
const slower = Number(process.env.SLOWER ?? 1);
if (!(slower > 0 && Number.isFinite(slower))) {
  console.error(`SLOWER must be a number above 0, as in SLOWER=2 .ci/run (got "${process.env.SLOWER}").`);
  process.exit(2);
}
const started = Date.now();
const seconds = (since) => Math.round((Date.now() - since) / 1000);
const running = new Set();
/** Each suite that was wanted: `passed`, `failed` or `skipped`, and its seconds. */
const results = new Map();

// Debian's servers lie in sbin.
process.env.PATH += ":/usr/sbin:/sbin";
Object.assign(process.env, { NEXT_TELEMETRY_DISABLED: "1", NODE_NO_WARNINGS: "1", NO_COLOR: "1" });
/** A suite ends with all that it started. */
function stop(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}
process.on("exit", () => {
  for (const child of running) stop(child, "SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

/** Whether a program is on PATH, or a module of Python is there, or one of several. */
const there = (names) =>
  names.split("|").some((name) => {
    const [program, module] = name.split(":");
    const [command, ...args] = module ? [program, "-c", `import ${module}`] : ["sh", "-c", `command -v ${program}`];
    return spawnSync(command, args, { stdio: "ignore" }).status === 0;
  });

/** What a suite needs and does not find, after an attempt to install the Debian packages that bring it. */
function missing({ commands, packages }) {
  const found = () => commands.filter((name) => !there(name));
  if (found().length === 0 || !packages || process.getuid() !== 0 || !there("apt-get")) return found();
  console.log(`== installing ${packages}`);
  const install = `apt-get update -qq && apt-get install -qq --yes --no-install-recommends ${packages}`;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status, stdout, stderr } = spawnSync("sh", ["-c", install], { env, encoding: "utf8" });
  if (status !== 0) console.log(`${stdout}${stderr}`.trim().split("\n").slice(-5).join("\n"));
  return found();
}

/** Why a suite does not run. */
function reasonToSkip({ name, alone, root, needs, lacking }) {
  if (alone && !named.includes(name)) return `${alone}: .ci/run ${name}`;
  if (root && process.getuid() !== 0) return `${root}: run it as root`;
  const lacks = needs ? missing(needs) : [];
  if (lacks.length === 0 || needs.optional) return undefined;
  if (lacking) return `${lacking}: .ci/run ${name}`;
  return `${lacks.join(", ")} missing (Debian: apt-get install ${needs.packages})`;
}

/** Runs a suite's command: what it printed, its exit code, and its seconds. In the background it prints when it has ended. */
function run({ run, seconds: most, background }) {
  const since = Date.now();
  return new Promise((ended) => {
    const child = spawn(run, { shell: true, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    if (background) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    let text = "";
    const end = setTimeout(
      () => {
        text += `stopped, as it took longer than its ${most * slower} s\n`;
        console.log(text.split("\n").at(-2));
        stop(child, "SIGTERM");
        setTimeout(() => stop(child, "SIGKILL"), 20_000).unref();
      },
      most * slower * 1000,
    );
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (data) => {
        text += data;
        if (!background) process.stdout.write(data);
      });
    child.on("close", (code) => {
      clearTimeout(end);
      running.delete(child);
      ended({ text, code: code ?? 1, seconds: seconds(since) });
    });
  });
}

/** A suite whose last lines say that nothing passed and something was skipped counts as skipped. */
const skippedItself = (text) =>
  /^0 passed, 0 failed, [1-9]\d* skipped/m.test(text.trimEnd().split("\n").slice(-8).join("\n")) ||
  (/^ +0 passing/m.test(text) && /^ +[1-9]\d* pending/m.test(text));

function settle({ name, seconds: most, path }, { text, code, seconds }) {
  const late = seconds > most * slower;
  const result = code !== 0 || late ? "failed" : skippedItself(text) ? "skipped" : "passed";
  results.set(name, { result, seconds });
  const told = { passed: `passed after ${seconds} s`, skipped: "skipped" };
  console.log(`== ${name} ${told[result] ?? `FAILED with exit code ${code} after ${seconds} s of ${most * slower}`}`);
  if (path && result === "passed") process.env.PATH = `${text.trimEnd().split("\n").at(-1)}:${process.env.PATH}`;
}

/** Suites that run beside the others, until their results are wanted. */
const beside = new Map();
async function settleBeside(names) {
  for (const [suite, result] of beside) {
    if (!names.includes(suite.name)) continue;
    beside.delete(suite);
    console.log(`== ${suite.name}, which runs beside the others`);
    const ended = await result;
    process.stdout.write(ended.text);
    settle(suite, ended);
  }
}

for (const suite of SUITES.filter(wanted)) {
  const { name, background, ready, after = [] } = suite;
  // Built already, as on a developer's machine.
  if (suite.path && there("pulumi")) continue;
  await settleBeside(after);
  const reason = reasonToSkip(suite);
  if (reason) {
    results.set(name, { result: "skipped", seconds: 0 });
    console.log(`== ${name} skipped: ${reason}`);
    continue;
  }
  console.log(`== ${name}`);
  if (ready) rmSync(ready, { recursive: true, force: true });
  const result = run(suite);
  if (!background) settle(suite, await result);
  else {
    let over = false;
    result.then(() => (over = true));
    while (ready && !over && !existsSync(ready)) await sleep(500);
    beside.set(suite, result);
  }
  // Nothing runs without its packages.
  if (name === "install" && results.get(name).result === "failed") break;
}
await settleBeside([...beside.keys()].map(({ name }) => name));

console.log("\nshare of a cold run                  minutes  of");
for (const [share, most] of Object.entries(SHARES)) {
  const mine = SUITES.filter((suite) => suite.share === share && results.has(suite.name));
  const minutes = together(mine, ({ name }) => results.get(name).seconds) / 60;
  if (minutes > 0) console.log(`${share.padEnd(36)} ${minutes.toFixed(1).padStart(7)} ${String(most).padStart(3)}`);
}
const of = (wanted) => [...results].flatMap(([name, { result }]) => (result === wanted ? [name] : []));
console.log(
  `\n${of("passed").length} passed, ${of("failed").length} failed, ${of("skipped").length} skipped in ${seconds(started)} s`,
);
for (const kind of ["skipped", "failed"]) if (of(kind).length > 0) console.log(`${kind}: ${of(kind).join(" ")}`);
process.exitCode = of("failed").length > 0 ? 1 : 0;
