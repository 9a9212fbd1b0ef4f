import type { CauseId } from "../../../core/faults";
import { regex } from "../../../core/regex";
import { type Cause, change, clue, dbEvent, dbStatus, event, line, log, metric, NOT_THE_POOL, SYMPTOMS } from "./cause";

const DATABASE_UNREACHABLE = regex("i")`
  ${NOT_THE_POOL}[^]*((ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|timed? ?out|could not connect|can'?t reach|
  connection refused|no route).*(5432|postgres|database|prisma|rds\.amazonaws)|
  (5432|postgres|database|prisma|rds\.amazonaws).*(ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|timed? ?out|
  unreachable|could not connect|connection refused|no route)|can'?t reach database server|\bP1001\b|\bP1002\b)`;

const OUT_OF_CONNECTIONS = regex("i")`
    remaining connection slots are reserved|too many clients already|too many connections for (role|database)|
    max_client_conn|\bP2037\b|\b53300\b`;

const DATABASE_SYMPTOMS: readonly CauseId[] = [
  ...SYMPTOMS,
  "database-unreachable",
  "database-overload",
  "migration-failed",
  "database-connections",
  "bad-deploy",
];

/** Causes in the database. */
export const databaseCauses: readonly Cause[] = [
  {
    id: "database-storage-full",
    title: { en: "The database's storage is full", ko: "데이터베이스 스토리지 가득 참" },
    do: {
      en:
        "Enlarge the storage (`aws rds modify-db-instance --allocated-storage ... " +
        "--apply-immediately`), turn on storage autoscaling, and drop what is stale.",
      ko: "스토리지를 늘리고(`aws rds modify-db-instance --allocated-storage ... --apply-immediately`) 자동 확장을 켠 뒤 불필요한 데이터를 정리하세요.",
    },
    clues: [
      clue(0.92, dbStatus(/^storage-full/)),
      clue(
        0.88,
        dbEvent(
          /storage .*(exhausted|consumed|full\b|used up)|has exhausted|storage-full|unable to scale the storage/i,
        ),
      ),
      clue(0.35, dbEvent(/free storage capacity .* is low|storage .*maximum storage threshold/i)),
      clue(0.7, metric(/^FreeStorageSpace$/, { max: 300e6 })),
      clue(
        0.6,
        log(
          regex("i")`
            could not (extend file|write to file|create .*file).*no space left|PANIC:.*no space left|
            no space left on device.*(base\/|pg_wal|tablespace)`,
        ),
      ),
    ],
    explains: [...DATABASE_SYMPTOMS, "disk-full", "database-down", "database-restarted"],
  },
  {
    id: "database-connections",
    title: {
      en: "No connection to the database is free (its limit, or the application's pool)",
      ko: "데이터베이스 연결 고갈 (데이터베이스 한도 또는 애플리케이션 풀)",
    },
    do: {
      en:
        "Lower `connection_limit` in DATABASE_URL times the number of processes below " +
        "max_connections, close idle sessions, or put a pooler (RDS Proxy, PgBouncer) in between.",
      ko: "프로세스 수 × `connection_limit`이 max_connections보다 작게 조정하고 유휴 세션을 종료하거나 풀러(RDS Proxy, PgBouncer)를 두세요.",
    },
    clues: [
      clue(0.88, line(OUT_OF_CONNECTIONS, { count: 3 })),
      clue(0.5, line(OUT_OF_CONNECTIONS)),
      clue(0.45, metric(/^DatabaseConnections$/, { times: 3, min: 50 })),
      clue(
        0.55,
        line(
          /\bP2024\b|timed out fetching a new connection|timeout exceeded when trying to connect|ResourceRequest timed out/i,
          { count: 2 },
        ),
      ),
    ],
    explains: [...SYMPTOMS, "database-unreachable", "database-overload"],
  },
  {
    id: "database-failover",
    title: {
      en: "The database failed over to its standby",
      ko: "데이터베이스가 대기 인스턴스로 장애 조치(failover)됨",
    },
    do: {
      en:
        "It usually ends within two minutes: check that the application reconnects " +
        "(restart it if it holds old addresses) and why RDS failed over.",
      ko: "보통 2분 안에 끝납니다. 애플리케이션이 다시 연결되는지 확인하고(안 되면 재시작) 원인 이벤트를 확인하세요.",
    },
    clues: [
      clue(
        0.88,
        dbEvent(
          /failover (started|completed)|failed over|Multi-AZ instance failover|primary host of .* (is )?unreachable/i,
        ),
      ),
      clue(0.5, event(/^RDS DB Instance Event$/, /failover/i)),
      clue(0.35, change(/^RebootDBInstance$/, { text: /forceFailover"?\s*[:=]\s*true/i })),
    ],
    explains: [...DATABASE_SYMPTOMS, "database-down", "database-restarted"],
  },
  {
    id: "database-restarted",
    title: {
      en: "The database restarted (maintenance, change or reboot)",
      ko: "데이터베이스 재시작 (유지 관리, 변경 또는 재부팅)",
    },
    do: {
      en: "Wait until its status is `available`; move changes and the maintenance window to quiet hours; Multi-AZ makes this shorter.",
      ko: "상태가 `available`이 될 때까지 기다리고, 변경과 유지 관리 창을 한가한 시간으로 옮기세요. Multi-AZ면 더 짧습니다.",
    },
    clues: [
      clue(
        0.7,
        dbEvent(
          regex("i")`
            DB instance restarted|instance (is being )?restart|applying .*(patch|maintenance)|
            modification to .*(instance class|engine version|storage type)|offline patch|database .*(upgrade|
            patched)|minor version upgrade|maintenance`,
        ),
      ),
      clue(
        0.75,
        dbStatus(/^(rebooting|maintenance|upgrading|modifying|renaming|resetting-master-credentials|configuring)/),
      ),
      clue(0.4, change(/^(RebootDBInstance|ModifyDBInstance|ApplyPendingMaintenanceAction)$/, { within: 45 }), {
        kind: ["database", "log"],
        text: /restart|shutdown|terminating connection due to administrator|starting up|rebooting|modifying/i,
      }),
      clue(
        0.3,
        line(
          /terminating connection due to administrator command|the database system is (starting up|shutting down)|\b57P0[123]\b/i,
        ),
      ),
    ],
    explains: [...DATABASE_SYMPTOMS, "database-down"],
  },
  {
    id: "database-deleted",
    title: { en: "The database was deleted or is being deleted", ko: "데이터베이스가 삭제됨" },
    do: {
      en:
        "Restore at once to a point in time or from the final snapshot " +
        "(`platform` restore runbook); the CloudTrail event names who deleted it.",
      ko: "즉시 시점 복원 또는 최종 스냅샷에서 복원하세요. CloudTrail 이벤트에 삭제한 주체가 있습니다.",
    },
    clues: [
      clue(0.85, dbStatus(/^(deleting|deleted|not found)/)),
      clue(0.7, change(/^DeleteDBInstance$/, { within: 180 })),
      clue(0.7, dbEvent(/instance deleted|deletion/i)),
    ],
    explains: [...DATABASE_SYMPTOMS, "database-down"],
  },
  {
    id: "database-down",
    title: { en: "The database is stopped or failed", ko: "데이터베이스가 중지되었거나 장애 상태" },
    do: {
      en:
        "Start it (`aws rds start-db-instance`) if it is stopped; if it failed, restore to a " +
        "point in time; RDS starts stopped ones again after seven days only.",
      ko: "중지 상태면 `aws rds start-db-instance`로 시작하고, 실패 상태면 시점 복원하세요.",
    },
    clues: [
      clue(
        0.9,
        dbStatus(
          /^(stopped|stopping|starting|failed|incompatible-\w+|restore-error|inaccessible\S*|insufficient-capacity)/,
        ),
      ),
      clue(0.6, dbEvent(/DB instance (stopped|shutdown|is being stopped)|failed state/i)),
      clue(0.4, change(/^StopDBInstance$/, { within: 60 })),
      clue(0.2, line(DATABASE_UNREACHABLE, { count: 2 })),
    ],
    explains: DATABASE_SYMPTOMS,
  },
  {
    id: "database-auth",
    title: {
      en: "The database refuses the application's password (rotated or changed)",
      ko: "데이터베이스 인증 실패 (비밀번호 교체 또는 변경)",
    },
    do: {
      en: "Deploy again so that the application reads the current secret; compare the secret with the database user's password.",
      ko: "애플리케이션이 최신 시크릿을 읽도록 다시 배포하고, 시크릿과 데이터베이스 비밀번호가 일치하는지 확인하세요.",
    },
    clues: [
      clue(
        0.8,
        line(
          regex("i")`
            password authentication failed for user|authentication failed against (the )?database server|
            \bP1000\b|\b28P01\b|no pg_hba\.conf entry|PAM authentication failed`,
          { count: 3 },
        ),
      ),
      clue(
        0.5,
        change(
          /^(RotateSecret|PutSecretValue|UpdateSecret|UpdateSecretVersionStage|ModifyDBInstance|RotationSucceeded)$/,
          { within: 180 },
        ),
        line(/password authentication failed|authentication failed|\bP1000\b|\b28P01\b/i),
      ),
    ],
    explains: [...SYMPTOMS, "database-unreachable", "bad-deploy"],
  },
  {
    id: "database-locked",
    title: { en: "Queries wait for each other (locks, a long transaction)", ko: "잠금 또는 긴 트랜잭션으로 쿼리 대기" },
    do: {
      en: "Find the blocker (`pg_blocking_pids`, pg_stat_activity) and end it (`pg_terminate_backend`); set lock_timeout for migrations.",
      ko: "`pg_blocking_pids`와 pg_stat_activity로 원인 세션을 찾아 `pg_terminate_backend`로 끝내고, 마이그레이션에 lock_timeout을 설정하세요.",
    },
    clues: [
      clue(
        0.8,
        line(
          regex("i")`
            deadlock detected|canceling statement due to lock timeout|still waiting for \w+Lock|
            could not obtain lock|\b40P01\b|\b55P03\b|\bP2034\b`,
          { count: 3 },
        ),
      ),
      clue(0.3, line(/idle-in-transaction|idle in transaction/i)),
    ],
    explains: [...SYMPTOMS, "database-overload", "database-connections"],
  },
  {
    id: "database-overload",
    title: {
      en: "The database is overloaded (CPU, I/O or slow queries)",
      ko: "데이터베이스 과부하 (CPU, I/O 또는 느린 쿼리)",
    },
    do: {
      en:
        "Find the heaviest statements (Performance Insights, pg_stat_statements), add the missing " +
        "index or go back to the release that lacked them; scale the class as a bridge.",
      ko: "Performance Insights나 pg_stat_statements로 무거운 쿼리를 찾아 인덱스를 추가하거나 이전 릴리스로 되돌리고, 임시로 클래스를 올리세요.",
    },
    clues: [
      clue(0.6, metric(/^CPUUtilization$/, { min: 92, from: /^database$/ })),
      clue(
        0.5,
        line(
          /canceling statement due to (statement timeout|user request)|\b57014\b|query_wait_timeout|duration: \d{5,}/i,
          { count: 3 },
        ),
      ),
      clue(0.4, metric(/^(ReadLatency|WriteLatency)$/, { times: 5, min: 0.05 })),
      clue(0.4, metric(/^DBLoad$/, { times: 4, min: 4 })),
      clue(0.45, metric(/^(EBSIOBalance%|EBSByteBalance%|BurstBalance)$/, { max: 2 })),
      clue(0.3, metric(/^DiskQueueDepth$/, { times: 5, min: 20 })),
      clue(0.4, metric(/^FreeableMemory$/, { max: 60e6 })),
    ],
    explains: [...SYMPTOMS, "database-unreachable", "database-connections"],
  },
  {
    id: "database-unreachable",
    title: { en: "The application cannot reach the database", ko: "애플리케이션이 데이터베이스에 연결하지 못함" },
    do: {
      en:
        "Check the database's status, then security groups and DNS between the two " +
        "(`nc -vz <endpoint> 5432` from the application's network).",
      ko: "데이터베이스 상태를 확인하고, 보안 그룹과 DNS를 점검하세요 (애플리케이션 네트워크에서 `nc -vz <endpoint> 5432`).",
    },
    clues: [
      clue(0.55, line(DATABASE_UNREACHABLE, { count: 2 })),
      clue(0.3, line(DATABASE_UNREACHABLE)),
      clue(0.4, line(/(ENOTFOUND|EAI_AGAIN).*rds\.amazonaws/i)),
    ],
    explains: [
      "app-errors",
      "unhealthy-unexplained",
      "app-crash",
      "dependency-failing",
      "process-down",
      "too-few-running",
      "vercel-function-failing",
    ],
    cap: 0.72,
  },
];
