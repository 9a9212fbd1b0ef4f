import assert from "node:assert/strict";
import { type Project, projectFor, settings } from "./harness/stack";
import { DOMAIN } from "./harness/world";

const DEPLOYMENT = "vercel-deployment";
const [FIRST, SECOND] = ["a".repeat(40), "b".repeat(40)];

describe("Vercel alone on the real engine", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
  });
  after(() => project?.stop());
  afterEach(() => {
    project.cloud.before = () => {};
    project.vercel.aliases.clear();
  });

  /** Updates to a commit, and tells what was called, in order. */
  const release = async (ref: string, ...args: string[]) => {
    project.configure(
      settings("vercel", { "iamvet:vercel": { repository: "iamvet/site", databaseAccess: "public-tls", ref } }),
    );
    const from = project.cloud.calls.length;
    const { code, output } = await project.up(...args);
    const calls = project.cloud.calls.slice(from).map(({ op, name }) => `${op} ${name}`);
    return { code, output, calls };
  };

  it("a first update whose build fails to migrate points nobody there", async () => {
    project.cloud.before = (op, _, name) => {
      // As the provider reports a build that ended badly.
      if (op === "create" && name === DEPLOYMENT)
        throw new Error("BUILD_UTILS_SPAWN_1 - Command exited with 1. Visit https://vercel.com");
    };
    const { code, output, calls } = await release(FIRST);
    assert.notEqual(code, 0, output);
    assert.match(output, /Command exited with 1/);
    assert.ok(!calls.some((call) => /traffic-serving/.test(call)), calls.join("\n"));
  });

  it("the next one builds with the database open, then is asked, then gets the traffic", async () => {
    const { code, output, calls } = await release(FIRST);
    assert.equal(code, 0, output);
    const at = (call: string) => project.cloud.calls.findIndex(({ op, name }) => `${op} ${name}` === call);
    assert.ok(at("create vercel-to-database-1") >= 0);
    assert.ok(at("create vercel-to-database-1") < at(`create ${DEPLOYMENT}`));
    assert.ok(at(`create ${DEPLOYMENT}`) < at("create traffic-serving"), calls.join("\n"));
    assert.ok(project.vercel.requests.some((request) => request.startsWith("GET /v13/deployments/")));
    assert.ok(project.vercel.requests.some((request) => request.startsWith(`GET /v4/aliases/${DOMAIN}`)));
    const [site] = project.cloud.of("vercel:index/project:Project");
    assert.match(String(site?.inputs.buildCommand), /npx prisma migrate deploy/);
  });

  it("a preview of a further commit, and a refresh that runs the program, deploy nothing", async () => {
    const deployments = () => project.cloud.calls.filter(({ name }) => name === DEPLOYMENT).length;
    const before = deployments();
    project.configure(
      settings("vercel", { "iamvet:vercel": { repository: "iamvet/site", databaseAccess: "public-tls", ref: SECOND } }),
    );
    await project.pulumi("preview", "--stack", "test");
    const refreshed = await project.pulumi("refresh", "--yes", "--skip-preview", "--run-program", "--stack", "test");
    assert.equal(refreshed.code, 0, refreshed.output);
    assert.equal(deployments(), before);
  });

  it("a further commit is a deployment of its own", async () => {
    const { code, output, calls } = await release(SECOND);
    assert.equal(code, 0, output);
    assert.ok(calls.includes(`create ${DEPLOYMENT}`), calls.join("\n"));
    assert.equal(project.cloud.of("vercel:index/deployment:Deployment").at(-1)?.inputs.ref, SECOND);
  });
});
