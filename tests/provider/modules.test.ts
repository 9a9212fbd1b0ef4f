import assert from "node:assert/strict";
import { asModules, type Module, type PlanDocument, partOf, splitAddress } from "./modules";

const module = (name: string, home: string, ...others: string[]): Module => ({
  document: {
    terraform: { required_providers: { aws: { source: "hashicorp/aws", version: "5.100.0" } } },
    provider: { aws: [{ region: home }, ...others.map((region) => ({ alias: region, region }))] },
    resource: { aws_sns_topic: { [name]: {} } },
  },
  files: new Map([["asset", Buffer.from(name)]]),
});

describe("several documents as modules of one", () => {
  const { root, children } = asModules([
    module("one", "ap-northeast-2"),
    module("two", "ap-northeast-2", "us-east-1"),
    module("three", "us-east-1", "ap-northeast-2"),
  ]);

  it("configure each region's provider once, and hand each module its own", () => {
    assert.deepEqual(root.document.provider, {
      aws: [
        { region: "ap-northeast-2", alias: "ap-northeast-2" },
        { region: "us-east-1", alias: "us-east-1" },
      ],
    });
    assert.deepEqual(root.document.module, {
      c0: { source: "./c0", providers: { aws: "aws.ap-northeast-2" } },
      c1: { source: "./c1", providers: { aws: "aws.ap-northeast-2", "aws.us-east-1": "aws.us-east-1" } },
      c2: { source: "./c2", providers: { aws: "aws.us-east-1", "aws.ap-northeast-2": "aws.ap-northeast-2" } },
    });
  });

  it("keep everything else of a document in its module", () => {
    assert.deepEqual(children[1]?.document, {
      terraform: {
        required_providers: {
          aws: { source: "hashicorp/aws", version: "5.100.0", configuration_aliases: ["aws.us-east-1"] },
        },
      },
      resource: { aws_sns_topic: { two: {} } },
    });
    assert.equal(children[2]?.files.get("asset")?.toString(), "three");
  });

  it("tell a module's addresses apart from another's", () => {
    assert.deepEqual(splitAddress("module.c12.aws_lb.site"), { index: 12, address: "aws_lb.site" });
    assert.deepEqual(splitAddress("aws_lb.site"), { address: "aws_lb.site" });
  });

  it("are planned as if each had been planned alone", () => {
    const change = { actions: ["create"], after: {} };
    const topic = (address: string) => ({ address, type: "aws_sns_topic", mode: "managed", change });
    const resources = [{ address: "aws_sns_topic.two", expressions: {} }];
    const plan: PlanDocument = {
      format_version: "1.2",
      terraform_version: "1.11.4",
      resource_changes: [topic("module.c0.aws_sns_topic.one"), topic("module.c1.aws_sns_topic.two")],
      planned_values: {
        root_module: {
          child_modules: [
            { address: "module.c0", resources: [{ address: "module.c0.aws_sns_topic.one" }] },
            { address: "module.c1", resources: [{ address: "module.c1.aws_sns_topic.two" }] },
          ],
        },
      },
      configuration: {
        root_module: { module_calls: { c0: { module: {} }, c1: { module: { resources } as object } } },
      },
    };
    assert.deepEqual(partOf(plan, 1), {
      format_version: "1.2",
      terraform_version: "1.11.4",
      resource_changes: [topic("aws_sns_topic.two")],
      planned_values: { root_module: { resources: [{ address: "aws_sns_topic.two" }] } },
      configuration: { root_module: { resources } },
    });
  });
});
