import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import type { Callback } from "@pulumi/pulumi/proto/callback_pb";
import { planCommand } from "../../../cli/commands/look/plan";
import { planDocument } from "../../../cli/commands/look/plan-text";
import { reviewDocument } from "../../../cli/commands/look/review";
import { remoteComponent, Transforms } from "../../../cli/planner/plan-components";
import { record } from "../../../cli/planner/plan-runtime";
import { planStack } from "../../../cli/planner/planner";
import type { Plan, PlannedResource } from "../../../core/plan-format";
import { withUrnsFrom } from "../../../core/plan-reader";
import { toMarkdown } from "../../../output/markdown";
import { toTerminal } from "../../../output/terminal";
import { overBudget, planFrom, type StackResource } from "../../../policy/budget-limit";
import { architectures } from "../../../stacks/settings/schema";
import { contextOf } from "../insight/fixtures";

const reviewOf = (...args: Parameters<typeof reviewDocument>) => toMarkdown(reviewDocument(...args), 2);

const root = join(__dirname, "../../..");
const COMPONENT = "awsx:ecr:Repository";
const REPOSITORY = "aws:ecr/repository:Repository";
const json = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));
/** What the real plugin makes; the file says how it was recorded. */
const recorded: {
  readonly version: string;
  readonly aws: string;
  readonly cases: readonly {
    readonly type: string;
    readonly name: string;
    readonly protect: boolean;
    readonly inputs: Readonly<Record<string, unknown>>;
    readonly made: {
      readonly inputs: object;
      readonly protect: boolean;
      readonly children: readonly (PlannedResource & { readonly provider: string })[];
      readonly outputs: object;
    };
  }[];
} = json("tests/standins/awsx.json");
const [site] = recorded.cases;
assert.ok(site);
/** The same in JSON, where a type is read from a file and keys that are undefined are none. */
const same = (value: unknown) => JSON.parse(JSON.stringify(value));

describe("awsx", () => {
  const plans = new Map<string, Plan>();
  before(async function () {
    this.timeout(60_000);
    for (const architecture of architectures) plans.set(architecture, await planStack("prod", { architecture }));
  });
  const named = ({ resources }: Plan, type: string): PlannedResource => {
    const found = resources.filter((resource) => resource.type === type);
    assert.equal(found.length, 1, type);
    return found[0] as PlannedResource;
  };

  describe("as its real plugin makes it", () => {
    it("was recorded for the version that is installed and that package.json allows", () => {
      const { version, dependencies } = json("node_modules/@pulumi/awsx/package.json");
      const moved = `tests/standins/awsx.json holds what awsx ${recorded.version} makes: see there how to hold ${version} against it`;
      assert.equal(version, recorded.version, moved);
      assert.equal(
        json("package.json").dependencies["@pulumi/awsx"],
        recorded.version,
        "pinned, as the record is of one version",
      );
      assert.equal(dependencies["@pulumi/aws"], `^${recorded.aws}`);
    });

    for (const { type, name, inputs, made } of recorded.cases) {
      it(`is what a plan tells: ${name}`, () => {
        const told = remoteComponent(type, name, inputs);
        assert.deepEqual(
          same(told.children.map(({ outputs: _, ...child }) => child)),
          made.children.map(({ type, name, inputs }) => ({ type, name, inputs })),
        );
        assert.deepEqual(told.outputs, same(made.outputs));
      });
    }

    it("is child by child what the plan's runtime registers, protection and parents included", async () => {
      const { Repository } = await import("@pulumi/awsx/ecr");
      const program = async () => {
        for (const { name, inputs, protect } of recorded.cases) new Repository(name, inputs, { protect });
      };
      const { resources } = await record(program, { project: "iamvet", stack: "test", config: {}, secretKeys: [] });
      for (const { type, name, made } of recorded.cases) {
        const component = resources.find((one) => one.type === type && one.name === name);
        assert.equal(component?.protect, made.protect);
        assert.deepEqual(component.inputs, made.inputs);
        const short = (urn = "") => urn.replace("urn:pulumi:test::iamvet::", "");
        const children = resources.filter(({ parent }) => parent === component.urn);
        assert.deepEqual(
          children.map(({ urn, type, name, parent, protect, inputs, dependencies }) => {
            return { urn: short(urn), type, name, parent: short(parent), protect, inputs, dependencies };
          }),
          made.children.map(({ provider: _, ...child }) => child),
        );
      }
    });

    it("may only be used as far as a plan tells it", () => {
      assert.throws(
        () => remoteComponent("awsx:ec2:Vpc", "network", {}),
        /awsx:ec2:Vpc has no entry in cli\/planner\/plan-comp/,
      );
      assert.throws(() => remoteComponent(COMPONENT, "image", {}), /lifecycle policy/);
    });
  });

  for (const architecture of architectures) {
    it(`is seen through in the plan of ${architecture}: children with inputs, tags, parents and protection`, () => {
      const plan = plans.get(architecture) as Plan;
      const component = named(plan, COMPONENT);
      const child = named(plan, REPOSITORY);
      const [real] = site.made.children;
      assert.ok(real);
      const above = "urn:pulumi:prod::iamvet::iamvet:index:ImageRepository";
      assert.equal(component.urn, `${above}$${real.parent}`);
      assert.equal(child.urn, `${above}$${real.urn}`);
      assert.equal(child.parent, component.urn);
      assert.equal(component.custom, false);
      assert.deepEqual(component.inputs, {});
      const { tags, ...inputs } = child.inputs;
      const { tags: realTags, ...realInputs } = real.inputs;
      assert.deepEqual(inputs, realInputs);
      assert.deepEqual(tags, { ...(realTags as object), Stack: "prod", ...ownTagsOf(plan) });
      assert.equal(child.protect, component.protect);
      assert.deepEqual(child.aliases, [`${above}$${REPOSITORY}::image-repository`]);
    });
  }

  it("has its place in the printed tree, with the repository below it", () => {
    const text = stripVTControlCharacters(toTerminal(planDocument(plans.get("fargate") as Plan)));
    assert.match(
      text,
      /ImageRepository image\n.*─ awsx\.ecr\.Repository image-repository\n.*└─ ecr\.Repository image-repository\n/,
    );
  });

  it("is given what the repository needs, and its child the alias and the plugin's version", async () => {
    const seen: pulumi.runtime.MockResourceArgs[] = [];
    const mocks: pulumi.runtime.Mocks = {
      newResource: (args) => {
        seen.push(args);
        return { id: `${args.name}-id`, state: args.type === COMPONENT ? { url: "123.dkr.ecr/image" } : args.inputs };
      },
      call: () => ({}),
    };
    await pulumi.runtime.setMocks(mocks, "iamvet", "test", false);
    const transforms = new Transforms();
    const kept: pulumi.ResourceTransform[] = [];
    transforms.registerTransform = async (transform) => {
      kept.push(transform);
      return Transforms.prototype.registerTransform.call(transforms, transform) as Promise<Callback>;
    };
    const { ImageRepository } = await import("../../../components/foundation/image-repository");
    const repository = new ImageRepository("image", { keep: 30 });
    const url = await new Promise((resolve) => repository.url.apply(resolve));
    assert.equal(url, "123.dkr.ecr/image");
    const given = seen.find(({ type }) => type === COMPONENT);
    assert.equal(given?.name, "image-repository");
    const { tags: _, ...inputs } = site.inputs;
    assert.deepEqual(given?.inputs, inputs);

    assert.equal(kept.length, 1);
    const child = { type: REPOSITORY, name: "image-repository", props: {} };
    const result = await kept[0]?.({ ...child, custom: true, opts: { version: recorded.aws, protect: true } });
    assert.deepEqual(result?.opts, {
      protect: true,
      version: json("node_modules/@pulumi/aws/package.json").version,
      aliases: [{ parent: repository }],
    });
    assert.equal(await kept[0]?.({ ...child, type: COMPONENT, custom: false, opts: {} }), undefined);
  });

  describe("in a plan that was kept before it was used", () => {
    /** The plan as the commit before made it: the repository stood right under ours. */
    const former = (plan: Plan): Plan => {
      const component = named(plan, COMPONENT);
      const { aliases: _, ...child } = named(plan, REPOSITORY);
      const text = JSON.stringify({
        ...plan,
        resources: plan.resources.flatMap((one) =>
          one.urn === component.urn ? [] : one.urn === child.urn ? { ...child, parent: component.parent } : one,
        ),
      });
      return JSON.parse(text.replaceAll(child.urn, named(plan, REPOSITORY).aliases?.[0] ?? ""));
    };

    it("is no loss of images, and no change to review", async () => {
      const plan = plans.get("fargate") as Plan;
      const old = former(plan);
      assert.notEqual(named(old, REPOSITORY).urn, named(plan, REPOSITORY).urn);
      assert.match(
        reviewOf([old], [plan], () => contextOf()),
        /prod: no change/,
      );
      const folder = mkdtempSync(join(tmpdir(), "awsx-"));
      const { log } = console;
      try {
        writeFileSync(join(folder, "kept.json"), JSON.stringify({ stacks: [old] }));
        console.log = () => {};
        const args = ["--stack", "prod", "--architecture", "fargate", "--since", join(folder, "kept.json")];
        await planCommand().parseAsync(args, { from: "user" });
      } finally {
        console.log = log;
        rmSync(folder, { recursive: true, force: true });
      }
    });

    it("goes by aliases, and leaves a plan without any as it is", () => {
      const plan = plans.get("vercel") as Plan;
      assert.deepEqual(named(withUrnsFrom(plan, former(plan)), REPOSITORY).urn, named(plan, REPOSITORY).urn);
      assert.deepEqual(withUrnsFrom({ ...plan, resources: [] }, plan), plan);
    });
  });

  it("is no resource without a price to the engine's budget policy", () => {
    const resource = (type: string, name: string): StackResource => ({
      type,
      name,
      urn: `urn:pulumi:prod::iamvet::${type}::${name}`,
      props: {},
      propertyDependencies: {},
    });
    const plan = planFrom([resource(COMPONENT, "image-repository"), resource(REPOSITORY, "image-repository")]);
    assert.deepEqual(
      plan.resources.map(({ custom }) => custom),
      [false, true],
    );
    assert.doesNotMatch(overBudget(plan, 0, "ap-northeast-2") ?? "", /have no price/);
  });
});

/** Further tags of the stack's config, which every resource has. */
function ownTagsOf(plan: Plan): object {
  const { tags } = plan.resources.find(({ type }) => type === "aws:sns/topic:Topic")?.inputs ?? {};
  return tags as object;
}
