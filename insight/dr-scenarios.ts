import type { Action, Context, Gap, Objective, Scenario } from "./dr";
import { duration } from "./format";
import { ofType } from "./read";
import { timings } from "./recovery";

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly write: (context: Context) => Omit<Scenario, "id" | "title">;
}

const POINT_IN_TIME = 300;
const POINT_IN_TIME_SOURCE =
  "RDS user guide: the latest restorable time is typically within the last five minutes (2026-11)";
const DAY = 86_400;

const output = (stack: string, name: string) => `$(pulumi stack output --stack ${stack} ${name})`;
const set = (stack: string, key: string, value: string, flags = "") =>
  `pulumi config set --stack ${stack}${flags} --path iamvet:${key} ${value}`;

const none = (from: string): Objective => ({ seconds: 0, from });
const rtoOf = ({ totalSeconds, steps, share }: ReturnType<Context["recovery"]>): Objective =>
  share === 0
    ? { seconds: 0, note: "visitors notice nothing", from: steps.map(({ what }) => what).join("; ") || "the plan" }
    : {
        seconds: totalSeconds,
        from: steps.map(({ what, seconds, from }) => `${what} ${duration(seconds)} (${from})`).join("; "),
      };

/** Newest data lost when the instance itself is gone and is made anew from its automated backups. */
function pointInTime({ database, backupDays }: Context): Objective {
  if (database === "elsewhere") {
    return { note: "not known: the database is not this stack's", from: "database.mode existing" };
  }
  if (backupDays === undefined) return { seconds: POINT_IN_TIME, from: `${POINT_IN_TIME_SOURCE}, if it has backups` };
  return { seconds: POINT_IN_TIME, from: `${POINT_IN_TIME_SOURCE}; backups are kept ${backupDays} days` };
}

/** Time to notice and decide, and to restore. */
const restoreTime = (further: Objective["note"] = undefined): Objective => ({
  seconds: timings.humanResponse.seconds + timings.databaseRestore.seconds,
  ...(further ? { note: further } : {}),
  from: `${timings.humanResponse.from}; ${timings.databaseRestore.from}`,
});

/** How a person looks at the tier. */
function lookAtTier({ plan, stack }: Context): string[] {
  const cluster = `--cluster "${output(stack, "cluster")}"`;
  const looks: Readonly<Record<string, readonly string[]>> = {
    "monitored-instance": [`aws ec2 describe-instance-status --instance-ids "${output(stack, "instanceId")}"`],
    "ha-web-tier": [
      "aws autoscaling describe-scaling-activities --max-items 5 --output table",
      "aws elbv2 describe-target-groups --query 'TargetGroups[].TargetGroupArn' --output text | xargs -n1 aws elbv2 describe-target-health --target-group-arn",
    ],
    fargate: [
      `aws ecs describe-services ${cluster} --services "${output(stack, "service")}" --query 'services[0].events[:5]'`,
    ],
    vercel: ["vercel inspect --logs", "open https://www.vercel-status.com"],
  };
  return [...(looks[plan.architecture] ?? [])];
}

const multiAzGap = (context: Context): Gap[] =>
  context.multiAz || context.database === "elsewhere"
    ? []
    : [
        {
          lacks: "a standby of the database in a second zone (doubles its price)",
          mend: set(context.stack, "database.multiAz", "true"),
        },
      ];

const vaultGaps = (context: Context): Gap[] => [
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
function sideRestore({ stack }: Context, moment: string): Action[] {
  return [
    {
      what: `Find the time of ${moment} (UTC): the app's log, CloudTrail, or the database's log`,
      commands: [
        `DB="${output(stack, "databaseIdentifier")}"`,
        `aws logs filter-log-events --log-group-name "/aws/rds/instance/$DB/postgresql" --filter-pattern '?DROP ?TRUNCATE ?DELETE' --start-time "$(date -d '-1 day' +%s)000"`,
      ],
    },
    {
      what: "Restore the second before it to an instance beside the live one, which stays as it is",
      commands: [
        `read -r SUBNETS GROUP <<< "$(aws rds describe-db-instances --db-instance-identifier "$DB" --query 'DBInstances[0].[DBSubnetGroup.DBSubnetGroupName,VpcSecurityGroups[0].VpcSecurityGroupId]' --output text)"`,
        'aws rds restore-db-instance-to-point-in-time --source-db-instance-identifier "$DB" --target-db-instance-identifier "$DB-before" --restore-time <2026-11-24T09:29:59Z> --db-subnet-group-name "$SUBNETS" --vpc-security-group-ids "$GROUP"',
        'aws rds wait db-instance-available --db-instance-identifier "$DB-before"',
      ],
    },
    {
      what: "Copy back what is missing, from a machine that reaches the database; the password is the live one",
      commands: [
        "pg_dump --data-only --table <table> <URL of $DB-before> | psql --single-transaction <DATABASE_URL>",
        'aws rds delete-db-instance --db-instance-identifier "$DB-before" --skip-final-snapshot',
      ],
    },
  ];
}

/** A second stack with the same settings, its data from a backup. */
function secondStack(context: Context, region: string, restore: readonly [key: string, value: string]): Action {
  const { stack, database, major = "<major version>" } = context;
  const second = `${stack}-dr`;
  const remove = (key: string) => `pulumi config rm --stack ${second} --path iamvet:${key}`;
  return {
    what: "Make a second stack with the same settings and secrets, its data from the backup",
    commands: [
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
    ],
  };
}

/** Publishes a release of the app and updates the stack; one that is published already is used again. */
const release = (stack: string, version: string, further = "") =>
  `npm run platform -- release --stack ${stack} --release-version ${version}${further}`;

/** Whether the stack serves from a server that is not its own, and of which it knows no release. */
const watchesOnly = ({ plan }: Context) =>
  plan.architecture === "monitored-instance" && ofType(plan, "aws:ec2/instance:Instance").length === 0;

/** A release is published into what the second stack has, so that is built first. */
function foundationFirst(context: Context): Action[] {
  if (context.plan.architecture === "vercel") return [];
  return [
    {
      what: "The first `up` builds the foundation with the data, and stops for want of a release",
      commands: [`pulumi up --stack ${context.stack}-dr`],
    },
  ];
}

function siteUp(context: Context, region: string): Action {
  const { plan, stack } = context;
  const bucket = plan.architecture === "monitored-instance" ? ` --bucket <bucket in ${region}>` : "";
  const update = plan.architecture === "vercel" || (watchesOnly(context) && region === context.region);
  return {
    what: "Bring the site up",
    commands: update
      ? [`pulumi up --stack ${stack}-dr`]
      : ["VERSION=$(git rev-parse --short HEAD)", release(`${stack}-dr`, '"$VERSION"', bucket)],
  };
}

/** Route 53 is global: the lost region's records are still there, and two stacks cannot own one record. */
function takeRecords({ domain }: Context): Action {
  return {
    what: "Take the old records away (they answer with what is gone), keep them in a file, and let `up` write its own",
    commands: [
      `ZONE=$(aws route53 list-hosted-zones-by-name --dns-name ${domain} --query 'HostedZones[0].Id' --output text)`,
      `aws route53 list-resource-record-sets --hosted-zone-id "$ZONE" --query "ResourceRecordSets[?contains(['A','CNAME'], Type) && (SetIdentifier=='serving' || SetIdentifier=='canary' || AliasTarget.DNSName=='${domain}.')]" | jq '{Changes: map({Action: "DELETE", ResourceRecordSet: .})}' > old-records.json`,
      'aws route53 change-resource-record-sets --hosted-zone-id "$ZONE" --change-batch file://old-records.json',
    ],
  };
}

export const scenarios: readonly Entry[] = [
  {
    id: "instance-lost",
    title: "A server, task or function is lost",
    write: (context) => {
      const recovery = context.recovery("instance-lost");
      const onDisk = context.plan.architecture === "monitored-instance";
      return {
        rpo: onDisk
          ? {
              ...none("the site's data is in the database"),
              note: "but for files that the app keeps on the server's own disk",
            }
          : none("the site's data is in the database"),
        rto: rtoOf(recovery),
        automatic: recovery.automatic,
        actions: [
          {
            what: recovery.automatic ? "Nothing: watch it come back" : "Look, then act",
            commands: lookAtTier(context),
          },
          ...(onDisk
            ? [
                {
                  what: "If it does not come back by itself: stop and start it, which moves it to other hardware",
                  commands: [
                    `aws ec2 stop-instances --instance-ids "${output(context.stack, "instanceId")}"`,
                    `aws ec2 wait instance-stopped --instance-ids "${output(context.stack, "instanceId")}"`,
                    `aws ec2 start-instances --instance-ids "${output(context.stack, "instanceId")}"`,
                  ],
                },
              ]
            : []),
        ],
        gaps: [],
      };
    },
  },
  {
    id: "zone-lost",
    title: "An availability zone is lost",
    write: (context) => {
      const recovery = context.recovery("zone-lost");
      const { stack, multiAz, replica } = context;
      return {
        rpo: multiAz
          ? none("database-instance is Multi-AZ: the standby has every committed transaction")
          : { ...pointInTime(context), note: "0 if the zone comes back with its disks" },
        rto: rtoOf(recovery),
        automatic: recovery.automatic && multiAz,
        actions: multiAz
          ? [
              {
                what: "Nothing: RDS fails over under the same name, the tier starts in another zone. To fail over by hand:",
                commands: [
                  `aws rds reboot-db-instance --db-instance-identifier "${output(stack, "databaseIdentifier")}" --force-failover`,
                ],
              },
            ]
          : [
              ...(replica
                ? [
                    {
                      what: "The read replica may be in another zone; promoting it makes it a database of its own",
                      commands: [`aws rds promote-read-replica --db-instance-identifier <replica of ${stack}>`],
                    },
                  ]
                : []),
              { what: "Wait for the zone, or restore into another one: as for a deleted database, below" },
            ],
        gaps: multiAzGap(context),
      };
    },
  },
  {
    id: "region-lost",
    title: "The region is lost",
    write: (context) => {
      const { stack, copyRegion, region } = context;
      const recovery = context.recovery("region-lost");
      if (!copyRegion) {
        return {
          rpo: {
            note: "everything, if the region does not come back: no copy of the data is outside it",
            from: "no backup plan with a copy to a second region",
          },
          rto: rtoOf(recovery),
          automatic: false,
          actions: [{ what: `Wait for ${region}: https://health.aws.amazon.com/health/status` }],
          gaps: [
            {
              lacks: "copies of the backups in a second region",
              mend: `${set(stack, "backups.enabled", "true")} && ${set(stack, "backups.copyRegion", region === "ap-northeast-1" ? "ap-northeast-2" : "ap-northeast-1")}`,
            },
          ],
        };
      }
      return {
        rpo: {
          seconds: DAY + 3600,
          from: `backups-plan: one backup a day, copied to ${copyRegion}; assumption: an hour for backup and copy`,
        },
        rto: rtoOf(recovery),
        automatic: false,
        actions: [
          {
            what: `Find the newest copy in ${copyRegion}`,
            commands: [
              `VAULT=$(aws backup list-backup-vaults --region ${copyRegion} --query "BackupVaultList[?starts_with(BackupVaultName,'backups-copy-vault')].BackupVaultName | [0]" --output text)`,
              `SNAPSHOT=$(aws backup list-recovery-points-by-backup-vault --region ${copyRegion} --backup-vault-name "$VAULT" --query "reverse(sort_by(RecoveryPoints[?Status=='COMPLETED'],&CreationDate))[0].RecoveryPointArn" --output text)`,
            ],
          },
          secondStack(context, copyRegion, ["snapshot", '"$SNAPSHOT"']),
          ...foundationFirst(context),
          takeRecords(context),
          siteUp(context, copyRegion),
          {
            what: `When ${region} is back, decide which data is the newer one; the old stack must not be updated before that`,
          },
        ],
        gaps: vaultGaps(context),
      };
    },
  },
  {
    id: "database-host-lost",
    title: "The database's host fails",
    write: (context) => {
      const recovery = context.recovery("database-lost");
      return {
        rpo: context.multiAz
          ? none("database-instance is Multi-AZ: the standby has every committed transaction")
          : none("the storage outlives the host; RDS starts the instance on another one"),
        rto: rtoOf(recovery),
        automatic: true,
        actions: [
          {
            what: "Nothing: the app connects again by itself. To see it:",
            commands: [
              `aws rds describe-events --source-type db-instance --source-identifier "${output(context.stack, "databaseIdentifier")}" --duration 60`,
            ],
          },
        ],
        gaps: multiAzGap(context),
      };
    },
  },
  {
    id: "table-dropped",
    title: "A table was dropped, or rows were deleted",
    write: (context) => ({
      rpo: {
        ...none("point-in-time recovery to the second before"),
        note: `within the last ${context.backupDays ?? "(unknown)"} days; what was written to the table after it is merged by hand`,
      },
      rto: restoreTime("the rest of the site serves meanwhile"),
      automatic: false,
      actions: sideRestore(context, "the mistake"),
      gaps: vaultGaps(context),
    }),
  },
  {
    id: "database-deleted",
    title: "The database instance was deleted",
    write: (context) => ({
      rpo: pointInTime(context),
      rto: restoreTime(),
      automatic: false,
      actions: [
        {
          what: "Find what is left: automated backups are kept after a deletion, and there is a final snapshot",
          commands: [
            "aws rds describe-db-instance-automated-backups --query 'DBInstanceAutomatedBackups[].[DBInstanceIdentifier,Status,RestoreWindow.LatestTime,DBInstanceAutomatedBackupsArn]' --output table",
            "aws rds describe-db-snapshots --query 'DBSnapshots[].[DBSnapshotIdentifier,SnapshotCreateTime]' --output table",
            ...(context.vault
              ? [
                  `aws backup list-recovery-points-by-backup-vault --backup-vault-name "${output(context.stack, "backupVault")}" --query 'RecoveryPoints[].[RecoveryPointArn,CreationDate]' --output table`,
                ]
              : []),
          ],
        },
        secondStack(context, context.region, ["automatedBackupArn", "<DBInstanceAutomatedBackupsArn>"]),
        ...foundationFirst(context),
        takeRecords(context),
        siteUp(context, context.region),
      ],
      gaps: vaultGaps(context),
    }),
  },
  {
    id: "bad-deploy",
    title: "A bad release was deployed",
    write: (context) => {
      const recovery = context.recovery("bad-deploy");
      const { plan, stack } = context;
      const before = "<version before>";
      const back: Readonly<Record<string, readonly string[]>> = {
        vercel: ["vercel rollback"],
        "monitored-instance": watchesOnly(context)
          ? [release(stack, before, " --command <what deploys it>")]
          : [release(stack, before, " --bucket <bucket>")],
      };
      return {
        rpo: none("a release without a migration changes no data"),
        rto: rtoOf(recovery),
        automatic: recovery.automatic,
        actions: [
          {
            what: recovery.automatic
              ? "Nothing: a release that does not become healthy rolls back, and the update fails. One that is healthy and wrong:"
              : "Deploy the release before",
            commands: back[plan.architecture] ?? [
              "aws ecr describe-images --repository-name <repository> --query 'reverse(sort_by(imageDetails,&imagePushedAt))[:5].[imageTags[0],imageDigest]' --output table",
              release(stack, before),
            ],
          },
        ],
        gaps: [],
      };
    },
  },
  {
    id: "bad-migration",
    title: "A migration damaged data",
    write: (context) => ({
      rpo: {
        ...none("point-in-time recovery to the second before"),
        note: "what was written after the migration is merged by hand",
      },
      rto: restoreTime("the release before serves meanwhile, if the migration was additive"),
      automatic: false,
      actions: [
        {
          what: "Before each risky migration: a snapshot, which makes the way back quick",
          commands: [
            `aws rds create-db-snapshot --db-instance-identifier "${output(context.stack, "databaseIdentifier")}" --db-snapshot-identifier before-<migration>`,
          ],
        },
        { what: "Go back to the release before (a bad release, above), then forward with a migration that mends" },
        ...sideRestore(context, "the migration"),
        {
          what: "Tell Prisma that it is undone",
          commands: ["npx prisma migrate resolve --rolled-back <migration>"],
        },
      ],
      gaps: [],
    }),
  },
  {
    id: "dns-lost",
    title: "The DNS zone or the Vercel account is lost",
    write: (context) => {
      const { plan, stack, domain } = context;
      const vercel = plan.architecture === "vercel";
      return {
        rpo: none("the data is neither in DNS nor at Vercel"),
        rto: {
          seconds: timings.humanResponse.seconds + (vercel ? 1800 : 2 * DAY),
          ...(vercel ? {} : { note: "most of it is the old delegation in resolvers, up to two days at .com and .kr" }),
          from: `${timings.humanResponse.from}; ${vercel ? "assumption: half an hour for image and tier" : "TTL of a delegation, 172,800 s"}`,
        },
        automatic: false,
        actions: [
          ...(vercel
            ? [
                {
                  what: "Move the site to AWS, where its database is; the gates hold until the new tier answers",
                  commands: [
                    set(stack, "architecture", "fargate").replace(" --path", ""),
                    `pulumi up --stack ${stack}`,
                  ],
                },
              ]
            : []),
          {
            what: "A zone that is gone: a new one, and its name servers at the registrar",
            commands: [
              `aws route53 list-hosted-zones-by-name --dns-name ${domain}`,
              set(stack, "domain.zone", "new"),
              `pulumi up --stack ${stack}`,
            ],
          },
          { what: "A domain that was taken over or expired: the registrar's support; nothing on AWS helps" },
        ],
        gaps: [],
      };
    },
  },
  {
    id: "password-leaked",
    title: "The database's password leaked, or is to be rotated",
    write: ({ stack, passwordUrn, plan, database }) => {
      const restart: Readonly<Record<string, string>> = {
        fargate: `aws ecs update-service --cluster "${output(stack, "cluster")}" --service "${output(stack, "service")}" --force-new-deployment`,
        "ha-web-tier": `aws autoscaling start-instance-refresh --auto-scaling-group-name "${output(stack, "autoScalingGroup")}"`,
        "monitored-instance": `aws ssm send-command --document-name AWS-RunShellScript --instance-ids "${output(stack, "instanceId")}" --parameters 'commands=["systemctl restart pm2-site"]'`,
        vercel: "vercel redeploy <deployment>",
      };
      return {
        rpo: none("no data is touched"),
        rto: {
          seconds: 120,
          note: "new connections fail between the change and the restart: choose a quiet hour",
          from: "assumption: one restart of the tier",
        },
        automatic: false,
        actions: passwordUrn
          ? [
              {
                what: "Make the password anew: RDS and the secret change in the same update. It is protected, so that no plain `up` does this",
                commands: [
                  `pulumi state unprotect --stack ${stack} '${passwordUrn}'`,
                  `pulumi up --stack ${stack} --replace '${passwordUrn}'`,
                ],
              },
              {
                what: "The same update rolls the new version of the secret out to what runs; where it could not, restart the tier, which then reads it",
                commands: [restart[plan.architecture] ?? ""].filter(Boolean),
              },
              {
                what: "The next `up` protects the password again; look at the alarm database-logins for what still uses the old one",
              },
            ]
          : [
              {
                what: `The password is kept by whoever owns the database (database.mode ${database === "adopted" ? "import" : "existing"}): change it there and in the secret together, then restart the tier`,
                commands: [restart[plan.architecture] ?? ""].filter(Boolean),
              },
            ],
        gaps: [],
      };
    },
  },
];
