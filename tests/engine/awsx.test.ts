import assert from "node:assert/strict";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Properties } from "./harness/cloud";
import { type Project, projectFor, STACK, settings } from "./harness/stack";

const ROOT = resolve(__dirname, "../..");
const json = (path: string) => JSON.parse(readFileSync(join(ROOT, path), "utf8"));
const [recorded] = json("tests/standins/awsx.json").cases;
const { children } = recorded.made;

/** Registers the repository as the commit did before awsx was used: itself, with no component around it. */
const FORMER = `
const aws = require("@pulumi/aws");
Object.defineProperty(require("@pulumi/awsx/ecr"), "Repository", {
  value: function (name, { lifecyclePolicy, ...args }, { parent }) {
    const repository = new aws.ecr.Repository(name, args, { parent });
    return { repository, url: repository.repositoryUrl };
  },
});
export = require("${ROOT}/index");
`;

/** With the stand-in, or with awsx's own plugin: ENGINE_AWSX_PLUGIN is the program to run. */
describe(`awsx on the real engine, by ${process.env.ENGINE_AWSX_PLUGIN ? "its own plugin" : "the stand-in"}`, () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
  });
  after(() => project?.stop());

  const state = async (): Promise<Properties[]> =>
    JSON.parse(await project.must("stack", "export", "--stack", STACK)).deployment.resources;
  const ofType = async (type: string) => (await state()).filter((resource) => resource.type === type);
  const [child] = children;
  const above = "urn:pulumi:test::iamvet::iamvet:index:ImageRepository";
  let former: Properties;

  it("a stack of the commit before holds the repository alone", async () => {
    const index = join(project.folder, "index.ts");
    rmSync(index);
    writeFileSync(index, FORMER);
    project.configure(settings("monitored-instance"));
    const { code, output } = await project.up();
    assert.equal(code, 0, output);
    const repositories = await ofType(child.type);
    assert.deepEqual(
      repositories.map(({ urn }) => urn),
      [`${above}$${child.type}::image-repository`],
    );
    assert.deepEqual(await ofType(recorded.type), []);
    former = repositories[0] as Properties;
    rmSync(index);
    symlinkSync(join(ROOT, "index.ts"), index);
  });

  it("a preview over it shows the component as all that is new", async () => {
    const { code, output } = await project.pulumi("preview", "--json", "--stack", STACK);
    assert.equal(code, 0, output);
    const digest = JSON.parse(output.slice(output.indexOf("{"), output.lastIndexOf("}") + 1));
    assert.deepEqual(digest.changeSummary, { create: 1, same: (await state()).filter(isNoProvider).length });
  });

  it("`up` over it keeps the repository with its images: nothing is replaced, deleted or even updated", async () => {
    const count = project.cloud.calls.length;
    const { code, output } = await project.up();
    assert.equal(code, 0, output);
    assert.deepEqual(
      project.cloud.calls.slice(count).map(({ op, name }) => `${op} ${name}`),
      [],
    );
    const [now, ...others] = await ofType(child.type);
    assert.deepEqual(others, []);
    assert.equal(now?.id, former.id);
    assert.deepEqual(now?.inputs, former.inputs);
    assert.equal(now?.urn, `${above}$${child.urn}`);
  });

  it("the child is in the state what it was recorded to be, by the program's own version of the aws plugin", async () => {
    const all = await state();
    const [component] = await ofType(recorded.type);
    const [now] = await ofType(child.type);
    assert.equal(component?.urn, `${above}$${child.parent}`);
    assert.equal(now?.parent, component?.urn);
    assert.deepEqual(now?.inputs, child.inputs);
    assert.equal(now?.protect ?? false, child.protect);
    assert.deepEqual(component?.inputs ?? {}, recorded.made.inputs);
    const [lifecycle] = await ofType("aws:ecr/lifecyclePolicy:LifecyclePolicy");
    assert.equal(lifecycle?.inputs.repository, now?.outputs.name);
    const plugins = all.filter(({ type }) => type === "pulumi:providers:aws").map(({ inputs }) => inputs.version);
    assert.deepEqual([...new Set(plugins)], [json("node_modules/@pulumi/aws/package.json").version]);
  });

  it("a second `up`, and a flip, leave it alone", async () => {
    for (const architecture of ["monitored-instance", "vercel"]) {
      project.configure(settings(architecture));
      const count = project.cloud.calls.length;
      const { code, output } = await project.up();
      assert.equal(code, 0, output);
      const calls = project.cloud.calls.slice(count).filter(({ type }) => type.startsWith("aws:ecr/"));
      assert.deepEqual(calls, []);
    }
    assert.equal((await ofType(child.type))[0]?.id, former.id);
  });
});

/** The engine's own providers are no resources of the program. */
const isNoProvider = ({ type }: Properties) => !String(type).startsWith("pulumi:providers:");
