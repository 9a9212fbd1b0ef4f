import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { cpuArchitecture } from "../../core/instance-type";
import type { MigrationTask } from "../../core/web-tier";
import { beside } from "../aws/beside";
import { grantPolicy, logGrants, managedGrants, metricGrant, pullGrants, secretGrants, serviceRole } from "../aws/iam";
import { renderRunbook } from "../aws/runbook";
import { identity, secretArns, secretSources } from "../foundation/app-environment";
import { METRICS } from "../monitoring/log-metric";
import { agentParameter, bootParameter, METADATA, newestAmi } from "./boot";
import { bootScript, renderAgentConfig, renderBootConfig } from "./boot-config";
import type { HaWebTierArgs } from "./ha-web-tier";

export interface InstanceTemplateArgs extends HaWebTierArgs {
  readonly tier: string;
  readonly logs: aws.cloudwatch.LogGroup;
  readonly group: aws.ec2.SecurityGroup;
  readonly targets: aws.lb.TargetGroup;
}

/** What an instance of the group is made from, and where on one of them a release's migrations run. */
export function instanceTemplate(name: string, args: InstanceTemplateArgs, parent: pulumi.Resource) {
  const child = { parent };
  const agentConfig = args.logs.name.apply((system) => renderAgentConfig("container", { logGroups: { system } }));
  const agent = agentParameter(name, agentConfig, child);
  const boot = bootParameter(
    name,
    "an instance",
    pulumi
      .output({
        region: aws.getRegionOutput({}, child).region,
        domain: args.domain,
        port: args.port,
        healthPath: args.healthPath,
        tier: args.tier,
        version: args.version,
        environment: { ...args.environment.plain, ...identity(args.tier, args.version) },
        secrets: secretSources(args.environment),
        agentConfigParameter: agent.name,
        image: args.image,
        logGroups: { app: args.logs.name },
        targetGroupArn: args.targets.arn,
      })
      .apply((config) => renderBootConfig("container", config)),
    child,
  );
  const parameter = pulumi.interpolate`${boot.name}:${boot.version}`;
  const profile = instanceProfile(name, args, [boot.arn, agent.arn], parent);
  const migration = migrationOn(name, args, boot, parameter, parent);
  const template = new aws.ec2.LaunchTemplate(
    `${name}-template`,
    {
      // An id, looked up at each `up`: AWS rolls back to no template whose AMI is an SSM alias. So a newer Amazon Linux is a new
      // version, which is rolled out, watched and rolled back like a release; `haWebTier.ami` pins one.
      imageId: args.ami ?? newestAmi(cpuArchitecture(args.instanceType), child),
      instanceType: args.instanceType,
      iamInstanceProfile: { arn: profile.arn },
      metadataOptions: METADATA,
      networkInterfaces: [
        { associatePublicIpAddress: "true", deleteOnTermination: "true", securityGroups: [args.group.id] },
      ],
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          ebs: { volumeSize: args.volumeGb, volumeType: "gp3", encrypted: "true", deleteOnTermination: "true" },
        },
      ],
      monitoring: { enabled: false },
      userData: Buffer.from(bootScript("container")).toString("base64"),
      tagSpecifications: [
        {
          resourceType: "instance",
          // With its version: a changed configuration or image changes the template and with it the group's instances, and an
          // instance of the release before, or one that a rollback starts, goes on reading what it was started with.
          tags: { "boot-parameter": parameter, "boot-group": boot.name },
        },
      ],
      updateDefaultVersion: true,
    },
    child,
  );

  return { template, migration };
}

/** What an instance may do. */
function instanceProfile(
  name: string,
  args: InstanceTemplateArgs,
  parameters: readonly pulumi.Input<string>[],
  parent: pulumi.Resource,
): aws.iam.InstanceProfile {
  const child = { parent };
  const role = serviceRole(
    `${name}-role`,
    "ec2.amazonaws.com",
    [
      ...managedGrants,
      ...pullGrants(args.repositoryArns),
      ...secretGrants(secretArns(args.environment)),
      ...logGrants([args.logs.arn]),
      { actions: ["ssm:GetParameter"], resources: parameters },
      metricGrant(METRICS),
    ],
    child,
  );
  // Leaving the target group when a termination is announced; instances of the old group leave the old one.
  new aws.iam.RolePolicy(
    `${name}-leave`,
    {
      role: role.id,
      policy: grantPolicy([{ actions: ["elasticloadbalancing:DeregisterTargets"], resources: [args.targets.arn] }]),
    },
    { ...child, ...beside("policy") },
  );
  return new aws.iam.InstanceProfile(`${name}-profile`, { role: role.name }, child);
}

/** Where a release's migrations run: by a command on one of the instances. */
function migrationOn(
  name: string,
  { tier, beforeRollout }: InstanceTemplateArgs,
  boot: aws.ssm.Parameter,
  parameter: pulumi.Output<string>,
  parent: pulumi.Resource,
): pulumi.Output<MigrationTask> | undefined {
  if (!beforeRollout) return undefined;
  const runbook = new aws.ssm.Document(
    `${name}-migrate`,
    { documentType: "Command", documentFormat: "YAML", content: renderRunbook("migrate.command.yaml") },
    { parent },
  );
  return pulumi.all([runbook.name, parameter, boot.name]).apply(
    ([document, release, value]): MigrationTask => ({
      kind: "ssm",
      tier,
      document,
      parameter: release,
      tag: { key: "boot-group", value },
    }),
  );
}
