import { createHash } from "node:crypto";
import type { Properties } from "./cloud";
import { ACCOUNT, ADDRESSES, BALANCER_NAME, DOMAIN, dns, REGION, zoneOf } from "./world";

/**
 * Properties whose change replaces a resource, of the types whose change a flip or an update of these tests makes; from the
 * providers' schemas ("Changing this forces a new resource").
 */
const replacements: Readonly<Record<string, readonly string[] | "all">> = {
  "aws:ecs/taskDefinition:TaskDefinition": "all",
  // Another type or identifier is one batch that deletes and creates (terraform-provider-aws, internal/service/route53/record.go).
  "aws:route53/record:Record": ["zoneId", "name"],
  "aws:acm/certificate:Certificate": ["domainName", "subjectAlternativeNames", "validationMethod"],
  "aws:cloudwatch/logGroup:LogGroup": ["name"],
  "aws:lb/listener:Listener": ["loadBalancerArn"],
  "aws:rds/instance:Instance": [
    "identifier",
    "engine",
    "username",
    "dbSubnetGroupName",
    "storageEncrypted",
    "kmsKeyId",
  ],
  "aws:rds/subnetGroup:SubnetGroup": ["name"],
  "aws:ec2/instance:Instance": ["ami", "subnetId", "userData", "keyName"],
  "aws:lb/targetGroup:TargetGroup": ["port", "protocol", "vpcId", "targetType", "name"],
  "aws:lb/listenerRule:ListenerRule": ["listenerArn"],
  "aws:lb/loadBalancer:LoadBalancer": ["name", "internal", "loadBalancerType"],
  "aws:ssm/parameter:Parameter": ["name"],
  "aws:ec2/securityGroup:SecurityGroup": ["name", "vpcId", "description"],
  "aws:secretsmanager/secretVersion:SecretVersion": ["secretId", "secretString"],
  "vercel:index/deployment:Deployment": "all",
  "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable": ["projectId", "key"],
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ["securityGroupId"],
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ["securityGroupId"],
  "aws:ec2/subnet:Subnet": ["availabilityZone", "cidrBlock", "vpcId"],
  "aws:ec2/eipAssociation:EipAssociation": "all",
  "aws:ecs/service:Service": ["cluster", "name"],
  "aws:autoscaling/group:Group": ["name"],
  "aws:autoscaling/lifecycleHook:LifecycleHook": ["name", "autoscalingGroupName"],
  "aws:autoscaling/policy:Policy": ["name", "autoscalingGroupName"],
  "aws:appautoscaling/target:Target": ["resourceId", "scalableDimension", "serviceNamespace"],
  "aws:appautoscaling/policy:Policy": ["name", "resourceId", "scalableDimension", "serviceNamespace"],
};

export function replacing(type: string, key: string): boolean {
  const keys = replacements[type];
  return keys === "all" || (keys?.includes(key) ?? false);
}

const hex = (text: string, length = 17) => createHash("sha256").update(text).digest("hex").slice(0, length);
const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

type Make = (
  inputs: Properties,
  unique: string,
  name: string,
  old: Properties | undefined,
) => Properties & { id?: string };

/** Outputs by type, where they are more than the inputs, an id, a name and an ARN. */
const made: Readonly<Record<string, Make>> = {
  "aws:route53/record:Record": ({ zoneId, name, type, setIdentifier }) => ({
    id: [zoneId, name, type, setIdentifier].filter(Boolean).join("_"),
    fqdn: name,
  }),
  "aws:cloudwatch/logGroup:LogGroup": (inputs, unique, name) => {
    const id = inputs.name ?? `${name}-${unique}`;
    return { id, name: id, arn: arn("logs", `log-group:${id}`) };
  },
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": ({ url }) =>
    same(`arn:aws:iam::${ACCOUNT}:oidc-provider/${String(url).replace("https://", "")}`),
  "aws:route53/zone:Zone": (_, unique) => ({
    ...{ id: `ZNEW${unique}`, zoneId: `ZNEW${unique}`, nameServers: [dns.server] },
  }),
  "aws:acm/certificate:Certificate": ({ domainName, subjectAlternativeNames = [] }, unique) => ({
    id: arn("acm", `certificate/${unique}`),
    arn: arn("acm", `certificate/${unique}`),
    domainValidationOptions: [domainName, ...subjectAlternativeNames].map((one: string) => ({
      domainName: one,
      resourceRecordName: `_${hex(one)}.${one}`,
      resourceRecordType: "CNAME",
      resourceRecordValue: `_${hex(unique)}.acm-validations.aws`,
    })),
  }),
  "aws:lb/loadBalancer:LoadBalancer": (_, unique) => ({
    ...elb(`loadbalancer/app/load-balancer/${unique}`),
    arnSuffix: `app/load-balancer/${unique}`,
    dnsName: BALANCER_NAME,
    zoneId: "ZWKZPGTI48KDX",
  }),
  "aws:lb/targetGroup:TargetGroup": (_, unique, name) => ({
    ...elb(`targetgroup/${name}/${unique}`),
    arnSuffix: `targetgroup/${name}/${unique}`,
  }),
  "aws:lb/listener:Listener": (_, unique) => elb(`listener/app/load-balancer/1/${unique}`),
  "aws:lb/listenerRule:ListenerRule": (_, unique) => elb(`listener-rule/app/load-balancer/1/2/${unique}`),
  "aws:ecs/cluster:Cluster": (_, unique, name) => same(arn("ecs", `cluster/${name}-${unique}`)),
  "aws:ecs/service:Service": (inputs, unique, name) => ({
    id: arn("ecs", `service/${name}-${unique}`),
    name: inputs.name ?? `${name}-${unique}`,
  }),
  "aws:ecs/taskDefinition:TaskDefinition": ({ family }, unique) => ({
    id: `${family}-${unique}`,
    arn: arn("ecs", `task-definition/${family}:${Number.parseInt(unique.slice(0, 6), 16)}`),
    revision: Number.parseInt(unique.slice(0, 6), 16),
  }),
  "aws:ec2/instance:Instance": (_, unique) => ({
    id: `i-${unique}`,
    publicIp: ADDRESSES.instance,
    privateIp: "172.31.0.10",
    arn: arn("ec2", `instance/i-${unique}`),
  }),
  "aws:ec2/eip:Eip": (_, unique) => ({
    id: `eipalloc-${unique}`,
    allocationId: `eipalloc-${unique}`,
    publicIp: ADDRESSES.instance,
  }),
  "aws:ec2/launchTemplate:LaunchTemplate": (_, unique, name, old) => ({
    id: `lt-${unique}`,
    name: `${name}-${unique}`,
    latestVersion: (old?.latestVersion ?? 0) + 1,
    arn: arn("ec2", `launch-template/lt-${unique}`),
  }),
  "aws:ssm/parameter:Parameter": (inputs, unique, name, old) => {
    const id = inputs.name ?? `${name}-${unique}`;
    return {
      id,
      name: id,
      arn: arn("ssm", `parameter/${id}`),
      version: (old?.version ?? 0) + (writes({ inputs, before: old }) ? 1 : 0),
    };
  },
  "aws:rds/instance:Instance": (inputs, unique) => ({
    id: `db-${unique}`,
    identifier: inputs.identifier ?? `database-${unique}`,
    resourceId: `db-${unique.toUpperCase()}`,
    address: `database.${unique}.${REGION}.rds.amazonaws.com`,
    endpoint: `database.${unique}.${REGION}.rds.amazonaws.com:5432`,
    port: 5432,
    arn: arn("rds", `db:database-${unique}`),
  }),
  "aws:ecr/repository:Repository": (_, unique, name) => ({
    id: `${name}-${unique}`,
    arn: arn("ecr", `repository/${name}-${unique}`),
    registryId: ACCOUNT,
    repositoryUrl: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/${name}-${unique}`,
  }),
  "aws:sns/topic:Topic": (_, unique, name) => same(arn("sns", `${name}-${unique}`)),
  "aws:secretsmanager/secret:Secret": (_, unique, name) => same(arn("secretsmanager", `secret:${name}-${unique}`)),
  "aws:secretsmanager/secretVersion:SecretVersion": ({ secretId }, unique) => ({
    id: `${secretId}|${unique}`,
    arn: secretId,
    versionId: unique,
  }),
  "aws:s3/bucket:Bucket": (inputs, unique, name) => ({
    id: inputs.bucket ?? `${name}-${unique}`,
    bucket: inputs.bucket ?? `${name}-${unique}`,
    arn: `arn:aws:s3:::${name}-${unique}`,
  }),
  "random:index/randomPassword:RandomPassword": (_, unique) => ({ result: hex(unique, 32) }),
  "random:index/randomId:RandomId": (_, unique) => ({ hex: hex(unique, 16), b64Url: hex(unique, 12) }),
  "random:index/randomBytes:RandomBytes": (_, unique) => ({
    hex: hex(unique, 64),
    base64: Buffer.from(hex(unique, 32)).toString("base64"),
  }),
  "vercel:index/project:Project": (inputs, unique, name) => ({
    id: `prj_${unique}`,
    name: inputs.name ?? `${name}-${unique}`,
  }),
  "vercel:index/projectDomain:ProjectDomain": ({ domain }, unique) => ({
    id: `${unique}/${domain}`,
    verified: true,
    verifications: [],
  }),
  "vercel:index/deployment:Deployment": (_, unique) => ({ id: `dpl_${unique}`, url: `site-${unique}.vercel.app` }),
};

/** Whether a call writes a parameter's value: another tag makes no version (terraform-provider-aws, internal/service/ssm/parameter.go). */
export const writes = ({ inputs, before }: { readonly inputs: Properties; readonly before?: Properties | undefined }) =>
  before === undefined || ["value", "insecureValue"].some((key) => inputs[key] !== before[key]);

const same = (value: string) => ({ id: value, arn: value });
const elb = (rest: string) => same(arn("elasticloadbalancing", rest));

/**
 * @param old outputs before an update; undefined for a create
 */
export function outputsOf(
  type: string,
  name: string,
  inputs: Properties,
  serial: number,
  old: Properties | undefined,
): Properties & { id: string } {
  const unique = old ? (old.$unique as string) : hex(`${type}${name}${serial}`);
  const service = type.split(":")[1]?.split("/")[0] ?? "";
  const outputs = {
    id: `${name}-${unique}`,
    arn: arn(service, `${name}-${unique}`),
    name: inputs.name ?? old?.name ?? `${name}-${unique}`,
    ...made[type]?.(inputs, unique, name, old),
    $unique: unique,
  };
  return outputs;
}

/** The answer to a look-up; one that is not listed below finds what was asked for, under a name of its own. */
export function answerOf(token: string, args: Properties): Properties {
  const service = token.split(":")[1]?.split("/")[0] ?? "";
  return invokes[token]?.(args) ?? { id: hex(token), name: hex(token), arn: arn(service, hex(token)), ...args };
}

/** Answers of the look-ups that the program makes. */
const invokes: Readonly<Record<string, (args: Properties) => Properties>> = {
  "aws:index/getRegion:getRegion": () => ({ id: REGION, name: REGION, region: REGION, description: "Seoul" }),
  "aws:index/getPartition:getPartition": () => ({ id: "aws", partition: "aws", dnsSuffix: "amazonaws.com" }),
  "aws:index/getCallerIdentity:getCallerIdentity": () => ({
    id: ACCOUNT,
    accountId: ACCOUNT,
    arn: `arn:aws:iam::${ACCOUNT}:user/tester`,
    userId: "AIDATESTER",
  }),
  "aws:index/getAvailabilityZones:getAvailabilityZones": () => ({
    id: REGION,
    names: [`${REGION}a`, `${REGION}b`, `${REGION}c`],
    zoneIds: ["apne2-az1", "apne2-az2", "apne2-az3"],
    groupNames: [REGION],
  }),
  "aws:route53/getZone:getZone": ({ name }) => ({
    id: zoneOf(name),
    zoneId: zoneOf(name),
    name: name ?? DOMAIN,
    nameServers: [dns.server],
    privateZone: false,
  }),
  "aws:ssm/getParameter:getParameter": ({ name }) => ({
    id: name,
    name,
    value: "ami-0123456789abcdef0",
    insecureValue: "ami-0123456789abcdef0",
    arn: arn("ssm", `parameter${name}`),
    type: "String",
    version: 1,
  }),
  "aws:iam/getPolicyDocument:getPolicyDocument": (args) => ({ id: "1", json: JSON.stringify(args) }),
  "aws:elb/getServiceAccount:getServiceAccount": () => ({ id: "600734575887", arn: "arn:aws:iam::600734575887:root" }),
  "aws:ec2/getVpc:getVpc": () => ({ id: "vpc-0123456789abcdef0", default: true, cidrBlock: "172.31.0.0/16" }),
  "aws:rds/getInstances:getInstances": () => ({ id: REGION, instanceIdentifiers: [], instanceArns: [], tags: {} }),
  "aws:ec2/getSubnets:getSubnets": () => ({
    id: REGION,
    ids: ["subnet-0000000000000000a", "subnet-0000000000000000b"],
  }),
  "vercel:index/getDomainConfig:getDomainConfig": ({ domain }) => ({
    id: domain,
    domain,
    recommendedCname: "0123456789abcdef.vercel-dns-017.com",
    recommendedIpv4s: [...ADDRESSES.vercel],
  }),
};
