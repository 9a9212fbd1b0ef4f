import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { commandDocument } from "../aws/command-document";
import { grantPolicy } from "../aws/iam";
import { renderRunbook } from "../aws/runbook";
import type { Recovery } from "./recovery";

interface Kept {
  readonly instanceId: pulumi.Input<string>;
  readonly document: aws.ssm.Document;
  readonly parameters?: Readonly<Record<string, pulumi.Input<string>>>;
  /** When it runs, and then alone. @default at once, whenever the document or a parameter changes, and once a day */
  readonly only?: string;
}

/**
 * Runs a Command document on a server. State Manager runs an association that is edited at once, unless it keeps to its schedule (SSM API
 * reference, UpdateAssociation: ApplyOnlyAtCronInterval), which is why the version is named. Costs nothing on EC2.
 */
function keep(
  name: string,
  { instanceId, document, parameters, only }: Kept,
  opts: pulumi.CustomResourceOptions,
): aws.ssm.Association {
  return new aws.ssm.Association(
    name,
    {
      name: document.name,
      documentVersion: document.latestVersion,
      targets: [{ key: "InstanceIds", values: [instanceId] }],
      ...(parameters ? { parameters } : {}),
      scheduleExpression: only ?? "rate(1 day)",
      ...(only ? { applyOnlyAtCronInterval: true } : {}),
    },
    opts,
  );
}

/** Installs the CloudWatch agent on a server, and gives it its config whenever that changes, beside one that is there. */
export function keepAgent(
  name: string,
  instanceId: pulumi.Input<string>,
  config: aws.ssm.Parameter,
  opts: pulumi.CustomResourceOptions,
): void {
  const document = commandDocument(`${name}-agent-document`, renderRunbook("configure.command.yaml"), opts);
  const parameters = { ConfigParameter: config.name, ConfigVersion: pulumi.interpolate`${config.version}` };
  keep(`${name}-agent-configure`, { instanceId, document, parameters }, opts);
}

/**
 * Installs security updates once a week, in the night from Saturday to Sunday of East Asia (18:00 UTC), and never reboots. Not when the
 * association is made or changed, since that may be in a first boot or in the day's busiest hour.
 */
export function keepPatched(name: string, instanceId: pulumi.Input<string>, opts: pulumi.CustomResourceOptions): void {
  const document = commandDocument(`${name}-patch-document`, renderRunbook("patch.command.yaml"), opts);
  keep(`${name}-patch`, { instanceId, document, only: "cron(0 18 ? * SAT *)" }, opts);
}

/** Puts the recovery's steps on the server itself, with the timer that heals there what can be healed there. */
export function keepHealing(
  name: string,
  instanceId: pulumi.Input<string>,
  role: pulumi.Input<string>,
  recovery: Recovery,
  healsPerHour: number,
  opts: pulumi.CustomResourceOptions,
): void {
  // Before it acts the timer asks whether the recovery is muted.
  const asks = grantPolicy([{ actions: ["ssm:GetParameter"], resources: [recovery.muteArn] }]);
  new aws.iam.RolePolicy(`${name}-heal-policy`, { role, policy: asks }, opts);
  const parameters = { Step: "install", MuteParameter: recovery.muteParameter, HealsPerHour: String(healsPerHour) };
  keep(`${name}-heal`, { instanceId, document: recovery.command, parameters }, opts);
}
