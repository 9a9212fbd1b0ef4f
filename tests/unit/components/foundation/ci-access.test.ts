import assert from "node:assert/strict";
import { planStack } from "../../../../cli/planner/planner";
import { DEPLOY_SESSION, packed } from "../../../../components/foundation/ci-access";
import { attachable } from "../../../../core/calls/grants";
import type { Plan } from "../../../../core/plan-format";
import { ofType } from "../../../../core/plan-reader";
import { architectures } from "../../../../stacks/settings/schema";
import { textOf } from "../../../calls/in-plan";

interface Statement {
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: Record<string, Record<string, string | string[]>>;
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

  it("lets the preview write nothing but the state's lock, which S3 encrypts with the state's key", () => {
    for (const { Action, Resource } of granted("ci-access-preview")) {
      for (const action of [Action].flat()) {
        if (/:(Describe|Get|List|View)/.test(action)) continue;
        if (/^kms:(Decrypt|GenerateDataKey)$/.test(action)) {
          assert.match([Resource].flat()[0] ?? "", /:key\/0a1b$/);
          continue;
        }
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

  it("attaches only what a deploy may attach", () => {
    for (const [architecture, one] of plans) {
      for (const { name, inputs } of ofType(one, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")) {
        if (typeof inputs.policyArn !== "string" || name.startsWith("ci-access")) continue;
        assert.ok(
          attachable.includes(inputs.policyArn),
          `${architecture}: add ${inputs.policyArn} to attachable in core/calls/grants.ts`,
        );
      }
    }
  });

  it("lets a deploy do what the migration gate does, on what is the stack's own", () => {
    const of = (action: string) => granted("ci-access-deploy").filter(({ Action }) => [Action].flat().includes(action));
    for (const action of ["ecs:RunTask", "ecs:DescribeTasks", "logs:GetLogEvents"]) {
      const [statement, ...more] = of(action);
      assert.equal(more.length, 0, action);
      for (const arn of [statement?.Resource ?? "*"].flat()) assert.match(arn, /fargate-\*/, action);
    }
    for (const action of ["ecs:ListTasks", "ssm:ListCommands", "ssm:DescribeInstanceInformation"])
      assert.equal(of(action).length, 1, action);
    assert.deepEqual(Object.keys(of("ecs:ListTasks")[0]?.Condition ?? {}), ["ArnLike"]);
  });

  it("runs commands on no instance but the stack's own and an adopted one", () => {
    for (const { Action, Resource, Condition } of granted("ci-access-deploy")) {
      if (![Action].flat().includes("ssm:SendCommand")) continue;
      for (const arn of [Resource].flat()) {
        if (/:document\//.test(arn))
          assert.match(arn, /document\/(AWS-RunShellScript|(ha-web-tier|monitored-instance)-\*)$/);
        else assert.match(JSON.stringify(Condition), /ssm:resourceTag\/(Stack":"prod"|boot-group":"ha-web-tier-\*")/);
      }
    }
  });

  it("ends what has no name of the stack's only where it bears the stack's tag", () => {
    const ends = /^(ec2:(Terminate|Delete|Release)\w+|kms:ScheduleKeyDeletion|acm:DeleteCertificate)$/;
    const ending = granted("ci-access-deploy").filter(({ Action }) =>
      [Action].flat().some((action) => ends.test(action) && !/ec2:Delete(Route|Tags)$/.test(action)),
    );
    assert.ok(ending.length >= 8);
    for (const { Action, Condition } of ending)
      assert.equal(Condition?.StringEquals?.["aws:ResourceTag/Stack"], "prod", `${Action}`);
  });

  it("has sessions as long as what is done in them", () => {
    assert.equal(role(plan, "ci-access-deploy")?.inputs.maxSessionDuration, DEPLOY_SESSION);
    assert.equal(role(plan, "ci-access-preview")?.inputs.maxSessionDuration, 3600);
  });

  it("packs statements into policies without losing an action", () => {
    const actions = Array.from({ length: 400 }, (_, i) => `service:DoSomethingLong${i}`);
    const grants = [
      { actions, resources: ["*"] },
      ...Array.from({ length: 60 }, (_, i) => ({
        actions: [`other:Do${i}`],
        resources: [`arn:aws:other:::thing/${i}`],
      })),
    ];
    const parts = packed(grants);
    assert.ok(parts.length > 2);
    assert.deepEqual(
      parts.flat().flatMap((grant) => grant.actions),
      grants.flatMap((grant) => grant.actions),
    );
    for (const part of parts) assert.ok(JSON.stringify(part).length < 6144);
  });
});
