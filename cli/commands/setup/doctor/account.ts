import { isIP } from "node:net";
import { ofType } from "../../../../core/plan-reader";
import { dnsName } from "../../../../core/traffic-state";
import { permissionsFor } from "../../../../insight/permissions";
import { liveNames } from "../../../../stacks/gates/names";
import { type AwsAccess, askAws, collect } from "../../../lib/aws-access";
import { check, type Finding, Missing, ok, skipped, warning, wrong } from "./check";

/** SimulatePrincipalPolicy takes many actions at once; this many keep a request small. */
const ACTIONS_A_REQUEST = 100;

/** The principal whose policies decide: for a session of a role that is the role, with its path. */
async function principalOf({ arn, config }: AwsAccess): Promise<string | undefined> {
  if (/:root$/.test(arn)) return undefined;
  const role = /^arn:[\w-]+:sts::\d+:assumed-role\/([^/]+)\//.exec(arn)?.[1];
  if (!role) return arn;
  const { IAMClient, GetRoleCommand } = await import("@aws-sdk/client-iam");
  const { Role } = await new IAMClient(config).send(new GetRoleCommand({ RoleName: role }));
  return Role?.Arn;
}

const bytes = (ns: readonly string[]) =>
  [...ns]
    .map((name) => dnsName(name))
    .sort()
    .join(", ");

/** What the account and its services say. */
export const accountChecks = [
  check("AWS identity", [], async ({ aws }) => {
    if (aws instanceof Missing) return wrong(aws.reason, "`aws sts get-caller-identity` must work first.");
    const { account, arn, region } = aws;
    return arn.endsWith(":root")
      ? warning(
          `${account}, the root user, ${region}`,
          "Work as a user or a role: the root user cannot be limited, and its use is an audit finding.",
        )
      : ok(`${account}, ${arn}, ${region}`);
  }),

  check(
    "permissions",
    ["aws", "plan"],
    async ({ aws, plan }) => {
      const principal = await askAws(aws, "read its own role", () => principalOf(aws));
      if (!principal) return skipped("the root user may do everything; there is nothing to simulate");
      const { read, write, unknown } = permissionsFor(plan);
      const actions = [...new Set([...read, ...write])];
      const { IAMClient, paginateSimulatePrincipalPolicy } = await import("@aws-sdk/client-iam");
      const client = new IAMClient(aws.config);
      const denied: string[] = [];
      await askAws(aws, "simulate its own policies (iam:SimulatePrincipalPolicy)", async () => {
        for (let i = 0; i < actions.length; i += ACTIONS_A_REQUEST) {
          const asked = { PolicySourceArn: principal, ActionNames: actions.slice(i, i + ACTIONS_A_REQUEST) };
          const pages = paginateSimulatePrincipalPolicy({ client }, asked);
          const results = await collect(pages, (page) => page.EvaluationResults);
          const refused = results.filter(({ EvalDecision }) => EvalDecision !== "allowed");
          denied.push(...refused.map(({ EvalActionName = "" }) => EvalActionName));
        }
      });
      const gaps = unknown.length > 0 ? `; not simulated, as nothing is known of them: ${unknown.join(", ")}` : "";
      if (denied.length === 0) return ok(`all ${actions.length} actions of ${plan.architecture} are allowed${gaps}`);
      return wrong(
        `${denied.length} of ${actions.length} actions of ${plan.architecture} are not allowed: ${shortened(denied.sort())}${gaps}`,
        "Have them allowed. A policy that is limited to certain resources can look denied here, since " +
          "the simulation asks for any resource.",
      );
    },
    20,
  ),

  check("zone", ["aws", "settings"], async ({ aws, settings: { domain, gates } }) => {
    const name = domain.zoneName ?? domain.name;
    const { Route53Client, ListHostedZonesByNameCommand, GetHostedZoneCommand } = await import(
      "@aws-sdk/client-route-53"
    );
    const client = new Route53Client(aws.config);
    const { HostedZones = [] } = await askAws(aws, "list hosted zones", () =>
      client.send(new ListHostedZonesByNameCommand({ DNSName: name })),
    );
    const zone = HostedZones.find(({ Name = "", Config }) => dnsName(Name) === name && !Config?.PrivateZone);
    if (!zone) {
      return domain.zone === "new"
        ? warning(
            `${name} does not exist yet`,
            "The first `pulumi up` creates it and stops with the name servers to enter at the registrar.",
          )
        : wrong(
            `the account has no public zone ${name}`,
            "Name the zone that holds the site (domain.zoneName), use the account that has it, or let the " +
              "stack create it: domain.zone new.",
          );
    }
    const { DelegationSet } = await client.send(new GetHostedZoneCommand({ Id: zone.Id }));
    const own = DelegationSet?.NameServers ?? [];
    const delegated = await liveNames(gates.resolvers, 4_000)
      .delegation(name)
      .catch((error: { code?: string }) => error.code ?? "ERROR");
    if (typeof delegated === "string") {
      return /ENOTFOUND|ENODATA/.test(delegated)
        ? wrong(
            `${name} is not delegated: DNS knows no name servers for it`,
            `Enter these at the registrar: ${bytes(own)}`,
          )
        : skipped(`the delegation of ${name} could not be asked (${delegated})`);
    }
    return bytes(delegated) === bytes(own)
      ? ok(`${name} is delegated to ${bytes(own)}`)
      : wrong(
          `${name} is delegated to ${bytes(delegated)}, not to this zone`,
          `Enter these at the registrar: ${bytes(own)}`,
        );
  }),

  check("certificate", ["aws", "settings"], async ({ aws, settings: { domain } }) => {
    const { ACMClient, paginateListCertificates } = await import("@aws-sdk/client-acm");
    const pages = paginateListCertificates({ client: new ACMClient(aws.config) }, {});
    const all = await askAws(aws, "list certificates", () => collect(pages, (page) => page.CertificateSummaryList));
    const found = all.filter(({ DomainName }) => DomainName === domain.name);
    const issued = found.find(({ Status }) => Status === "ISSUED");
    if (issued) {
      const days = issued.NotAfter ? Math.floor((issued.NotAfter.getTime() - Date.now()) / 86_400_000) : undefined;
      const until = days === undefined ? "" : `, ${days} days left`;
      return days !== undefined && days < 30
        ? warning(
            `issued for ${domain.name}${until}`,
            "ACM renews 60 days ahead, if its validation record still stands: see the certificate in the ACM console.",
          )
        : ok(`issued for ${domain.name}${until}`);
    }
    const [other] = found;
    if (!other) return ok(`none for ${domain.name} yet: \`pulumi up\` requests and validates it`);
    return other.Status === "PENDING_VALIDATION"
      ? warning(
          `waits for validation of ${domain.name}`,
          "Its validation record must be in the zone, and the zone delegated: see the line above.",
        )
      : wrong(`${other.Status?.toLowerCase()} for ${domain.name}`, "Delete it in the ACM console and run `pulumi up`.");
  }),

  check("alert e-mail", ["aws", "settings"], async ({ aws, settings: { alerts }, stack }) => {
    const { SNSClient, paginateListSubscriptions } = await import("@aws-sdk/client-sns");
    const pages = paginateListSubscriptions({ client: new SNSClient(aws.config) }, {});
    const all = await askAws(aws, "list subscriptions", () => collect(pages, (page) => page.Subscriptions));
    const found = all.filter(({ TopicArn = "" }) => /:alerts-(page|warning)/.test(TopicArn));
    return alerts.emails.map((email): Finding => {
      const own = found.filter(({ Endpoint }) => Endpoint === email);
      if (own.length === 0)
        return ok(`${email} is subscribed by the next \`pulumi up --stack ${stack}\`, and must then confirm`);
      const waiting = own.filter(({ SubscriptionArn }) => !SubscriptionArn?.startsWith("arn:")).length;
      return waiting > 0
        ? wrong(
            `${email} has not confirmed ${waiting} of ${own.length} subscriptions: it receives nothing from those`,
            "Open the link in the message from no-reply@sns.amazonaws.com; after three days, run `pulumi up` to have it sent again.",
          )
        : ok(`${email} receives alerts`);
    });
  }),

  check("SMS", ["aws", "settings"], async ({ aws, settings: { alerts } }) => {
    if (alerts.phones.length === 0) return skipped("no phone number is set (alerts.phones)");
    const sns = await import("@aws-sdk/client-sns");
    const client = new sns.SNSClient(aws.config);
    const { IsInSandbox } = await askAws(aws, "see whether SMS is in its sandbox", () =>
      client.send(new sns.GetSMSSandboxAccountStatusCommand({})),
    );
    if (!IsInSandbox) return ok(`out of the sandbox: ${alerts.phones.join(", ")} can be reached`);
    const { PhoneNumbers = [] } = await askAws(aws, "list verified phone numbers", () =>
      client.send(new sns.ListSMSSandboxPhoneNumbersCommand({})),
    );
    const verified = new Set(
      PhoneNumbers.filter(({ Status }) => Status === "Verified").map(({ PhoneNumber }) => PhoneNumber),
    );
    const unreached = alerts.phones.filter((phone) => !verified.has(phone));
    return unreached.length > 0
      ? wrong(
          `in the sandbox, and not verified: ${unreached.join(", ")}`,
          unreached.map((phone) => `aws sns create-sms-sandbox-phone-number --phone-number ${phone}`).join("\n"),
        )
      : warning(
          "in the sandbox; every number is verified",
          "Enough for at most 10 verified numbers. To leave it: SNS console, Text messaging, Exit SMS sandbox.",
        );
  }),

  check("existing instance", ["aws", "settings"], async ({ aws, settings: { existing }, stack }) => {
    const id = existing.instanceId;
    if (!id) return skipped("no instance is adopted (existing.instanceId)");
    const [{ EC2Client, DescribeInstancesCommand }, { SSMClient, DescribeInstanceInformationCommand }] =
      await Promise.all([import("@aws-sdk/client-ec2"), import("@aws-sdk/client-ssm")]);
    const { Reservations = [] } = await askAws(aws, "look at instances", () =>
      new EC2Client(aws.config).send(
        new DescribeInstancesCommand({ Filters: [{ Name: "instance-id", Values: [id] }] }),
      ),
    );
    const instance = Reservations[0]?.Instances?.[0];
    if (!instance)
      return wrong(
        `${aws.region} has no instance ${id}`,
        "Correct existing.instanceId or aws:region: platform init finds them.",
      );
    const state = instance.State?.Name;
    if (state !== "running")
      return wrong(`${id} is ${state}`, `aws ec2 start-instances --region ${aws.region} --instance-ids ${id}`);
    const findings: Finding[] = [];
    const address = existing.addresses.find((ip) => isIP(ip) > 0);
    if (address && address !== instance.PublicIpAddress) {
      findings.push(
        wrong(
          `existing.addresses says ${address}, the instance has ${instance.PublicIpAddress ?? "none"}`,
          "Correct existing.addresses, or DNS will point at nothing.",
        ),
      );
    }
    const online = await askAws(aws, "see what Systems Manager manages", () =>
      new SSMClient(aws.config).send(
        new DescribeInstanceInformationCommand({ Filters: [{ Key: "InstanceIds", Values: [id] }] }),
      ),
    ).then(
      ({ InstanceInformationList = [] }) => InstanceInformationList[0]?.PingStatus,
      // Without a profile the answer is known, whoever may ask.
      (error: unknown) => (instance.IamInstanceProfile ? Promise.reject(error) : undefined),
    );
    if (online === "Online") findings.push(ok(`${id} is running and managed by Systems Manager`));
    else if (!instance.IamInstanceProfile)
      findings.push(
        warning(
          `${id} has no instance profile, so Systems Manager cannot reach it`,
          `pulumi up --stack ${stack}, then: platform attach --stack ${stack}`,
        ),
      );
    else
      findings.push(
        warning(
          `${id} has a profile, but its agent ${online ? `is ${online}` : "has not reported"}`,
          "On the server: sudo systemctl status amazon-ssm-agent. Its role needs what `platform attach` gives.",
        ),
      );
    return findings;
  }),

  check("existing database", ["aws", "settings"], async ({ aws, settings: { database } }) => {
    const { identifier } = database;
    if (database.mode === "managed" || !identifier)
      return skipped("the stack creates its own (database.mode is managed)");
    const { RDSClient, DescribeDBInstancesCommand } = await import("@aws-sdk/client-rds");
    const found = await askAws(aws, "look at databases", () =>
      new RDSClient(aws.config)
        .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier }))
        .catch((error: Error) => {
          if (error.name.startsWith("DBInstanceNotFound")) return undefined;
          throw error;
        }),
    );
    const db = found?.DBInstances?.[0];
    if (!db)
      return wrong(
        `${aws.region} has no RDS instance ${identifier}`,
        "Correct database.identifier: platform init finds them.",
      );
    const findings: Finding[] = [];
    if (
      database.securityGroupId &&
      !db.VpcSecurityGroups?.some(({ VpcSecurityGroupId }) => VpcSecurityGroupId === database.securityGroupId)
    ) {
      findings.push(
        wrong(
          `${database.securityGroupId} is not a security group of ${identifier}`,
          `Set database.securityGroupId to ${db.VpcSecurityGroups?.[0]?.VpcSecurityGroupId}.`,
        ),
      );
    }
    if (!db.BackupRetentionPeriod)
      findings.push(
        warning(
          `${identifier} has no automated backups`,
          `aws rds modify-db-instance --db-instance-identifier ${identifier} --backup-retention-period 7 --apply-immediately`,
        ),
      );
    if (!db.DeletionProtection)
      findings.push(
        warning(
          `${identifier} can be deleted by one call`,
          `aws rds modify-db-instance --db-instance-identifier ${identifier} --deletion-protection --apply-immediately`,
        ),
      );
    if (db.DBInstanceStatus !== "available")
      findings.push(warning(`${identifier} is ${db.DBInstanceStatus}`, "Wait until it is available before an update."));
    return findings.length > 0
      ? findings
      : ok(`${identifier}, PostgreSQL ${db.EngineVersion}, backups kept for ${db.BackupRetentionPeriod} days`);
  }),

  check(
    "quotas",
    ["aws", "plan", "settings"],
    async ({ aws, plan, settings }) => {
      const { quotaFindings } = await import("./quotas");
      return quotaFindings(aws, plan, settings);
    },
    15,
  ),

  check(
    "what a flip would lose",
    ["aws", "plan", "settings"],
    async (patient) => {
      const { lossFindings } = await import("./losses");
      const instances = ofType(patient.plan, "aws:ec2/instance:Instance").length;
      return lossFindings(patient, instances > 0);
    },
    40,
  ),
];

/** The first of a long list. */
const shortened = (names: readonly string[]) =>
  names.length > 12 ? `${names.slice(0, 12).join(", ")} and ${names.length - 12} more` : names.join(", ");
