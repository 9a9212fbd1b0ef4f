import assert from "node:assert/strict";
import { planStack } from "../../cli/planner";
import { packed } from "../../components/ci-access";
import type { Plan } from "../../insight/plan";
import { ofType } from "../../insight/read";
import { attachable, ownBuckets, ownNames } from "../../stacks/ci";
import { architectures } from "../../stacks/settings";

interface Statement {
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: Record<string, Record<string, string | string[]>>;
}

/** A policy of the plan as text, with what only AWS knows as a word. */
function textOf(value: unknown): string {
  const concat = (value as { $concat?: unknown[] } | undefined)?.$concat;
  return concat ? concat.map((part) => (typeof part === "string" ? part : "KNOWN-LATER")).join("") : String(value);
}
const statementsOf = (value: unknown) => (JSON.parse(textOf(value)) as { Statement: Statement[] }).Statement;

describe("access of the CI to AWS", function () {
  this.timeout(600_000);
  const plans = new Map<string, Plan>();
  let plan: Plan;
  let second: Plan;

  before(async () => {
    for (const architecture of architectures) plans.set(architecture, await planStack("prod", { architecture }));
    plan = await planStack("prod", {
      config: {
        ci: {
          repository: "iamvet/site",
          stateBucket: "state",
          stateKeyArn: "arn:aws:kms:ap-northeast-2:123456789012:key/0a1b",
        },
      },
    });
    second = await planStack("staging", {
      config: { ci: { repository: "iamvet@1/site@2", environment: "stage", branch: "trunk", provider: "existing" } },
    });
  });

  const role = (one: Plan, name: string) => ofType(one, "aws:iam/role:Role").find((found) => found.name === name);
  const policies = (one: Plan, prefix: string) =>
    ofType(one, "aws:iam/policy:Policy").filter(({ name }) => name.startsWith(prefix));
  const granted = (prefix: string) => policies(plan, prefix).flatMap(({ inputs }) => statementsOf(inputs.policy));

  it("is not there unless a repository is named", () => {
    for (const one of plans.values()) assert.ok(!one.resources.some(({ name }) => name.startsWith("ci-access")));
  });

  it("binds each role to one subject, without a pattern", () => {
    const subject = (one: Plan, name: string) => statementsOf(role(one, name)?.inputs.assumeRolePolicy)[0]?.Condition;
    assert.deepEqual(subject(plan, "ci-access-deploy"), {
      StringEquals: {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:iamvet/site:environment:prod",
      },
    });
    assert.equal(
      subject(plan, "ci-access-preview")?.StringEquals?.["token.actions.githubusercontent.com:sub"],
      "repo:iamvet/site:ref:refs/heads/main",
    );
    assert.equal(
      subject(second, "ci-access-deploy")?.StringEquals?.["token.actions.githubusercontent.com:sub"],
      "repo:iamvet@1/site@2:environment:stage",
    );
  });

  it("makes GitHub's provider once in an account", () => {
    assert.equal(ofType(plan, "aws:iam/openIdConnectProvider:OpenIdConnectProvider").length, 1);
    assert.equal(ofType(second, "aws:iam/openIdConnectProvider:OpenIdConnectProvider").length, 0);
  });

  it("has policies that IAM takes, without a wildcard among the actions", () => {
    for (const { name, inputs } of policies(plan, "ci-access")) {
      const text = textOf(inputs.policy);
      assert.ok(text.length <= 6144, `${name}: ${text.length} characters`);
      for (const { Action } of statementsOf(inputs.policy)) {
        assert.deepEqual(
          [Action].flat().filter((action) => action.includes("*")),
          [],
          name,
        );
      }
    }
    for (const prefix of ["ci-access-preview", "ci-access-deploy"])
      assert.ok(policies(plan, prefix).length <= 10, prefix);
  });

  it("lets the preview write nothing but the state's lock", () => {
    for (const { Action, Resource } of granted("ci-access-preview")) {
      for (const action of [Action].flat()) {
        if (/:(Describe|Get|List|View)/.test(action) || action === "kms:Decrypt") continue;
        assert.match(action, /^s3:(Put|Delete)Object$/);
        assert.deepEqual([Resource].flat(), ["arn:aws:s3:::state/.pulumi/locks/*"]);
      }
    }
  });

  it("lets a deploy change the stack's own roles and not its own", () => {
    const ofIam = granted("ci-access-deploy").filter(({ Action }) =>
      [Action].flat().some((action) => /^iam:(?!Get|List)/.test(action)),
    );
    assert.ok(ofIam.length >= 4);
    for (const { Action, Resource } of ofIam) {
      for (const arn of [Resource].flat()) {
        assert.doesNotMatch(arn, /^\*$|:role\/\*|:role\/ci-/, `${Action}`);
      }
    }
    assert.ok(!granted("ci-access-deploy").some(({ Action }) => [Action].flat().includes("rds:DeleteDBInstance")));
  });

  it("passes roles only to services", () => {
    const passing = granted("ci-access-deploy").filter(({ Action }) => [Action].flat().includes("iam:PassRole"));
    assert.ok(passing.length > 0);
    for (const { Condition } of passing) assert.ok(Condition?.StringEquals?.["iam:PassedToService"]);
  });

  it("knows the names of the roles, profiles and policies of every plan, and what is attached to them", () => {
    const patterns = ownNames.map((name) => new RegExp(`^${name.replace("*", ".*")}$`));
    for (const [architecture, one] of plans) {
      for (const { type, name, inputs } of one.resources) {
        if (/^aws:iam\/(role|instanceProfile|policy):/.test(type)) {
          assert.ok(
            patterns.some((pattern) => pattern.test(`${name}-0a1b2c3`)),
            `${architecture}: add ${name} to ownNames in stacks/ci.ts`,
          );
        }
        if (type === "aws:s3/bucket:Bucket") {
          assert.ok(
            ownBuckets.some((bucket) => `${name}-`.startsWith(bucket.replace("*", ""))),
            `${architecture}: add ${name} to ownBuckets in stacks/ci.ts`,
          );
        }
        if (type === "aws:iam/rolePolicyAttachment:RolePolicyAttachment" && typeof inputs.policyArn === "string") {
          assert.ok(
            attachable.includes(inputs.policyArn),
            `${architecture}: add ${inputs.policyArn} to attachable in stacks/ci.ts`,
          );
        }
      }
    }
  });

  it("packs actions into policies without losing one", () => {
    const actions = Array.from({ length: 900 }, (_, i) => `service${i % 9}:DoSomethingLong${i}`);
    const parts = packed([actions]);
    assert.ok(parts.length > 1);
    assert.deepEqual(parts.flat(), actions);
  });
});
