/**
 * Suites in the order in which CI runs them (types: table.d.mts). `.ci/run` is made of this table, CONTRIBUTING.md shows it, and
 * tests/unit/house/suites.test.ts holds both to it and to the scripts of package.json.
 */

export const SHARES = {
  "install, unit, lint, plans": 22,
  "provider, emulator, account": 45,
  "browser, drills, workflows": 21,
  "CLI of the engine": 20,
  engine: 10,
  "container, server, release, vercel": 60,
};

const PYTHON = { commands: ["python3", "python3:ensurepip"], packages: "python3 python3-venv" };
const PULUMI = { commands: ["pulumi"], packages: "" };
const BUSY = "it measures a machine that does nothing else";
const drill = (kind) => `npm run --silent drill -- ${kind} --seed \${DRILL_SEED:-1}`;
/** PostgreSQL's programs lie in a folder of their version: pg_lsclusters is what comes with them. */
const SERVERS = {
  commands: ["nginx", "pg_lsclusters", "haproxy", "openssl", "curl"],
  packages: "nginx postgresql haproxy openssl curl",
};
const REGISTRY = {
  commands: ["docker-registry", "pg_lsclusters"],
  packages: "docker-registry postgresql",
  optional: true,
};
const UNPROVEN = "NOT PROVEN, as there is no Pulumi CLI, which is built for who names this suite";
const MOUNTS = "it mounts a log volume and runs PostgreSQL as another user";

export const SUITES = [
  ...rows("install, unit, lint, plans", [
    { name: "install", seconds: 240, run: "npm ci --no-audit --no-fund" },
    { name: "test", seconds: 300, run: "npm test" },
    { name: "recovery", seconds: 180, run: "npm run --silent test:recovery" },
    {
      name: "histories",
      seconds: 300,
      run: "npm run --silent test:histories -- --runs 500 --seed ${HISTORIES_SEED:-1}",
    },
    { name: "lint", seconds: 120, run: "npm run --silent lint" },
    { name: "plans", seconds: 90, run: "node tests/command/plans.mjs" },
    { name: "wrong-config", seconds: 60, run: "node tests/command/wrong-config.mjs" },
  ]),
  {
    name: "engine-cli",
    share: "CLI of the engine",
    seconds: 1200,
    // Not for everybody: cold it takes two cores for some ten minutes, which the suites beside it would have to bear.
    for: ["engine", "killed", "engine-whole"],
    needs: { commands: ["go|python3:ensurepip"], packages: PYTHON.packages },
    run: "tests/engine/cli/build.sh",
    background: true,
    path: true,
  },
  ...rows("provider, emulator, account", [
    // The environment of Python checks is made once, by the first; this folder is there when it is done.
    {
      ...{ name: "emulator", seconds: 2400, run: "npm run --silent test:emulator", needs: PYTHON },
      ...{ background: true, ready: ".cache/emulator" },
    },
    { name: "provider", seconds: 1800, run: "npm run --silent test:provider", needs: PYTHON },
    { name: "account", seconds: 900, run: "npm run --silent test:account", needs: PYTHON },
  ]),
  ...rows("browser, drills, workflows", [
    {
      ...{ name: "workflows", seconds: 180, run: "npm run --silent test:workflows", needs: PYTHON },
      after: ["emulator"],
    },
    {
      ...{ name: "browser", seconds: 180, run: "npm run --silent test:browser" },
      needs: { commands: ["chromium"], packages: "chromium" },
    },
    { name: "drill-single", seconds: 240, run: drill("single"), needs: SERVERS, root: MOUNTS },
    { name: "drill-skew", seconds: 600, run: drill("skew"), needs: SERVERS, root: MOUNTS },
    { name: "drill-balanced", seconds: 600, run: drill("balanced"), needs: SERVERS, root: MOUNTS, alone: BUSY },
    { name: "drill-data", seconds: 600, run: drill("data"), needs: SERVERS, root: MOUNTS, alone: BUSY },
  ]),
  // In what is not run by name the model that the histories play on is held against the real engine, and each kind of
  // request is killed once.
  ...rows("engine", [
    { name: "engine", seconds: 120, run: 'npm run --silent test:engine -- --grep "the modelled engine"' },
    { name: "killed", seconds: 480, run: "npm run --silent test:engine -- --kill" },
    { name: "engine-whole", seconds: 7200, run: "npm run --silent test:engine", alone: "it takes an hour" },
  ]).map((suite) => ({ ...suite, needs: PULUMI, after: ["engine-cli"], lacking: UNPROVEN })),
  ...rows("container, server, release, vercel", [
    {
      ...{ name: "container", seconds: 1200, run: "npm run --silent test:container" },
      root: "it builds and runs containers",
      needs: {
        commands: ["podman", "buildah", "runc", "debootstrap", "catatonit", "jq", "openssl", "pg_lsclusters"],
        packages:
          "podman buildah runc debootstrap debian-archive-keyring catatonit netavark iptables jq openssl postgresql",
      },
    },
    {
      ...{ name: "server", seconds: 900, run: "npm run --silent test:server" },
      root: "it runs systemd in a container",
      needs: {
        commands: ["podman", "runc", "nginx", "openssl", "curl", "jq", "ss", "systemd-run"],
        packages: "podman runc nginx openssl curl jq iproute2 systemd",
      },
    },
    { name: "release", seconds: 900, run: "npm run --silent test:release", needs: REGISTRY },
    { name: "vercel", seconds: 600, run: "npm run --silent test:vercel", needs: REGISTRY },
  ]),
];

export function together(suites, secondsOf) {
  const sum = suites.reduce((all, suite) => all + (suite.background ? 0 : secondsOf(suite)), 0);
  return Math.max(sum, ...suites.map(secondsOf));
}

/** Suites of one share. */
function rows(share, suites) {
  return suites.map((suite) => ({ ...suite, share }));
}

export function asMarkdown() {
  const cells = SUITES.map(({ name, run, seconds, needs, root, alone, lacking, for: others }) => [
    name,
    `\`${run.replace("--silent ", "")}\``,
    String(seconds),
    [...(root ? ["root"] : []), ...(needs?.packages ? [needs.packages] : (needs?.commands ?? []))].join(", "),
    [
      ...(alone ? [`by its name alone: ${alone}`] : []),
      ...(others ? [`with ${others.join(", ")}`] : []),
      ...(lacking ? [lacking] : []),
    ].join("; "),
  ]);
  const lines = [["suite", "command", "seconds", "needs (Debian)", "when"], Array(5).fill("---"), ...cells];
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}
