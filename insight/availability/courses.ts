import type { Outage } from "../../core/faults";
import type { PlannedResource } from "../../core/plan-format";
import { flag, number, ofType, record, text } from "../../core/plan-reader";
import { ALARM, externalCheck, quickest, REACHABILITY, subject, tellsOutage, watches } from "./detection";
import {
  byAlarm,
  byComplaint,
  byReachability,
  type Course,
  course,
  type Facts,
  repaired,
  replaceTarget,
  seen,
} from "./recovery-steps";
import { targetHealth } from "./shape";

const newTask = ({ t }: Facts) => repaired("ECS starts a new task", t.taskStart);
/** Auto Scaling replaces what the load balancer calls unhealthy, but only with health checks of type ELB. */
const newInstance = ({ t }: Facts) => repaired("a new instance starts", t.instanceBoot);

function appHang(facts: Facts): Course {
  const { t, tier, group, count } = facts;
  if (tier === "ecs") return replaceTarget(facts, newTask(facts));
  if (tier === "vercel") {
    return course([repaired("the function times out and is replaced", t.vercelReroute)], { share: 0.05 });
  }
  if (tier === "group" && (text(group?.inputs.healthCheckType) === "ELB" || count > 1)) {
    return replaceTarget(facts, newInstance(facts));
  }
  return byReachability(facts, REACHABILITY, "PM2 restarts the app", t.pm2Restart);
}

function instanceLost(facts: Facts): Course {
  const { t, tier, plan } = facts;
  if (tier === "ecs") return replaceTarget(facts, newTask(facts));
  if (tier === "group") return replaceTarget(facts, newInstance(facts));
  if (tier === "vercel") return course([repaired("Vercel uses other machines", t.vercelReroute)], { share: 0.05 });
  const alarm = quickest(plan, watches(/StatusCheckFailed_System/)) ?? quickest(plan, watches(/StatusCheckFailed/));
  return alarm
    ? byAlarm(facts, alarm, "EC2 recovers the instance on new hardware", t.instanceRecover)
    : byComplaint(facts, "somebody finds it", "the server is stopped and started", t.instanceRecover);
}

function zoneLost(facts: Facts): Course {
  const { t, tier, multiAz, plan } = facts;
  const alerted = tellsOutage(plan);
  const failover = repaired("the database fails over", t.databaseFailover);
  if (tier === "vercel") {
    const back = repaired("the database returns with its zone", t.zoneReturn);
    return course([multiAz ? failover : back], { alerted, share: multiAz ? 1 : 0.5 });
  }
  if (tier === "instance") {
    const rebuilt = repaired("the instance returns with its zone, or is built anew", t.zoneReturn);
    return course([rebuilt], { automatic: false, alerted });
  }
  const health = targetHealth(facts);
  const out = seen("load balancer leaves the zone out", health?.out ?? t.metricDelay);
  // Half of the losses hit the zone of a Single-AZ database, and then everything waits for that zone.
  const waits = repaired("a Single-AZ database returns with its zone", t.zoneReturn);
  const start = tier === "ecs" ? t.taskStart : t.instanceBoot;
  const replaced = [
    repaired("a replacement starts in another zone", start),
    ...(health ? [repaired("it becomes healthy", health.in)] : []),
  ];
  const steps = multiAz ? [...(facts.zones > 1 ? [] : replaced), failover] : [waits];
  return course([out, ...steps], { alerted, share: 0.5 });
}

function databaseLost({ t, plan, multiAz }: Facts): Course {
  const alarm = quickest(plan, (candidate) => /AWS\/RDS|database/i.test(subject(candidate)));
  const alerted = alarm !== undefined || tellsOutage(plan);
  const back = multiAz
    ? repaired("RDS fails over to the standby", t.databaseFailover)
    : repaired("RDS moves the instance to new hardware", t.databaseRestart);
  return course([back], { alerted });
}

/** ECS gives up after half as many failed tasks as are wanted, 3 at least and 200 at most. */
function circuitBreaker({ t, service, count, ...shape }: Facts): Course {
  // Old tasks serve until new ones are healthy: visitors notice nothing unless the minimum allows fewer.
  const least = number(service?.inputs.deploymentMinimumHealthyPercent) ?? 100;
  const failures = Math.min(200, Math.max(3, Math.ceil(count * 0.5)));
  const each = t.taskStart.seconds + (targetHealth({ count, ...shape })?.out.seconds ?? 0);
  const from = `${service?.name}: circuit breaker after ${failures} failed tasks`;
  const back = repaired("the circuit breaker rolls back", { seconds: failures * each, from });
  return course([back], { alerted: true, share: least >= 100 ? 0 : 1 - least / 100 });
}

/** The refresh is the program's own (stacks/gates/rollout/group.ts) and keeps to the group's policy. */
function instanceRefresh({ t, group, count }: Facts): Course {
  const least = number(record(group?.inputs.instanceMaintenancePolicy).minHealthyPercentage) ?? 90;
  const from = `${group?.name}: instance refresh with automatic rollback`;
  const back = repaired("the instance refresh rolls back", { seconds: t.instanceBoot.seconds * 2, from });
  return course([back], { alerted: true, share: least >= 100 ? 0 : 1 / count });
}

function badDeploy(facts: Facts): Course {
  const { t, tier, service } = facts;
  if (tier === "vercel") return byReachability(facts, REACHABILITY, "instant rollback in Vercel", t.vercelRollback);
  if (tier === "ecs" && flag(record(service?.inputs.deploymentCircuitBreaker).rollback)) return circuitBreaker(facts);
  if (tier === "group") return instanceRefresh(facts);
  const { steps, alerted } = byReachability(facts, REACHABILITY, "the release before is deployed", t.rollback);
  // No automation repairs a release: whatever an alarm starts, somebody has to look.
  const detected = steps.filter(({ phase }) => phase === "detection");
  const person = repaired("somebody looks", t.humanResponse);
  return course([...detected, person, ...steps.slice(-1)], { automatic: false, alerted });
}

/** How each fault goes on, by what is in the plan. */
export const courses: Readonly<Record<Outage, (facts: Facts) => Course>> = {
  "process-crash": (facts) => {
    const { t, tier, plan, count } = facts;
    if (tier === "ecs") return replaceTarget(facts, newTask(facts));
    if (tier === "vercel") return course([repaired("a new function starts", t.vercelReroute)], { share: 0.01 });
    const alerted = ofType(plan, ALARM).some((alarm) => /procstat|pm2|process/i.test(subject(alarm)));
    return course([repaired("PM2 restarts the process", t.pm2Restart)], { alerted, share: 1 / count });
  },
  "app-hang": appHang,
  "nginx-down": (facts) => {
    const { t, tier } = facts;
    if (tier === "ecs" || tier === "vercel") return course([], { share: 0 });
    if (tier === "group") return replaceTarget(facts, newInstance(facts));
    const matches = (alarm: PlannedResource) => /nginx/i.test(subject(alarm)) || REACHABILITY(alarm);
    return byReachability(facts, matches, "nginx is started", t.nginxRestart);
  },
  "instance-lost": instanceLost,
  "zone-lost": zoneLost,
  "database-lost": databaseLost,
  "bad-deploy": badDeploy,
  "region-lost": ({ t, plan, tier, backupElsewhere }) =>
    course(
      backupElsewhere
        ? [
            repaired("somebody decides", t.humanResponse),
            repaired("the site is built in another region", t.humanRebuild),
            repaired("the database is restored from the copied backup", t.databaseRestore),
          ]
        : [repaired("AWS restores the region", t.regionReturn)],
      { automatic: false, alerted: tier !== "instance" || externalCheck(plan) !== undefined },
    ),
};
