/** A figure that no plan holds. */
export interface Timing {
  readonly seconds: number;
  /** Where it is from: a resource of the plan, a published figure of AWS, or an assumption. */
  readonly from: string;
}

const assumed = (seconds: number, why: string): Timing => ({ seconds, from: `assumption: ${why}` });

/** Durations that no plan tells; every one can be replaced. */
export const timings = {
  pm2Restart: { seconds: 2, from: "measured: PM2 and Next.js 16 are healthy again after 1 to 2 s" },
  nginxRestart: { seconds: 5, from: "systemd: Restart=on-failure with RestartSec=5" },
  instanceBoot: assumed(150, "60 s for EC2, 90 s for cloud-init and the start of the app"),
  instanceRecover: assumed(420, "EC2 recovery on new hardware takes 5 to 10 minutes, the boot included"),
  taskStart: assumed(45, "Fargate: network interface, image of 150 MB and start of the app"),
  metricDelay: assumed(60, "metrics reach CloudWatch up to a minute late"),
  automationStart: assumed(10, "alarm to EventBridge to the start of the SSM automation"),
  stepDuration: assumed(15, "one Run Command of an automation"),
  databaseFailover: {
    seconds: 120,
    from: "AWS: Multi-AZ failover typically takes 60 to 120 s (RDS user guide, Concepts.MultiAZ.Failover, 2026-10)",
  },
  databaseRestart: assumed(900, "RDS moves a Single-AZ instance to new hardware in 10 to 20 minutes"),
  databaseRestore: assumed(3600, "restore from the latest backup to a new instance, with a new endpoint"),
  zoneReturn: assumed(10_800, "AWS restores a zone in hours; nothing in the plan can"),
  regionReturn: assumed(28_800, "AWS restores a region in hours; nothing in the plan can"),
  unnoticed: assumed(3600, "without an alarm, users complain after an hour"),
  humanResponse: assumed(1800, "somebody reads the alarm, logs in and acts within 30 minutes"),
  humanRebuild: assumed(7200, "somebody builds the server anew by hand"),
  vercelRollback: assumed(30, "Vercel assigns the release before to the domain"),
  rollback: assumed(300, "somebody deploys the release before"),
  vercelReroute: assumed(30, "Vercel moves requests to another zone or restarts the function"),
} as const satisfies Record<string, Timing>;

export type Timings = Readonly<Record<keyof typeof timings, Timing>>;

/** Durations in place of the known ones. */
export interface RecoveryOptions {
  /** In seconds. */
  readonly seconds?: Partial<Record<keyof typeof timings, number>>;
}

/** The durations, with those that are given in their place. */
export const timingsWith = ({ seconds = {} }: RecoveryOptions): Timings =>
  Object.fromEntries(
    Object.entries(timings).map(([name, timing]) => {
      const given = seconds[name as keyof Timings];
      return [name, given === undefined ? timing : { seconds: given, from: "as given" }];
    }),
  ) as Timings;
