import assert from "node:assert/strict";
import { managedGrants } from "../../../components/aws/iam";
import { isConcat, SECRET } from "../../../core/plan-format";
import { rules } from "../../../policy/rules";
import { each, named, plan, planAll, refsIn } from "./site-plans";

describe("what the plans of the stacks guard", () => {
  planAll();

  it("protect the data in every architecture", () => {
    each((one, title) => {
      for (const name of ["database-instance", "database-url", "database-password", "database-subnets", "app-secret"]) {
        assert.equal(named(one, name).protect, true, `${title}: ${name}`);
      }
      const { inputs } = named(one, "database-instance");
      assert.equal(inputs.deletionProtection, true);
      assert.equal(inputs.skipFinalSnapshot, false);
      assert.equal(inputs.storageEncrypted, true);
    });
  });

  it("show no secret", () => {
    each((one, title) => {
      assert.equal(named(one, "database-instance").inputs.password, SECRET, title);
      assert.equal(named(one, "database-url-value").inputs.secretString, SECRET, title);
      assert.equal(named(one, "app-value").inputs.secretString, SECRET, title);
    });
  });

  it("admit the tier to the database and nothing else", () => {
    for (const architecture of ["monitored-instance", "ha-web-tier", "fargate"]) {
      const one = plan("prod", architecture);
      const group = named(one, "database-security-group").urn;
      const rules = one.resources.filter(
        ({ type, inputs }) =>
          type === "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule" &&
          refsIn({ group: inputs.securityGroupId ?? null }).some(({ $ref }) => $ref === group),
      );
      assert.equal(rules.length, 1, architecture);
      const [rule] = rules;
      assert.equal(rule?.inputs.fromPort, 5432);
      assert.equal(rule?.inputs.cidrIpv4, undefined);
      assert.match(
        refsIn({ from: rule?.inputs.referencedSecurityGroupId ?? null })[0]?.$ref ?? "",
        new RegExp(`${architecture}-security-group$`),
      );
    }
  });

  it("let strangers in on 80 and 443 only, and only at the load balancer with options 2 and 3", () => {
    for (const architecture of ["ha-web-tier", "fargate"]) {
      const open = plan("prod", architecture).resources.filter(
        ({ type, inputs }) => type.includes("IngressRule") && inputs.cidrIpv4 === "0.0.0.0/0",
      );
      assert.deepEqual(open.map(({ name }) => name).sort(), ["load-balancer-port-443", "load-balancer-port-80"]);
    }
    each((one, title) => {
      const ports = one.resources
        .filter(({ type }) => type.includes("IngressRule"))
        .map(({ inputs }) => inputs.fromPort);
      assert.ok(!ports.includes(22), `${title} opens SSH`);
    });
  });

  it("have no NAT gateway", () => {
    each((one, title) => assert.ok(!one.resources.some(({ type }) => type.includes("natGateway")), title));
  });

  it("grant no wildcard action, and a wildcard resource only where AWS knows none", () => {
    const known = new Set([
      "ecr:GetAuthorizationToken",
      "cloudwatch:PutMetricData",
      "route53:ListHostedZones",
      "route53:GetChange",
      "ssm:ListCommands",
      "ssm:ListCommandInvocations",
      "ssm:GetCommandInvocation",
      "ssm:DescribeInstanceInformation",
      "ssm:DescribeAutomationExecutions",
      "ssm:GetAutomationExecution",
      "ec2:DescribeAddresses",
      "ec2:DescribeInstances",
      "ec2:DescribeInstanceStatus",
      "ec2:DescribeVolumes",
      "ec2:DescribeSecurityGroups",
      "logs:DescribeLogGroups",
      // The agent's own, as AWS's managed policy has them, less the parameters.
      ...managedGrants.flatMap(({ actions }) => actions),
      "autoscaling:DescribeAutoScalingGroups",
      "autoscaling:DescribeScalingActivities",
      "autoscaling:DescribeInstanceRefreshes",
      "elasticloadbalancing:DescribeTargetHealth",
      "elasticloadbalancing:DescribeTargetGroups",
      "cloudwatch:GetMetricData",
      "cloudwatch:ListMetrics",
      // AWS answers for composite alarms to nobody with less.
      "cloudwatch:DescribeAlarms",
      "cloudtrail:LookupEvents",
      "logs:GetQueryResults",
      "logs:StopQuery",
      "rds:DescribeEvents",
      // Bounded by the condition ecs:cluster.
      "ecs:ListTasks",
    ]);
    each((one, title) => {
      for (const { name, type, inputs } of one.resources) {
        if (type !== "aws:iam/rolePolicy:RolePolicy") continue;
        for (const { Action, Resource } of statements(inputs.policy)) {
          const actions = [Action].flat();
          assert.ok(!actions.some((action) => action.includes("*")), `${title}: ${name} ${actions}`);
          if ([Resource].flat().includes("*")) {
            assert.deepEqual(
              actions.filter((action) => !known.has(action)),
              [],
              `${title}: ${name}`,
            );
          }
        }
      }
    });
  });

  it("tag what can be tagged", () => {
    each((one, title) => {
      const tagged = one.resources.filter(
        ({ type }) => type === "aws:rds/instance:Instance" || type === "aws:sns/topic:Topic",
      );
      for (const { name, inputs } of tagged) {
        const tags = inputs.tags as Record<string, string>;
        assert.equal(tags.ManagedBy, "pulumi", `${title}: ${name}`);
        assert.equal(tags.Team, "web");
      }
    });
  });

  it("pass every rule of the policy pack, but for the database that Vercel reaches over the internet", () => {
    each((one, title) => {
      const found = one.resources
        .filter(({ custom }) => custom)
        .flatMap((resource) =>
          rules.flatMap((rule) => (rule.check(resource) ? [`${rule.name} ${resource.name}`] : [])),
        );
      const allowed = one.architecture === "vercel" ? ["private-database vercel-to-database-1"] : [];
      assert.deepEqual(found, allowed, title);
    });
  });
});

/** Statements of a policy document; what AWS only knows later stands in for itself as a word. */
function statements(policy: unknown): { Action: string | string[]; Resource: string | string[] }[] {
  const text = isConcat(policy)
    ? policy.$concat.map((part) => (typeof part === "string" ? part : "known-later")).join("")
    : String(policy);
  return JSON.parse(text).Statement;
}
