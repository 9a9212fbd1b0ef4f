/** Faults by the one id under which every room speaks of them, so that a wrong one does not compile. */

/** What the incident reporter tells as a cause (functions/incident/causes). */
export const CAUSES = [
  // machines, their zone, and AWS itself
  "host-hardware",
  "host-unreachable",
  "ebs-stalled",
  "instance-stopped",
  "instance-retirement",
  "spot-interruption",
  "zone-impaired",
  "aws-service-event",
  // what runs out
  "memory-leak",
  "memory-exhausted",
  "disk-full",
  "read-only-filesystem",
  "cpu-credits-exhausted",
  "cpu-saturated",
  "traffic-spike",
  "scale-limit",
  "capacity-unavailable",
  "quota-exceeded",
  "ip-addresses-exhausted",
  "launch-failed",
  "file-descriptors",
  "scaled-to-zero",
  // processes of a server
  "process-down",
  "proxy-down",
  "port-in-use",
  "app-hang",
  "app-crash",
  "app-segfault",
  // releases, and what they need
  "bad-deploy",
  "config-missing",
  "image-missing",
  "image-architecture",
  "registry-unreachable",
  "secret-unavailable",
  "kms-denied",
  "permission-denied",
  "migration-failed",
  "health-check-mismatch",
  "load-balancer-changed",
  "no-targets",
  "waf-blocking",
  // the way to the app
  "security-group-changed",
  "route-changed",
  // the database
  "database-storage-full",
  "database-connections",
  "database-failover",
  "database-restarted",
  "database-deleted",
  "database-down",
  "database-auth",
  "database-locked",
  "database-overload",
  "database-unreachable",
  // names and certificates
  "certificate-expired",
  "certificate-wrong",
  "domain-expired",
  "dnssec-broken",
  "dns-delegation-broken",
  "dns-record-wrong",
  "outside-path",
  // Vercel
  "vercel-build-failed",
  "vercel-limit",
  "vercel-outage",
  "vercel-function-failing",
  // symptoms, where nothing better is known
  "account-suspended",
  "dependency-failing",
  "too-few-running",
  "unhealthy-unexplained",
  "app-errors",
] as const;

/** What only an alarm names, since no collector sees it. */
const UNSEEN = [
  "agent-silent",
  "asset-server-failing",
  "backup-failed",
  "network-misconfigured",
  "recovery-broken",
] as const;

/** What takes the site down as a whole, from the smallest to the greatest: how long each lasts is computed (insight/availability). */
export const OUTAGES = [
  "process-crash",
  "app-hang",
  "nginx-down",
  "instance-lost",
  "zone-lost",
  "database-lost",
  "bad-deploy",
  "region-lost",
] as const;

/** What a person has a plan for (insight/disaster). */
export const DISASTERS = [
  "instance-lost",
  "zone-lost",
  "region-lost",
  "database-host-lost",
  "table-dropped",
  "database-deleted",
  "bad-deploy",
  "bad-migration",
  "dns-lost",
  "password-leaked",
] as const;

export type CauseId = (typeof CAUSES)[number];
export type Outage = (typeof OUTAGES)[number];
export type Disaster = (typeof DISASTERS)[number];

/** A likely cause in the words of one alarm, behind the id by which the incident reporter tells it. */
export type LikelyCause = `${CauseId | (typeof UNSEEN)[number]}: ${string}`;

/** The words alone, for people. */
export const inWords = (cause: LikelyCause): string => cause.slice(cause.indexOf(": ") + 2);
