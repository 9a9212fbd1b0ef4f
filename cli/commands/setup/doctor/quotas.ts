import type { Plan } from "../../../../core/plan-format";
import { list, number, ofType, record, target, text } from "../../../../core/plan-reader";
import type { Settings } from "../../../../stacks/settings/schema";
import { type AwsAccess, askAws, collect } from "../../../lib/aws-access";
import { type Finding, ok, skipped, warning } from "./check";

/** Codes of Service Quotas. Source: the Service Quotas console, 2026-11. */
const quotas = {
  addresses: { service: "ec2", code: "L-0263D0A3", name: "Elastic IPs" },
  /** On-demand instances of the families A, C, D, H, I, M, R, T and Z together. */
  cpus: { service: "ec2", code: "L-1216C47A", name: "vCPUs of EC2" },
  fargate: { service: "fargate", code: "L-3032A538", name: "vCPUs of Fargate" },
  /** An account that is new may have far fewer than the 1,000 of the documentation. */
  functions: { service: "lambda", code: "L-B99A9384", name: "functions of Lambda at once" },
  balancers: { service: "elasticloadbalancing", code: "L-53DA6B97", name: "load balancers" },
} as const;
type Quota = (typeof quotas)[keyof typeof quotas];

/** A rolling deployment runs as many new tasks beside the old ones. */
const ROLLING = 2;

/**
 * Copies of the function that answers for built files (components/traffic/asset-server.ts): a browser asks for some
 * twenty at once, and five may come in the same moment. What finds no copy free gets a 502.
 */
const FUNCTIONS = 100;

/** Whether what the plan builds fits beside what the account runs already. A stack that is deployed is counted in both. */
export async function quotaFindings(aws: AwsAccess, plan: Plan, { fargate }: Settings): Promise<Finding[]> {
  const instances = ofType(plan, "aws:ec2/instance:Instance").map(({ inputs }) => ({
    type: text(inputs.instanceType),
    count: 1,
  }));
  const groups = ofType(plan, "aws:autoscaling/group:Group").map(({ inputs }) => ({
    type: typeOf(plan, inputs),
    count: number(inputs.maxSize) ?? 1,
  }));
  const wanted = [...instances, ...groups].flatMap(({ type, count }) => (type ? [{ type, count }] : []));
  const addresses = ofType(plan, "aws:ec2/eip:Eip").length;
  const services = ofType(plan, "aws:ecs/service:Service").length;
  const balancers = ofType(plan, "aws:lb/loadBalancer:LoadBalancer").length;
  const asked = await Promise.all([
    addresses > 0 ? compare(aws, quotas.addresses, addresses, await addressesOf(aws)) : undefined,
    wanted.length > 0 ? compare(aws, quotas.cpus, await cpusOf(aws, wanted), await runningCpus(aws)) : undefined,
    services > 0 ? compare(aws, quotas.fargate, ((fargate.max * fargate.cpu) / 1024) * ROLLING) : undefined,
    balancers > 0 ? compare(aws, quotas.balancers, balancers) : undefined,
    balancers > 0 ? compare(aws, quotas.functions, FUNCTIONS) : undefined,
  ]);
  const findings = asked.filter((finding) => finding !== undefined);
  return findings.length > 0 ? findings : [skipped("the plan builds nothing that a quota limits")];
}

/** The instance type of a group stands in its launch template. */
function typeOf(plan: Plan, inputs: Readonly<Record<string, unknown>>): string | undefined {
  const mixed = record(record(inputs.mixedInstancesPolicy).launchTemplate);
  const id = record(inputs.launchTemplate).id ?? record(mixed.launchTemplateSpecification).launchTemplateId;
  return text(target(plan, id)?.inputs.instanceType) ?? text(record(list(mixed.overrides)[0]).instanceType);
}

async function compare(aws: AwsAccess, quota: Quota, needed: number, used?: number): Promise<Finding> {
  const limit = await limitOf(aws, quota);
  if (limit === undefined) return skipped(`${quota.name}: Service Quotas does not tell ${quota.code}`);
  const sum = (used ?? 0) + needed;
  const text = `${quota.name}: ${needed} for this stack at most${used === undefined ? "" : `, ${used} in use`}, ${limit} allowed`;
  return sum > limit
    ? warning(
        text,
        `aws service-quotas request-service-quota-increase --region ${aws.region} --service-code ` +
          `${quota.service} --quota-code ${quota.code} --desired-value ${Math.ceil(sum)}`,
      )
    : ok(text);
}

async function limitOf(aws: AwsAccess, { service, code, name }: Quota): Promise<number | undefined> {
  const sdk = await import("@aws-sdk/client-service-quotas");
  const client = new sdk.ServiceQuotasClient(aws.config);
  const wanted = { ServiceCode: service, QuotaCode: code };
  return askAws(aws, `see the quota of ${name}`, async () => {
    try {
      return (await client.send(new sdk.GetServiceQuotaCommand(wanted))).Quota?.Value;
    } catch (error) {
      // An account that never changed a quota may have only its default.
      if (!(error instanceof Error) || !/NoSuchResource/.test(error.name)) throw error;
      return client.send(new sdk.GetAWSDefaultServiceQuotaCommand(wanted)).then(
        ({ Quota }) => Quota?.Value,
        () => undefined,
      );
    }
  });
}

async function addressesOf(aws: AwsAccess): Promise<number> {
  const { EC2Client, DescribeAddressesCommand } = await import("@aws-sdk/client-ec2");
  const { Addresses = [] } = await askAws(aws, "list addresses", () =>
    new EC2Client(aws.config).send(new DescribeAddressesCommand({})),
  );
  return Addresses.length;
}

async function cpusOf(aws: AwsAccess, wanted: readonly { type: string; count: number }[]): Promise<number> {
  const { EC2Client, DescribeInstanceTypesCommand } = await import("@aws-sdk/client-ec2");
  const names = [...new Set(wanted.map(({ type }) => type))] as import("@aws-sdk/client-ec2")._InstanceType[];
  const { InstanceTypes = [] } = await askAws(aws, "look at instance types", () =>
    new EC2Client(aws.config).send(new DescribeInstanceTypesCommand({ InstanceTypes: names })),
  );
  const cpus = new Map(
    InstanceTypes.map(({ InstanceType, VCpuInfo }) => [InstanceType as string, VCpuInfo?.DefaultVCpus ?? 0]),
  );
  return wanted.reduce((sum, { type, count }) => sum + (cpus.get(type) ?? 0) * count, 0);
}

async function runningCpus(aws: AwsAccess): Promise<number> {
  const { EC2Client, paginateDescribeInstances } = await import("@aws-sdk/client-ec2");
  const filter = { Filters: [{ Name: "instance-state-name", Values: ["pending", "running"] }] };
  const pages = paginateDescribeInstances({ client: new EC2Client(aws.config) }, filter);
  const reservations = await askAws(aws, "list instances", () => collect(pages, (page) => page.Reservations));
  return reservations
    .flatMap(({ Instances = [] }) => Instances)
    .filter(
      ({ InstanceLifecycle, InstanceType = "" }) => InstanceLifecycle !== "spot" && /^[acdhimrtz]\d/.test(InstanceType),
    )
    .reduce((sum, { CpuOptions }) => sum + (CpuOptions?.CoreCount ?? 1) * (CpuOptions?.ThreadsPerCore ?? 2), 0);
}
