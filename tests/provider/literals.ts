import {
  isConcat,
  isRef,
  isUnknown,
  type Plan,
  type PlannedResource,
  type PlanValue,
  type Ref,
  SECRET,
} from "../../core/plan-format";
import { ACCOUNT, foreignOutput, SECRET_DUMMY, unknownDummy, unknownInText } from "./dummies";

/** ARNs as AWS writes them, by Pulumi type: what stands after `arn:aws:`, `*` being the name. */
const ARNS: Readonly<Record<string, string>> = {
  "aws:acm/certificate:Certificate": `acm:REGION:${ACCOUNT}:certificate/*`,
  "aws:autoscaling/group:Group": `autoscaling:REGION:${ACCOUNT}:autoScalingGroup:0a1b2c3d:autoScalingGroupName/*`,
  "aws:backup/vault:Vault": `backup:REGION:${ACCOUNT}:backup-vault:*`,
  "aws:cloudtrail/trail:Trail": `cloudtrail:REGION:${ACCOUNT}:trail/*`,
  "aws:cloudwatch/compositeAlarm:CompositeAlarm": `cloudwatch:REGION:${ACCOUNT}:alarm:*`,
  "aws:cloudwatch/eventBus:EventBus": `events:REGION:${ACCOUNT}:event-bus/*`,
  "aws:cloudwatch/eventRule:EventRule": `events:REGION:${ACCOUNT}:rule/*`,
  "aws:cloudwatch/logGroup:LogGroup": `logs:REGION:${ACCOUNT}:log-group:*`,
  "aws:cloudwatch/metricAlarm:MetricAlarm": `cloudwatch:REGION:${ACCOUNT}:alarm:*`,
  "aws:dynamodb/table:Table": `dynamodb:REGION:${ACCOUNT}:table/*`,
  "aws:ec2/instance:Instance": `ec2:REGION:${ACCOUNT}:instance/*`,
  "aws:ecr/repository:Repository": `ecr:REGION:${ACCOUNT}:repository/*`,
  "aws:ecs/cluster:Cluster": `ecs:REGION:${ACCOUNT}:cluster/*`,
  "aws:ecs/service:Service": `ecs:REGION:${ACCOUNT}:service/cluster/*`,
  "aws:ecs/taskDefinition:TaskDefinition": `ecs:REGION:${ACCOUNT}:task-definition/*:1`,
  "aws:iam/instanceProfile:InstanceProfile": `iam::${ACCOUNT}:instance-profile/*`,
  "aws:iam/policy:Policy": `iam::${ACCOUNT}:policy/*`,
  "aws:iam/role:Role": `iam::${ACCOUNT}:role/*`,
  "aws:kms/key:Key": `kms:REGION:${ACCOUNT}:key/00000000-0000-0000-0000-000000000000`,
  "aws:lambda/function:Function": `lambda:REGION:${ACCOUNT}:function:*`,
  "aws:lb/listener:Listener": `elasticloadbalancing:REGION:${ACCOUNT}:listener/app/*/0a1b2c3d4e5f6071/0a1b2c3d4e5f6072`,
  "aws:lb/loadBalancer:LoadBalancer": `elasticloadbalancing:REGION:${ACCOUNT}:loadbalancer/app/*/0a1b2c3d4e5f6071`,
  "aws:lb/targetGroup:TargetGroup": `elasticloadbalancing:REGION:${ACCOUNT}:targetgroup/*/0a1b2c3d4e5f6071`,
  "aws:rds/instance:Instance": `rds:REGION:${ACCOUNT}:db:*`,
  "aws:route53/zone:Zone": "route53:::hostedzone/Z0123456789ABCDEFGHIJ",
  "aws:s3/bucket:Bucket": "s3:::*",
  "aws:secretsmanager/secret:Secret": `secretsmanager:REGION:${ACCOUNT}:secret:*-AbCdEf`,
  "aws:sns/topic:Topic": `sns:REGION:${ACCOUNT}:*`,
  "aws:sqs/queue:Queue": `sqs:REGION:${ACCOUNT}:*`,
  "aws:ssm/document:Document": `ssm:REGION:${ACCOUNT}:document/*`,
  "aws:ssm/parameter:Parameter": `ssm:REGION:${ACCOUNT}:parameter/*`,
};

/** Types whose id is their ARN. */
const ID_IS_ARN = new RegExp(
  `^aws:(${[
    ...["acm/certificate", "acm/certificateValidation", "lb/(listener|listenerRule|loadBalancer|targetGroup)"],
    ...["sns/topic", "secretsmanager/secret", "ecs/(cluster|service)", "cloudtrail/trail"],
  ].join("|")}):`,
);

/** Ids that AWS hands out, by Pulumi type. */
const IDS: readonly { readonly type: RegExp; readonly id: string }[] = [
  { type: /^aws:ec2\/(default)?vpc:/i, id: "vpc-0123456789abcdef0" },
  { type: /^aws:ec2\/subnet:/, id: "subnet-0123456789abcdef0" },
  { type: /^aws:ec2\/(default)?securityGroup:/i, id: "sg-0123456789abcdef0" },
  { type: /^aws:ec2\/instance:/, id: "i-0123456789abcdef0" },
  { type: /^aws:ec2\/launchTemplate:/, id: "lt-0123456789abcdef0" },
  { type: /^aws:ec2\/eip:/, id: "eipalloc-0123456789abcdef0" },
  { type: /^aws:kms\/key:/, id: "00000000-0000-0000-0000-000000000000" },
  { type: /^aws:route53\/zone:/, id: "Z0123456789ABCDEFGHIJ" },
];

/** Reads a plan's values as they would be once everything exists: references become ids, names and ARNs of the right form. */
export class Literals {
  private readonly byUrn: ReadonlyMap<string, PlannedResource>;

  constructor(
    plan: Plan,
    private readonly region: string,
  ) {
    this.byUrn = new Map(plan.resources.map((resource) => [resource.urn, resource]));
  }

  /** @returns plain JSON. */
  of(value: PlanValue | undefined, path = ""): unknown {
    if (value === SECRET) return SECRET_DUMMY;
    if (isRef(value)) return this.reference(value);
    if (isConcat(value)) {
      const parts = value.$concat;
      return parts
        .map((part, at) => (isUnknown(part) ? unknownInText(parts[at - 1]) : String(this.of(part, path))))
        .join("");
    }
    if (isUnknown(value)) return unknownDummy(path, "string");
    if (Array.isArray(value)) return value.map((item: PlanValue) => this.of(item, path));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value as Readonly<Record<string, PlanValue>>).map(([key, item]) => [key, this.of(item, key)]),
    );
  }

  /** An input that is a JSON document: written as text or as an object. */
  document(value: PlanValue | undefined): string {
    const plain = this.of(value);
    return typeof plain === "string" ? plain : JSON.stringify(plain);
  }

  private reference({ $ref, property }: Ref): unknown {
    const resource = this.byUrn.get($ref);
    if (!resource) return unknownDummy(property, "string");
    if (!resource.type.startsWith("aws:")) return foreignOutput(resource.type, property);
    const arn = ARNS[resource.type];
    if (arn && (property === "arn" || (property === "id" && ID_IS_ARN.test(resource.type)))) {
      const region = typeof resource.inputs.region === "string" ? resource.inputs.region : this.region;
      return `arn:aws:${arn.replace("REGION", region).replace("*", this.name(resource))}`;
    }
    const [head = ""] = property.split(/[.[]/);
    if (property === head && resource.inputs[head] !== undefined) return this.of(resource.inputs[head], head);
    if (property !== "id") return unknownDummy(property, "string");
    return IDS.find(({ type }) => type.test(resource.type))?.id ?? this.name(resource);
  }

  /** The name that the program gives, or the one that Pulumi makes. */
  private name({ name, inputs }: PlannedResource): string {
    const given = ["name", "bucket", "identifier", "family", "alarmName"].map((key) => inputs[key]);
    const first = given.find((value) => typeof value === "string" || isConcat(value));
    return first === undefined ? `${name}-0a1b2c3` : String(this.of(first));
  }
}
