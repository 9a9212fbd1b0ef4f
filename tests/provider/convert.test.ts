import assert from "node:assert/strict";
import type { Plan, PlannedResource, PlanValue } from "../../core/plan-format";
import { convert } from "./convert";
import { countInputs, terraformType } from "./convert-values";
import { SECRET_DUMMY } from "./dummies";
import type { BlockSchema, ProviderSchema } from "./schema";

const text = { type: "string", optional: true } as const;
const number = { type: "number", optional: true } as const;
const computed = { type: "string", computed: true } as const;

/** A small schema with every shape that hashicorp/aws has. */
const schema: ProviderSchema = {
  aws_vpc: { attributes: { id: computed, cidr_block: text } },
  aws_lb: {
    attributes: { id: computed, arn: computed, name: text, subnets: { type: ["set", "string"], optional: true } },
  },
  aws_lb_listener: {
    attributes: { id: computed, load_balancer_arn: text },
    block_types: {
      default_action: {
        nesting_mode: "list",
        block: {
          attributes: { type: text },
          block_types: { fixed_response: { nesting_mode: "list", block: { attributes: { status_code: text } } } },
        },
      },
    },
  },
  aws_acm_certificate: {
    attributes: {
      id: computed,
      arn: computed,
      domain_name: text,
      domain_validation_options: { type: ["set", ["object", { resource_record_name: "string" }]], computed: true },
    },
  },
  aws_route53_record: {
    attributes: { id: computed, name: text, records: { type: ["set", "string"], optional: true } },
    block_types: { weighted_routing_policy: { nesting_mode: "list", block: { attributes: { weight: number } } } },
  },
  aws_cloudwatch_metric_alarm: {
    attributes: { id: computed, alarm_name: text, dimensions: { type: ["map", "string"], optional: true } },
  },
  aws_iam_role: { attributes: { id: computed, arn: computed, name: text, assume_role_policy: text } },
  aws_instance: {
    attributes: { id: computed, tags: { type: ["map", "string"], optional: true }, user_data: text },
    block_types: { metadata_options: { nesting_mode: "list", block: { attributes: { http_tokens: text } } } },
  },
  aws_lambda_function: { attributes: { id: computed, function_name: text, filename: text } },
} satisfies Record<string, BlockSchema>;

const urn = (type: string, name: string) => `urn:pulumi:test::iamvet::${type}::${name}`;

const resource = (
  type: string,
  name: string,
  inputs: Record<string, PlanValue>,
  rest: Partial<PlannedResource> = {},
): PlannedResource => ({
  urn: urn(type, name),
  type,
  name,
  inputs,
  protect: false,
  dependencies: [],
  custom: true,
  ignoreChanges: [],
  retainOnDelete: false,
  ...rest,
});

const converted = (...resources: PlannedResource[]) => {
  const plan: Plan = { stack: "test", project: "iamvet", architecture: "fargate", resources, outputs: {}, notices: [] };
  const result = convert(plan, schema, { version: "5.100.0", region: "ap-northeast-2" });
  // biome-ignore lint/suspicious/noExplicitAny: a document is looked into at will
  return { ...result, document: result.document as any };
};

const LB = "aws:lb/loadBalancer:LoadBalancer";
const LISTENER = "aws:lb/listener:Listener";
const RECORD = "aws:route53/record:Record";
const ROLE = "aws:iam/role:Role";
const INSTANCE = "aws:ec2/instance:Instance";

describe("a plan as Terraform JSON", () => {
  it("derives Terraform's types from Pulumi's tokens", () => {
    assert.equal(terraformType("aws:ec2/vpc:Vpc", schema), "aws_vpc");
    assert.equal(terraformType(LB, schema), "aws_lb");
    assert.equal(terraformType("aws:acm/certificate:Certificate", schema), "aws_acm_certificate");
    assert.equal(terraformType("aws:nope/thing:Thing", schema), undefined);
  });

  it("writes plural names singular and flattened blocks as blocks", () => {
    const { document, unmapped } = converted(
      resource(LISTENER, "https", {
        defaultActions: [{ type: "fixed-response", fixedResponse: { statusCode: "503" } }],
      }),
      resource(RECORD, "www", { name: "www", weightedRoutingPolicies: [{ weight: 1 }] }),
      resource(INSTANCE, "web", { metadataOptions: { httpTokens: "required" } }),
    );
    assert.deepEqual(document.resource.aws_lb_listener.https.default_action, [
      { type: "fixed-response", fixed_response: [{ status_code: "503" }] },
    ]);
    assert.deepEqual(document.resource.aws_route53_record.www.weighted_routing_policy, [{ weight: 1 }]);
    assert.deepEqual(document.resource.aws_instance.web.metadata_options, [{ http_tokens: "required" }]);
    assert.deepEqual(unmapped, []);
  });

  it("keeps references as references, in lists, in text and in JSON documents", () => {
    const balancer = resource(LB, "site", {});
    const arn = { $ref: balancer.urn, property: "arn" };
    const { document } = converted(
      balancer,
      resource(LISTENER, "https", { loadBalancerArn: arn }),
      resource(RECORD, "www", { records: [{ $concat: ["https://", arn, "/${literal}"] }] }),
      resource(ROLE, "task", { assumeRolePolicy: { Statement: [{ Resource: arn, Count: 1, Text: 'a "b" ${c}' }] } }),
    );
    assert.equal(document.resource.aws_lb_listener.https.load_balancer_arn, "${aws_lb.site.arn}");
    assert.deepEqual(document.resource.aws_route53_record.www.records, ["https://${aws_lb.site.arn}/$${literal}"]);
    assert.equal(
      document.resource.aws_iam_role.task.assume_role_policy,
      '{"Statement":[{"Resource":"${aws_lb.site.arn}","Count":1,"Text":"a \\"b\\" $${c}"}]}',
    );
  });

  it("indexes a set through a list", () => {
    const certificate = resource("aws:acm/certificate:Certificate", "site", { domainName: "iamvet.kr" });
    const property = "domainValidationOptions[0].resourceRecordName";
    const { document } = converted(
      certificate,
      resource(RECORD, "proof", { name: { $ref: certificate.urn, property } }),
    );
    assert.equal(
      document.resource.aws_route53_record.proof.name,
      "${tolist(aws_acm_certificate.site.domain_validation_options)[0].resource_record_name}",
    );
  });

  it("leaves the keys of maps alone", () => {
    const { document } = converted(resource(INSTANCE, "web", { tags: { "aws:Name": "x", camelCase: "y" } }));
    assert.deepEqual(document.resource.aws_instance.web.tags, { "aws:Name": "x", camelCase: "y" });
  });

  it("names what the program leaves unnamed as Pulumi does, within the service's limit", () => {
    const long = "a-load-balancer-with-a-name-beyond-the-limit";
    const { document } = converted(
      resource(LB, long, {}),
      resource("aws:cloudwatch/metricAlarm:MetricAlarm", "cpu", {}),
      resource("aws:cloudwatch/metricAlarm:MetricAlarm", "disk", { name: "disk-full" }),
    );
    assert.equal(document.resource.aws_lb[long].name.length, 32);
    assert.match(document.resource.aws_cloudwatch_metric_alarm.cpu.alarm_name, /^cpu-[0-9a-f]{7}$/);
    assert.equal(document.resource.aws_cloudwatch_metric_alarm.disk.alarm_name, "disk-full");
  });

  it("puts a resource of another region under a provider of its own", () => {
    const { document, unmapped } = converted(
      resource(ROLE, "near", { region: "ap-northeast-2" }),
      resource(ROLE, "far", { region: "us-east-1" }),
    );
    assert.equal(document.resource.aws_iam_role.near.provider, undefined);
    assert.equal(document.resource.aws_iam_role.far.provider, "aws.us-east-1");
    assert.deepEqual(document.provider.aws[1], { alias: "us-east-1", region: "us-east-1" });
    assert.deepEqual(unmapped, []);
  });

  it("replaces secrets, unknowns, assets and other providers' outputs by values of the right form", () => {
    const password = resource("random:index/randomPassword:RandomPassword", "password", {});
    const { document, files, foreign } = converted(
      password,
      resource(INSTANCE, "web", { userData: "[secret]" }),
      resource(ROLE, "one", { assumeRolePolicy: { $ref: password.urn, property: "result" } }),
      resource(RECORD, "two", { records: { $unknown: true } }),
      resource("aws:lambda/function:Function", "reporter", { name: "reporter", code: { $asset: "dist" } }),
    );
    assert.equal(document.resource.aws_instance.web.user_data, SECRET_DUMMY);
    assert.match(document.resource.aws_iam_role.one.assume_role_policy, /^\$\{local\.foreign_/);
    assert.deepEqual(Object.values(document.locals), [SECRET_DUMMY]);
    assert.deepEqual(
      Object.values(document.variable).map((variable) => (variable as { default: unknown }).default),
      [["192.0.2.10"]],
    );
    const [file] = files.keys();
    assert.equal(document.resource.aws_lambda_function.reporter.filename, `\${path.module}/${file}`);
    assert.deepEqual(foreign, [password]);
  });

  it("lists what it cannot map, with the number of values that were lost", () => {
    const { unmapped, inputs } = converted(
      resource("aws:ec2/vpc:Vpc", "vpc", { cidrBlock: "10.0.0.0/16", nonsense: { a: 1, b: [2, 3] } }),
      resource("aws:nope/thing:Thing", "thing", { a: 1 }),
    );
    assert.equal(inputs, 5);
    assert.deepEqual(
      unmapped.map(({ path, inputs: lost }) => [path, lost]),
      [
        ["nonsense", 3],
        ["", 1],
      ],
    );
  });

  it("counts an empty list or object as one value", () => {
    assert.equal(countInputs({ a: [], b: {}, c: [1, { d: 2 }] }), 4);
  });
});
