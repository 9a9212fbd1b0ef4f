import { timings } from "../availability/timings";
import {
  act,
  DAY,
  type Entry,
  foundationFirst,
  inspectTier,
  multiAzGap,
  none,
  output,
  pointInTime,
  release,
  restoreTime,
  rtoOf,
  secondStack,
  set,
  sideRestore,
  siteUp,
  takeRecords,
  vaultGaps,
  watchesOnly,
} from "./dr-steps";

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
          act(recovery.automatic ? "Nothing: watch it come back" : "Look, then act", ...inspectTier(context)),
          ...(onDisk
            ? [
                act(
                  "If it does not come back by itself: stop and start it, which moves it to other hardware",
                  `aws ec2 stop-instances --instance-ids "${output(context.stack, "instanceId")}"`,
                  `aws ec2 wait instance-stopped --instance-ids "${output(context.stack, "instanceId")}"`,
                  `aws ec2 start-instances --instance-ids "${output(context.stack, "instanceId")}"`,
                ),
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
              act(
                "Nothing: RDS fails over under the same name, the tier starts in another zone. To fail over by hand:",
                `aws rds reboot-db-instance --db-instance-identifier "${output(stack, "databaseIdentifier")}" --force-failover`,
              ),
            ]
          : [
              ...(replica
                ? [
                    act(
                      "The read replica may be in another zone; promoting it makes it a database of its own",
                      `aws rds promote-read-replica --db-instance-identifier <replica of ${stack}>`,
                    ),
                  ]
                : []),
              act("Wait for the zone, or restore into another one: as for a deleted database, below"),
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
          actions: [act(`Wait for ${region}: https://health.aws.amazon.com/health/status`)],
          gaps: [
            {
              lacks: "copies of the backups in a second region",
              mend:
                `${set(stack, "backups.enabled", "true")} && ` +
                `${set(stack, "backups.copyRegion", region === "ap-northeast-1" ? "ap-northeast-2" : "ap-northeast-1")}`,
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
          act(
            `Find the newest copy in ${copyRegion}`,
            `VAULT=$(aws backup list-backup-vaults --region ${copyRegion} --query ` +
              `"BackupVaultList[?starts_with(BackupVaultName,'backups-copy-vault')].BackupVaultName | [0]" ` +
              "--output text)",
            `SNAPSHOT=$(aws backup list-recovery-points-by-backup-vault --region ${copyRegion} ` +
              `--backup-vault-name "$VAULT" --query ` +
              `"reverse(sort_by(RecoveryPoints[?Status=='COMPLETED'],&CreationDate))[0].RecoveryPointArn" ` +
              "--output text)",
          ),
          secondStack(context, copyRegion, ["snapshot", '"$SNAPSHOT"']),
          ...foundationFirst(context),
          takeRecords(context),
          siteUp(context, copyRegion),
          act(
            `When ${region} is back, decide which data is the newer one; the old stack must not be updated before that`,
          ),
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
          act(
            "Nothing: the app connects again by itself. To see it:",
            "aws rds describe-events --source-type db-instance --source-identifier " +
              `"${output(context.stack, "databaseIdentifier")}" --duration 60`,
          ),
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
        act(
          "Find what is left: automated backups are kept after a deletion, and there is a final snapshot",
          "aws rds describe-db-instance-automated-backups --query " +
            "'DBInstanceAutomatedBackups[].[DBInstanceIdentifier,Status,RestoreWindow.LatestTime,DBInstanceAutomatedBackupsArn]' " +
            "--output table",
          "aws rds describe-db-snapshots --query 'DBSnapshots[].[DBSnapshotIdentifier,SnapshotCreateTime]' --output table",
          ...(context.vault
            ? [
                "aws backup list-recovery-points-by-backup-vault --backup-vault-name " +
                  `"${output(context.stack, "backupVault")}" --query ` +
                  "'RecoveryPoints[].[RecoveryPointArn,CreationDate]' --output table",
              ]
            : []),
        ),
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
          act(
            recovery.automatic
              ? "Nothing: a release that does not become healthy rolls back, and the update fails. One that is healthy and wrong:"
              : "Deploy the release before",
            ...(back[plan.architecture] ?? [
              "aws ecr describe-images --repository-name <repository> --query " +
                "'reverse(sort_by(imageDetails,&imagePushedAt))[:5].[imageTags[0],imageDigest]' --output table",
              release(stack, before),
            ]),
          ),
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
        act(
          "Before each risky migration: a snapshot, which makes the way back quick",
          "aws rds create-db-snapshot --db-instance-identifier " +
            `"${output(context.stack, "databaseIdentifier")}" --db-snapshot-identifier before-<migration>`,
        ),
        act("Go back to the release before (a bad release, above), then forward with a migration that mends"),
        ...sideRestore(context, "the migration"),
        act("Tell Prisma that it is undone", "npx prisma migrate resolve --rolled-back <migration>"),
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
          from:
            `${timings.humanResponse.from}; ` +
            `${vercel ? "assumption: half an hour for image and tier" : "TTL of a delegation, 172,800 s"}`,
        },
        automatic: false,
        actions: [
          ...(vercel
            ? [
                act(
                  "Move the site to AWS, where its database is; the gates hold until the new tier answers",
                  set(stack, "architecture", "fargate").replace(" --path", ""),
                  `pulumi up --stack ${stack}`,
                ),
              ]
            : []),
          act(
            "A zone that is gone: a new one, and its name servers at the registrar. The state learns first that it is gone",
            `aws route53 list-hosted-zones-by-name --dns-name ${domain}`,
            `pulumi refresh --stack ${stack}`,
            set(stack, "domain.zone", "new"),
            `pulumi up --stack ${stack}`,
          ),
          act("A domain that was taken over or expired: the registrar's support; nothing on AWS helps"),
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
        fargate:
          `aws ecs update-service --cluster "${output(stack, "cluster")}" --service ` +
          `"${output(stack, "service")}" --force-new-deployment`,
        "ha-web-tier": `aws autoscaling start-instance-refresh --auto-scaling-group-name "${output(stack, "autoScalingGroup")}"`,
        "monitored-instance":
          "aws ssm send-command --document-name AWS-RunShellScript --instance-ids " +
          `"${output(stack, "instanceId")}" --parameters 'commands=["systemctl restart pm2-site"]'`,
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
              act(
                "Make the password anew: RDS and the secret change in the same update. It is protected, so that " +
                  "no plain `up` does this",
                `pulumi state unprotect --stack ${stack} '${passwordUrn}'`,
                `pulumi up --stack ${stack} --replace '${passwordUrn}'`,
              ),
              act(
                "The same update rolls the new version of the secret out to what runs; where it could not, " +
                  "restart the tier, which then reads it",
                ...[restart[plan.architecture] ?? ""].filter(Boolean),
              ),
              act(
                "The next `up` protects the password again; look at the alarm database-logins for what still uses the old one",
              ),
            ]
          : [
              act(
                "The password is kept by whoever owns the database (database.mode " +
                  `${database === "adopted" ? "import" : "existing"}): change it there and in the secret together, ` +
                  "then restart the tier",
                ...[restart[plan.architecture] ?? ""].filter(Boolean),
              ),
            ],
        gaps: [],
      };
    },
  },
];
