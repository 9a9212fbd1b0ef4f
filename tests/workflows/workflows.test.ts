import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CACHE, run } from "../provider/terraform";
import { needed } from "../skip";

const root = join(__dirname, "../..");
const ACTIONLINT = "v1.7.12";
const ZIZMOR = "1.32.0";

/** A workflow that both linters must find fault with, so that a linter that looks at nothing is noticed. */
const planted = `on: pull_request_target
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - run: echo \${{ github.event.pull_request.title }}
      - run: echo \${{ vars.NAME }} \${{ nothing.here }}
`;

describe("the workflows", function () {
  this.timeout(600_000);
  let bad: string;

  before(() => {
    bad = mkdtempSync(join(tmpdir(), "workflows-"));
    mkdirSync(join(bad, ".github/workflows"), { recursive: true });
    writeFileSync(join(bad, ".github/workflows/bad.yml"), planted);
  });
  after(() => rmSync(bad, { recursive: true, force: true }));

  it("have no finding of actionlint", async function () {
    const { program } = needed(this, await actionlint());
    const files = readdirSync(join(root, ".github/workflows")).map((file) => join(".github/workflows", file));
    const found = await run(program, ["-no-color", ...files], { cwd: root });
    assert.equal(found.code, 0, found.stdout + found.stderr);
    const noticed = await run(program, ["-no-color", ".github/workflows/bad.yml"], { cwd: bad });
    assert.match(noticed.stdout, /potentially untrusted/);
    assert.match(noticed.stdout, /undefined variable "nothing"/);
  });

  it("have no finding of zizmor", async function () {
    const { program } = needed(this, await zizmorProgram());
    const zizmor = (folder: string) =>
      run(program, ["--offline", "--no-progress", "--color=never", "."], { cwd: folder });
    const found = await zizmor(join(root, ".github"));
    assert.equal(found.code, 0, found.stdout + found.stderr);
    const noticed = await zizmor(join(bad, ".github"));
    assert.notEqual(noticed.code, 0);
    for (const audit of ["unpinned-uses", "dangerous-triggers", "template-injection"])
      assert.match(noticed.stdout, new RegExp(audit));
  });

  it("pin every action to a commit, with its version beside it", () => {
    const files = [
      ...readdirSync(join(root, ".github/workflows")).map((file) => join(".github/workflows", file)),
      ".github/actions/pulumi/action.yml",
    ];
    for (const file of files) {
      for (const line of readFileSync(join(root, file), "utf8")
        .split("\n")
        .filter((text) => /\buses:/.test(text))) {
        assert.match(
          line,
          /uses: (\.\/\S+|[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/,
          `${file}: ${line.trim()}`,
        );
      }
    }
  });
});

/** actionlint from PATH, or built by Go into the suites' cache. */
async function actionlint(): Promise<{ readonly program: string } | string> {
  if ((await run("actionlint", ["-version"])).code === 0) return { program: "actionlint" };
  const bin = join(CACHE, "go", ACTIONLINT);
  const program = join(bin, "actionlint");
  if ((await run(program, ["-version"])).code === 0) return { program };
  if ((await run("go", ["version"])).code !== 0) return "neither actionlint nor go is on PATH";
  const built = await run("go", ["install", `github.com/rhysd/actionlint/cmd/actionlint@${ACTIONLINT}`], {
    env: { GOBIN: bin, GOFLAGS: "-mod=mod" },
    timeoutSeconds: 300,
  });
  return built.code === 0 ? { program } : `go could not install actionlint: ${built.stderr.slice(-200)}`;
}

/** zizmor from PATH, or installed by pip into an environment of its own in the suites' cache. */
async function zizmorProgram(): Promise<{ readonly program: string } | string> {
  if ((await run("zizmor", ["--version"])).code === 0) return { program: "zizmor" };
  const folder = join(CACHE, "zizmor", ZIZMOR);
  const program = join(folder, "bin/zizmor");
  if ((await run(program, ["--version"])).code === 0) return { program };
  const made = await run("python3", ["-m", "venv", folder]);
  if (made.code !== 0) return "neither zizmor nor python3 with venv is there";
  const pip = await run(join(folder, "bin/python"), ["-m", "pip", "install", "-q", `zizmor==${ZIZMOR}`]);
  return pip.code === 0 ? { program } : `pip could not install zizmor: ${pip.stderr.slice(-200)}`;
}
