import { ofType } from "../../core/plan-reader";
import { duration } from "../../output/format";
import { timings } from "../availability/timings";
import type { Action, Context, Gap, Objective, Scenario } from "./disaster-plan";

export interface Entry {
  readonly id: Scenario["id"];
  readonly title: string;
  readonly write: (context: Context) => Omit<Scenario, "id" | "title">;
}

/** One thing to do, with the commands for it. */
export const act = (what: string, ...commands: readonly string[]): Action => ({
  what,
  ...(commands.length > 0 ? { commands } : {}),
});

const POINT_IN_TIME = 300;
const POINT_IN_TIME_SOURCE =
  "RDS user guide: the latest restorable time is typically within the last five minutes (2026-11)";
export const DAY = 86_400;

export const output = (stack: string, name: string) => `$(pulumi stack output --stack ${stack} ${name})`;
export const set = (stack: string, key: string, value: string, flags = "") =>
  `pulumi config set --stack ${stack}${flags} --path iamvet:${key} ${value}`;

export const none = (from: string): Objective => ({ seconds: 0, from });
export const rtoOf = ({ totalSeconds, steps, share }: ReturnType<Context["recovery"]>): Objective =>
  share === 0
    ? { seconds: 0, note: "visitors notice nothing", from: steps.map(({ what }) => what).join("; ") || "the plan" }
    : {
        seconds: totalSeconds,
        from: steps.map(({ what, seconds, from }) => `${what} ${duration(seconds)} (${from})`).join("; "),
      };

/** Newest data lost when the instance itself is gone and is made anew from its automated backups. */
export function pointInTime({ database, backupDays }: Context): Objective {
  if (database === "elsewhere") {
    return { note: "not known: the database is not this stack's", from: "database.mode existing" };
  }
  if (backupDays === undefined) return { seconds: POINT_IN_TIME, from: `${POINT_IN_TIME_SOURCE}, if it has backups` };
  return { seconds: POINT_IN_TIME, from: `${POINT_IN_TIME_SOURCE}; backups are kept ${backupDays} days` };
}

/** Time to notice and decide, and to restore. */
export const restoreTime = (further: Objective["note"] = undefined): Objective => ({
  seconds: timings.humanResponse.seconds + timings.databaseRestore.seconds,
  ...(further ? { note: further } : {}),
  from: `${timings.humanResponse.from}; ${timings.databaseRestore.from}`,
});

/** How a person looks at the tier. */
export function inspectTier({ plan, stack }: Context): string[] {
  const cluster = `--cluster "${output(stack, "cluster")}"`;
  const looks: Readonly<Record<string, readonly string[]>> = {
    "monitored-instance": [`aws ec2 describe-instance-status --instance-ids "${output(stack, "instanceId")}"`],
    "ha-web-tier": [
      "aws autoscaling describe-scaling-activities --max-items 5 --output table",
      "aws elbv2 describe-target-groups --query 'TargetGroups[].TargetGroupArn' --output text | xargs " +
        "-n1 aws elbv2 describe-target-health --target-group-arn",
    ],
    fargate: [
      `aws ecs describe-services ${cluster} --services "${output(stack, "service")}" --query 'services[0].events[:5]'`,
    ],
    vercel: ["vercel inspect --logs", "open https://www.vercel-status.com"],
  };
  return [...(looks[plan.architecture] ?? [])];
}

export const multiAzGap = (context: Context): Gap[] =>
  context.multiAz || context.database === "elsewhere"
    ? []
    : [
        {
          lacks: "a standby of the database in a second zone (doubles its price)",
          mend: set(context.stack, "database.multiAz", "true"),
        },
      ];

export const vaultGaps = (context: Context): Gap[] => [
  ...(context.vault
    ? []
    : [
        {
          lacks: "a vault whose backups outlive the database and its automated backups",
          mend: set(context.stack, "backups.enabled", "true"),
        },
      ]),
  ...(context.vault && !context.restoreTested
    ? [
        {
          lacks: "a proof that the backups can be restored",
          mend: set(context.stack, "backups.restoreTest", "monthly"),
        },
      ]
    : []),
  ...(context.vault && !context.locked
    ? [
        {
          lacks: "a lock of the vault against somebody who deletes backups",
          mend: set(context.stack, "backups.lock", "governance"),
        },
      ]
    : []),
];

/** Restores to the second before a mistake, beside the live database, and copies back what is missing. */
export function sideRestore({ stack }: Context, moment: string): Action[] {
  return [
    act(
      `Find the time of ${moment} (UTC): the app's log, CloudTrail, or the database's log`,
      `DB="${output(stack, "databaseIdentifier")}"`,
      `aws logs filter-log-events --log-group-name "/aws/rds/instance/$DB/postgresql" --filter-pattern ` +
        `'?DROP ?TRUNCATE ?DELETE' --start-time "$(date -d '-1 day' +%s)000"`,
    ),
    act(
      "Restore the second before it to an instance beside the live one, which stays as it is",
      `read -r SUBNETS GROUP <<< "$(aws rds describe-db-instances --db-instance-identifier "$DB" ` +
        `--query ` +
        `'DBInstances[0].[DBSubnetGroup.DBSubnetGroupName,VpcSecurityGroups[0].VpcSecurityGroupId]' ` +
        `--output text)"`,
      'aws rds restore-db-instance-to-point-in-time --source-db-instance-identifier "$DB" ' +
        '--target-db-instance-identifier "$DB-before" --restore-time <2026-11-24T09:29:59Z> ' +
        '--db-subnet-group-name "$SUBNETS" --vpc-security-group-ids "$GROUP"',
      'aws rds wait db-instance-available --db-instance-identifier "$DB-before"',
    ),
    act(
      "Copy back what is missing, from a machine that reaches the database; the password is the live one",
      "pg_dump --data-only --table <table> <URL of $DB-before> | psql --single-transaction <DATABASE_URL>",
      'aws rds delete-db-instance --db-instance-identifier "$DB-before" --skip-final-snapshot',
    ),
  ];
}

/** A second stack with the same settings, its data from a backup. */
export function secondStack(context: Context, region: string, restore: readonly [key: string, value: string]): Action {
  const { stack, database, major = "<major version>" } = context;
  const second = `${stack}-dr`;
  const remove = (key: string) => `pulumi config rm --stack ${second} --path iamvet:${key}`;
  return act(
    "Make a second stack with the same settings and secrets, its data from the backup",
    `pulumi stack init ${second} --copy-config-from ${stack}`,
    `pulumi config set --stack ${second} aws:region ${region}`,
    set(second, "database.mode", "restore"),
    set(second, "database.engineVersion", major, " --type string"),
    set(second, `database.restore.${restore[0]}`, restore[1]),
    ...(database === "adopted" ? [remove("database.takeOver")] : []),
    // The copy's region is the stack's own now, and a server that exists is not in it.
    ...(region === context.copyRegion ? [remove("backups.copyRegion")] : []),
    ...(watchesOnly(context) && region !== context.region
      ? [`pulumi config rm --stack ${second} iamvet:existing`]
      : []),
    // What the first stack runs was built with its key, and may be in what is lost.
    ...["image.uri", "instance.release"].map(remove),
  );
}

/** Publishes a release of the app and updates the stack; one that is published already is used again. */
export const release = (stack: string, version: string, further = "") =>
  `npm run platform -- release --stack ${stack} --release-version ${version}${further}`;

/** Whether the stack serves from a server that is not its own, and of which it knows no release. */
export const watchesOnly = ({ plan }: Context) =>
  plan.architecture === "monitored-instance" && ofType(plan, "aws:ec2/instance:Instance").length === 0;

/** A release is published into what the second stack has, so that is built first. */
export function foundationFirst(context: Context): Action[] {
  if (context.plan.architecture === "vercel") return [];
  return [
    act(
      "The first `up` builds the foundation with the data, and stops for want of a release",
      `pulumi up --stack ${context.stack}-dr`,
    ),
  ];
}

export function siteUp(context: Context, region: string): Action {
  const { plan, stack } = context;
  const bucket = plan.architecture === "monitored-instance" ? ` --bucket <bucket in ${region}>` : "";
  const update = plan.architecture === "vercel" || (watchesOnly(context) && region === context.region);
  return act(
    "Bring the site up",
    ...(update
      ? [`pulumi up --stack ${stack}-dr`]
      : ["VERSION=$(git rev-parse --short HEAD)", release(`${stack}-dr`, '"$VERSION"', bucket)]),
  );
}

/** Route 53 is global: the lost region's records are still there, and two stacks cannot own one record. */
export function takeRecords({ domain }: Context): Action {
  return act(
    "Take the old records away (they answer with what is gone), keep them in a file, and let `up` write its own",
    `ZONE=$(aws route53 list-hosted-zones-by-name --dns-name ${domain} --query 'HostedZones[0].Id' --output text)`,
    `aws route53 list-resource-record-sets --hosted-zone-id "$ZONE" --query ` +
      `"ResourceRecordSets[?contains(['A','CNAME'], Type) && (SetIdentifier=='serving' || ` +
      `SetIdentifier=='canary' || AliasTarget.DNSName=='${domain}.')]" | jq '{Changes: map({Action: ` +
      `"DELETE", ResourceRecordSet: .})}' > old-records.json`,
    'aws route53 change-resource-record-sets --hosted-zone-id "$ZONE" --change-batch file://old-records.json',
  );
}
