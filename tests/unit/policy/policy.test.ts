import assert from "node:assert/strict";
import type { Plan, PlannedResource, PlanValue } from "../../../core/plan-format";
import { budgetLimit, overBudget, planFrom, planInputs, type StackResource } from "../../../policy/budget-limit";
import { parseExemptions, readExemptions } from "../../../policy/exemptions";
import { rules } from "../../../policy/rules";
import { planOf, ref, resource } from "../insight/fixtures";
import { samplePlans } from "../insight/sample-plans";

const check = (name: string, subject: PlannedResource): string | undefined => {
  const rule = rules.find((candidate) => candidate.name === name);
  assert.ok(rule, name);
  return rule.check(subject);
};

const tags = { Project: "iamvet", Stack: "prod", ManagedBy: "pulumi" };
const database = (inputs: Record<string, PlanValue> = {}, protect = true) =>
  resource(
    "aws:rds/instance:Instance",
    "database-instance",
    {
      deletionProtection: true,
      skipFinalSnapshot: false,
      backupRetentionPeriod: 7,
      storageEncrypted: true,
      tags,
      ...inputs,
    },
    { protect },
  );
const ingress = (inputs: Record<string, PlanValue>) =>
  resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "rule", { ipProtocol: "tcp", ...inputs });
const instance = (inputs: Record<string, PlanValue> = {}) =>
  resource("aws:ec2/instance:Instance", "web", {
    metadataOptions: { httpTokens: "required" },
    rootBlockDevice: { encrypted: true },
    tags,
    ...inputs,
  });
const listener = (inputs: Record<string, PlanValue>) => resource("aws:lb/listener:Listener", "listener", inputs);
const force = (value: string) =>
  resource("aws:rds/parameterGroup:ParameterGroup", "parameters", {
    family: "postgres18",
    parameters: [{ name: "rds.force_ssl", value }],
  });
const role = (policy: unknown) => resource("aws:iam/rolePolicy:RolePolicy", "role", { policy: JSON.stringify(policy) });

/** Each rule: what passes, and what it stops with which words. */
const cases: Readonly<Record<string, { green: PlannedResource[]; red: [PlannedResource, RegExp][] }>> = {
  "protected-data": {
    green: [database(), database({ replicateSourceDb: "main", deletionProtection: false })],
    red: [
      [database({}, false), /database-instance holds the site's data: set \{ protect: true \}/],
      [database({ deletionProtection: false }), /set deletionProtection: true/],
      [database({ skipFinalSnapshot: true }), /without a last snapshot/],
      [database({ backupRetentionPeriod: 0 }), /has no backups/],
      [resource("aws:route53/zone:Zone", "zone"), /the domain's delegation/],
    ],
  },
  "no-ssh": {
    green: [
      ingress({ fromPort: 443, toPort: 443 }),
      instance(),
      resource("aws:ec2/securityGroupRule:SecurityGroupRule", "out", { type: "egress", protocol: "-1" }),
    ],
    red: [
      [ingress({ fromPort: 22, toPort: 22, cidrIpv4: "10.0.0.0/8" }), /opens port 22: use Session Manager/],
      [ingress({ fromPort: 0, toPort: 65535 }), /port 22/],
      [ingress({ fromPort: 3389, toPort: 3389 }), /port 3389/],
      [ingress({ ipProtocol: "-1" }), /port 22/],
      [
        resource("aws:ec2/securityGroup:SecurityGroup", "group", {
          ingress: [{ protocol: "tcp", fromPort: 22, toPort: 22 }],
        }),
        /port 22/,
      ],
      [instance({ keyName: "laptop" }), /has an SSH key/],
    ],
  },
  imdsv2: {
    green: [instance()],
    red: [
      [instance({ metadataOptions: { httpTokens: "optional" } }), /accepts IMDSv1/],
      [resource("aws:ec2/launchTemplate:LaunchTemplate", "template"), /accepts IMDSv1/],
    ],
  },
  encryption: {
    green: [database(), instance(), resource("aws:ebs/volume:Volume", "data", { encrypted: true })],
    red: [
      [database({ storageEncrypted: false }), /An adopted database needs an exemption/],
      [instance({ rootBlockDevice: {} }), /the root disk is not encrypted/],
      [
        resource("aws:ec2/launchTemplate:LaunchTemplate", "template", {
          blockDeviceMappings: [{ ebs: { volumeSize: 20 } }],
        }),
        /a disk is not encrypted/,
      ],
      [resource("aws:ebs/volume:Volume", "data"), /data is not encrypted/],
    ],
  },
  tls: {
    green: [
      listener({ protocol: "HTTPS", sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06" }),
      listener({ protocol: "HTTP", defaultActions: [{ type: "redirect", redirect: { protocol: "HTTPS" } }] }),
      force("1"),
    ],
    red: [
      [listener({ protocol: "HTTPS", sslPolicy: "ELBSecurityPolicy-2016-08" }), /may speak old TLS/],
      [listener({ protocol: "HTTP", defaultActions: [{ type: "forward" }] }), /serves plain HTTP/],
      [force("0"), /admits connections without TLS/],
    ],
  },
  "least-privilege": {
    green: [role({ Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }] })],
    red: [
      [role({ Statement: { Effect: "Allow", Action: ["*"], Resource: "*" } }), /allows every action on every resource/],
    ],
  },
  "private-database": {
    green: [ingress({ fromPort: 5432, toPort: 5432, cidrIpv4: "203.0.113.7/32" })],
    red: [
      [ingress({ fromPort: 5432, toPort: 5432, cidrIpv4: "0.0.0.0/0" }), /opens PostgreSQL to the internet/],
      [ingress({ fromPort: 5432, toPort: 5432, cidrIpv6: "::/0" }), /opens PostgreSQL to the internet/],
    ],
  },
  tags: {
    green: [instance(), ingress({})],
    red: [[instance({ tags: { Project: "iamvet" } }), /web has no tag Stack, ManagedBy/]],
  },
};

describe("policy", () => {
  for (const rule of rules) {
    describe(rule.name, () => {
      const entry = cases[rule.name];
      it("lets good resources pass", () => {
        assert.ok(entry, "a rule without a test");
        for (const subject of entry.green) assert.equal(rule.check(subject), undefined, subject.type);
      });
      for (const [subject, message] of entry?.red ?? []) {
        it(`says ${message.source}`, () => assert.match(check(rule.name, subject) ?? "", message));
      }
    });
  }

  describe("budget", () => {
    const limit = (limitAmount: string) =>
      resource("aws:budgets/budget:Budget", "budget", { limitAmount, timeUnit: "MONTHLY" });
    const plan = samplePlans()[2] as Plan;

    it("warns above the budget, with the greatest lines", () => {
      const over = { ...plan, resources: [...plan.resources, limit("50.0")] };
      assert.equal(budgetLimit(over), 50);
      assert.match(
        overBudget(over, undefined) ?? "",
        /costs \$\d+\.\d\d a month, \$\d+\.\d\d more than the budget of \$50\.00\. Greatest: database/,
      );
      assert.match(overBudget(plan, 10) ?? "", /budget of \$10\.00/);
    });
    it("is silent below it, and without one", () => {
      assert.equal(overBudget({ ...plan, resources: [...plan.resources, limit("500")] }, undefined), undefined);
      assert.equal(overBudget(plan, undefined), undefined);
    });
    it("finds a launch template behind a value that only AWS knows", () => {
      const template: StackResource = {
        type: "aws:ec2/launchTemplate:LaunchTemplate",
        name: "t",
        urn: "urn:pulumi:prod::iamvet::t",
        props: { instanceType: "t4g.small" },
        propertyDependencies: {},
      };
      const unknown = new Proxy(
        { id: "" },
        {
          get: () => {
            throw new Error("unknown before the update");
          },
        },
      );
      const group: StackResource = {
        type: "aws:autoscaling/group:Group",
        name: "g",
        urn: "urn:pulumi:prod::iamvet::g",
        props: { minSize: 2, maxSize: 2, launchTemplate: unknown },
        propertyDependencies: { launchTemplate: [template] },
      };
      const found = planFrom([template, group]);
      assert.equal(found.stack, "prod");
      assert.match(overBudget(found, 20, "ap-northeast-2") ?? "", /g \$30\.37/); // 2 x 730 x 0.0208
    });
  });

  it("reads lists in which an entry is known only after the update", () => {
    const unknown = () => {
      throw new Error("can't be known during preview");
    };
    const topics = Object.defineProperty(["first", ""], 1, { get: unknown });
    const { alarmActions, name } = planInputs({ alarmActions: topics, name: "a" });
    assert.deepEqual(alarmActions, ["first", { $unknown: true }]);
    assert.equal(name, "a");
  });

  describe("exemptions", () => {
    it("need a rule that exists and a reason", () => {
      const entry = (policy: string, reason: string) =>
        `- {policy: ${policy}, resource: database-instance, reason: "${reason}"}`;
      const reason = "Adopted with its data; restored encrypted in May.";
      assert.equal(parseExemptions(entry("encryption", reason))[0]?.resource, "database-instance");
      assert.throws(() => parseExemptions(entry("encryption", "because")), /0\.reason: must say why, in a sentence/);
      assert.throws(
        () => parseExemptions(entry("encrypt", reason)),
        /there is no policy "encrypt". Known: protected-data/,
      );
      assert.throws(() => parseExemptions("- {policy: tags, resource: x}"), /0\.reason/);
    });
    it("of this project can be read", () => assert.ok(Array.isArray(readExemptions())));
  });

  it("finds an open database in the plan for Vercel only", () => {
    const open = (plan: Plan) => plan.resources.filter((r) => check("private-database", r));
    assert.deepEqual(
      samplePlans().map((plan) => open(plan).length),
      [0, 0, 0, 1],
    );
    assert.equal(open(planOf("x", ingress({ securityGroupId: ref(database()) }))).length, 0);
  });
});
