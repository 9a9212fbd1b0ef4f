import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { DEPLOY_SESSION } from "../../components/foundation/ci-access";
import { run } from "../provider/terraform";

const root = join(__dirname, "../..");

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly steps: readonly Step[];
  readonly needs?: string;
  readonly environment?: string;
  readonly "runs-on": string;
  readonly "timeout-minutes"?: number;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly defaults?: { readonly run?: { readonly shell?: string } };
}
interface Workflow {
  readonly jobs: Readonly<Record<string, Job>>;
  readonly defaults?: Job["defaults"];
  readonly concurrency?: unknown;
}

const workflow = (name: string) => parse(readFileSync(join(root, ".github/workflows", name), "utf8")) as Workflow;
const action = parse(readFileSync(join(root, ".github/actions/pulumi/action.yml"), "utf8")) as {
  readonly runs: { readonly steps: readonly Step[] };
};

/** Every script of the workflows and of the action, with the shell that GitHub gives it. */
const scripts = [
  ...readdirSync(join(root, ".github/workflows")).flatMap((file) => {
    const { jobs, defaults } = workflow(file);
    return Object.entries(jobs).flatMap(([job, { steps, defaults: own }]) =>
      steps.map((step) => ({
        where: `${file} ${job}`,
        step,
        shell: step.shell ?? own?.run?.shell ?? defaults?.run?.shell,
      })),
    );
  }),
  ...action.runs.steps.map((step) => ({ where: "action pulumi", step, shell: step.shell })),
].flatMap(({ where, step, shell }) =>
  step.run
    ? [{ name: `${where}: ${step.name ?? step.run.split("\n")[0]}`, text: step.run, env: step.env ?? {}, shell }]
    : [],
);

/** How GitHub starts a shell. Source: docs.github.com, workflow syntax, `jobs.<job_id>.steps[*].shell`, 2026-11. */
const SHELLS: Readonly<Record<string, readonly string[]>> = {
  unspecified: ["-e"],
  bash: ["--noprofile", "--norc", "-eo", "pipefail"],
};
const flagsOf = (shell = "unspecified") =>
  SHELLS[shell] ?? assert.fail(`a shell that this test does not know: ${shell}`);

/** Stands for a program of the runner: notes its call, says something, and fails if it is the one that is to. */
const SHIM = `#!/bin/bash
printf '%s\\n' "$(basename "$0") $*" >> "$CALLS"
echo "said by $(basename "$0")"
[ "$(wc -l < "$CALLS")" != "$FAIL_AT" ] || exit 7
`;
const PROGRAMS = ["npm", "npx", "pulumi", "gh", "docker", "aws"];

describe("the scripts of the workflows", function () {
  this.timeout(60_000);
  let bin: string;
  before(() => {
    bin = mkdtempSync(join(tmpdir(), "runner-"));
    for (const program of PROGRAMS) writeFileSync(join(bin, program), SHIM, { mode: 0o755 });
  });
  after(() => rmSync(bin, { recursive: true, force: true }));

  /** Runs a script as GitHub does, in an empty folder; the call of a program with the given number fails. */
  async function ran({ text, env, shell }: (typeof scripts)[number], failing = 0, more: Record<string, string> = {}) {
    const folder = mkdtempSync(join(bin, "work-"));
    const [script, calls, summary] = [join(folder, "script.sh"), join(folder, ".calls"), join(folder, ".summary")];
    mkdirSync(join(folder, "before"));
    mkdirSync(join(folder, "after"));
    writeFileSync(script, text);
    writeFileSync(calls, "");
    writeFileSync(summary, "");
    const values = Object.entries(env).map(([key, value]) => [key, value.replace(/\$\{\{.*?\}\}/g, "value")] as const);
    const { code } = await run("bash", [...flagsOf(shell), script], {
      cwd: folder,
      env: {
        ...Object.fromEntries(values),
        ...{ CALLS: calls, FAIL_AT: String(failing), GITHUB_STEP_SUMMARY: summary, PATH: `${bin}:${process.env.PATH}` },
        GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567",
        ...more,
      },
    });
    return {
      code,
      calls: readFileSync(calls, "utf8").split("\n").filter(Boolean),
      summary: readFileSync(summary, "utf8"),
    };
  }

  for (const script of scripts) {
    it(`${script.name}: ends well, and ends badly whichever of its programs fails`, async () => {
      const good = await ran(script);
      assert.equal(good.code, 0);
      assert.ok(good.calls.length > 0);
      for (const [at, call] of good.calls.entries()) {
        assert.notEqual((await ran(script, at + 1)).code, 0, `nobody hears that this failed: ${call}`);
      }
    });
  }

  it("have pipefail wherever something is piped", () => {
    assert.ok(scripts.length >= 8);
    for (const { name, text, shell } of scripts) {
      const piped = text.replace(/#.*|'[^']*'|"[^"]*"|\|\|/g, "").includes("|");
      assert.ok(!piped || flagsOf(shell).includes("pipefail"), name);
      assert.equal(shell, "bash", `${name}: the default of GitHub has no pipefail`);
    }
  });

  it("tell of drift in the summary, and end as the comparison did", async () => {
    const drift = scripts.find(({ name }) => name.startsWith("drift.yml")) ?? assert.fail("no drift job");
    const found = await ran(drift, 2);
    assert.equal(found.code, 7);
    assert.match(found.calls[1] ?? "", /^pulumi preview --refresh --expect-no-changes/);
    assert.match(found.summary, /said by pulumi/);
  });

  it("release one commit: staging builds it, prod takes what staging runs", async () => {
    const released = async (job: string) => {
      const found = scripts.find(({ name }) => name === `deploy.yml ${job}: release`) ?? assert.fail(job);
      return (await ran(found, 0, { COMMAND: "" })).calls;
    };
    assert.deepEqual(await released("staging"), [
      "npm run platform -- release --stack staging --release-version 0123456789ab --command ",
    ]);
    assert.deepEqual(await released("prod"), [
      "npm run platform -- release --stack prod --release-version 0123456789ab --promote-from staging --command ",
    ]);
  });
});

describe("the jobs of a deploy", () => {
  const { jobs, concurrency } = workflow("deploy.yml");

  it("wait for one another within an environment, and not between environments", () => {
    assert.equal(concurrency, undefined);
    const groups = Object.values(jobs).map((job) => job.concurrency);
    assert.deepEqual(
      groups.map((group) => group?.["cancel-in-progress"]),
      groups.map(() => false),
    );
    assert.equal(new Set(groups.map((group) => group?.group)).size, Object.keys(jobs).length);
    for (const [name, { environment, concurrency: own }] of Object.entries(jobs)) {
      assert.equal(environment, name);
      assert.equal(own?.group, `deploy-${name}`);
    }
  });

  it("have a session of AWS that outlasts them, and that the role allows", () => {
    for (const [name, job] of Object.entries(jobs)) {
      const session = Number(job.steps.find(({ uses }) => uses === "./.github/actions/pulumi")?.with?.session);
      assert.ok(
        session >= (job["timeout-minutes"] ?? 360) * 60,
        `${name}: ${session} s for ${job["timeout-minutes"]} min`,
      );
      assert.ok(session <= DEPLOY_SESSION, `${name}: ${session} s, and the role allows ${DEPLOY_SESSION}`);
    }
  });

  it("build on a runner of their own stack's processors, with a builder of their own", () => {
    for (const [name, job] of Object.entries(jobs)) {
      // A server of staging's is x86_64, and prod's images are for ARM; variables of an environment are unknown here.
      assert.equal(job["runs-on"], `\${{ vars.RUNNER_${name.toUpperCase()} || 'ubuntu-24.04-arm' }}`);
      assert.equal(job.steps.find(({ uses }) => uses === "./.github/actions/pulumi")?.with?.builds, "true");
    }
    const uses = action.runs.steps.map(({ uses: used = "" }) => used.split("@")[0]);
    assert.ok(uses.includes("docker/setup-buildx-action"));
    assert.ok(
      uses.indexOf("aws-actions/configure-aws-credentials") > uses.indexOf("docker/setup-buildx-action"),
      "what others wrote runs before there are credentials",
    );
  });
});
