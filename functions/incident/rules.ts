import type { Bilingual } from "../../output/messages/language";
import type { FactKind } from "./types";

/** What a fact must look like. Everything given must hold. */
export interface Pattern {
  readonly kind: FactKind | readonly FactKind[];
  readonly name?: RegExp;
  readonly text?: RegExp;
  readonly from?: RegExp;
  readonly min?: number;
  readonly max?: number;
  /** The value is at least this many times its own median before the incident. */
  readonly times?: number;
  /** Its median before the incident was at least this. */
  readonly usual?: number;
  readonly rising?: true;
  /** At least so often. */
  readonly count?: number;
  /** Minutes before the start within which the fact must lie, if it has a time. @default 45 */
  readonly within?: number;
  /** Only facts that carry a time count. */
  readonly timed?: true;
}

/** Facts that together speak for a cause, and how much: 0.9 says it in so many words, 0.3 is a hint. */
export interface Clue {
  readonly weight: number;
  readonly all: readonly Pattern[];
}

/** One cause that the reporter knows. */
export interface Cause {
  readonly id: string;
  readonly title: Bilingual;
  readonly do: Bilingual;
  readonly clues: readonly Clue[];
  /** Causes that this one brings about: when both are found, they are named as its consequences. */
  readonly explains?: readonly string[];
  /** Upper bound of the confidence, for causes that describe a symptom more than a reason. @default 1 */
  readonly cap?: number;
}

const clue = (weight: number, ...all: Pattern[]): Clue => ({ weight, all });
/** A log line, or a line of the recovery run's evidence, or of the instance's console. */
const line = (text: RegExp, more: Partial<Pattern> = {}): Pattern => ({
  kind: ["log", "recovery", "instance"],
  text,
  ...more,
});
const log = (text: RegExp, more: Partial<Pattern> = {}): Pattern => ({ kind: "log", text, ...more });
const task = (text: RegExp, more: Partial<Pattern> = {}): Pattern => ({
  kind: ["task", "service", "deployment"],
  text,
  within: 60,
  ...more,
});
const stopped = (text: RegExp): Pattern => ({ kind: "event", name: /^ECS Task State Change$/, text });
const metric = (name: RegExp, more: Partial<Pattern>): Pattern => ({ kind: "metric", name, ...more });
const alarm = (name: RegExp): Pattern => ({ kind: "alarm", name });
const change = (name: RegExp, more: Partial<Pattern> = {}): Pattern => ({
  kind: "change",
  name,
  within: 120,
  timed: true,
  ...more,
});
const dbEvent = (text: RegExp): Pattern => ({ kind: "database", name: /^event$/, text });
const dbStatus = (text: RegExp): Pattern => ({ kind: "database", name: /^status$/, text });
const target = (name: RegExp, more: Partial<Pattern> = {}): Pattern => ({ kind: "target", name, ...more });
const event = (name: RegExp, text?: RegExp): Pattern => ({ kind: "event", name, ...(text && { text }), within: 90 });

/**
 * Something new was put into service. An image that is pushed or a task definition that is registered serves nobody yet, and
 * a command on a server is a release only if it says so.
 */
const DEPLOY =
  /^(UpdateService|CreateDeployment|StartInstanceRefresh|CreateLaunchTemplateVersion|ModifyLaunchTemplate|SendCommand)$/;
const deploy = change(DEPLOY, { within: 45, text: /^(?!SendCommand)|\b(release|deploy)/i });
/** A rule for logging in to a server keeps no visitor out. */
const VISITORS_PORT = /^(?!.*"fromPort":(22|3389)\b)/i;
const USED_UP = metric(/^CPUCreditBalance$/, { max: 2, usual: 10, from: /^(instance|autoscaling)$/ });
/** Who waits for a free connection of a pool has reached the database. */
const NOT_THE_POOL = /^(?!.*connection pool)/;
const DATABASE_UNREACHABLE = new RegExp(
  `${NOT_THE_POOL.source}[^]*(${/(ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|timed? ?out|could not connect|can'?t reach|connection refused|no route).*(5432|postgres|database|prisma|rds\.amazonaws)|(5432|postgres|database|prisma|rds\.amazonaws).*(ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|timed? ?out|unreachable|could not connect|connection refused|no route)|can'?t reach database server|\bP1001\b|\bP1002\b/.source})`,
  "i",
);
const OUT_OF_CONNECTIONS =
  /remaining connection slots are reserved|too many clients already|too many connections for (role|database)|max_client_conn|\bP2037\b|\b53300\b/i;
const NO_SPACE = /\bENOSPC\b|no space left on device|disk quota exceeded|\bEDQUOT\b/i;
const CODE_ERROR =
  /\b(TypeError|ReferenceError|SyntaxError|RangeError)\b|cannot find module|module not found|MODULE_NOT_FOUND|is not a function|cannot read propert|is not defined|unhandled ?(promise )?rejection|uncaught ?exception|invariant failed|could not find a production build|hydration|ERR_REQUIRE_ESM|failed to load (next|external)/i;
const OOM_KERNEL =
  /out of memory: kill(ed)? process|oom-kill|oom_reaper|oom[ -]killer|memory cgroup out of memory|killed process \d+/i;
const OOM_HEAP = /heap out of memory|reached heap limit|ineffective mark-compacts/i;
const REJECTED =
  /ALTNAME_INVALID|SELF_SIGNED|UNABLE_TO_VERIFY_LEAF|UNABLE_TO_GET_ISSUER|CERT_REVOKED|CERT_NOT_YET_VALID|certificate unknown|UNRECOGNIZED_NAME|HANDSHAKE_FAILURE/i;
const DNS_FAIL = /\b(NXDOMAIN|SERVFAIL|REFUSED|NODATA)\b/;

/** What follows from a web server that does not run or answer. */
const SYMPTOMS = [
  "app-errors",
  "unhealthy-unexplained",
  "app-crash",
  "app-hang",
  "dependency-failing",
  "too-few-running",
  "no-targets",
  "vercel-function-failing",
];
const DATABASE_SYMPTOMS = [
  ...SYMPTOMS,
  "database-unreachable",
  "database-overload",
  "migration-failed",
  "database-connections",
  "bad-deploy",
];

/**
 * What can take a site down, in AWS's, PostgreSQL's, Prisma's, Node's and Vercel's own documented words. The order is of no
 * consequence. To add a cause: add a row.
 */
export const CAUSES: readonly Cause[] = [
  // ---------------------------------------------------------------- machines
  {
    id: "host-hardware",
    title: {
      en: "The hardware under the instance failed (system status check)",
      ko: "인스턴스가 놓인 AWS 하드웨어 장애 (시스템 상태 검사 실패)",
    },
    do: {
      en: "Wait for EC2 recovery; if it has not come back after 10 minutes, stop and start the instance so that it moves to another host.",
      ko: "EC2 자동 복구를 기다리고, 10분 뒤에도 돌아오지 않으면 인스턴스를 중지 후 시작하여 다른 호스트로 옮기세요.",
    },
    clues: [
      clue(0.92, { kind: "instance", name: /^check-system$/ }),
      clue(0.85, metric(/^StatusCheckFailed_System$/, { min: 1 })),
      clue(0.75, alarm(/^StatusCheckFailed_System$/)),
      clue(0.5, event(/Health/, /EC2_(SYSTEM|HOST|NETWORK|POWER|UNDERLYING|INSTANCE_(AUTO_RECOVERY|AUTO_RECOVERED))/)),
    ],
    explains: [
      ...SYMPTOMS,
      "host-unreachable",
      "ebs-stalled",
      "process-down",
      "instance-stopped",
      "aws-service-event",
      "database-unreachable",
    ],
  },
  {
    id: "host-unreachable",
    title: {
      en: "The operating system does not respond (instance status check)",
      ko: "운영체제 무응답 (인스턴스 상태 검사 실패)",
    },
    do: {
      en: "Look at `aws ec2 get-console-output --latest`; reboot the instance; if it does not boot, attach its volume to another one.",
      ko: "`aws ec2 get-console-output --latest`로 콘솔을 확인하고 재부팅하세요. 부팅되지 않으면 볼륨을 다른 인스턴스에 연결해 점검하세요.",
    },
    clues: [
      clue(0.85, { kind: "instance", name: /^check-instance$/ }),
      clue(0.75, metric(/^StatusCheckFailed_Instance$/, { min: 1 })),
      clue(0.7, alarm(/^StatusCheckFailed_Instance$/)),
      clue(0.6, line(/kernel panic|emergency mode|soft lockup|failed to mount/i)),
    ],
    explains: [...SYMPTOMS, "process-down"],
  },
  {
    id: "ebs-stalled",
    title: { en: "The disk (EBS volume) does not complete I/O", ko: "EBS 볼륨 I/O 중단" },
    do: {
      en: "Check AWS Health for the zone and the volume's status; stop and start the instance, or restore the latest snapshot in another zone.",
      ko: "AWS Health와 볼륨 상태를 확인하고, 인스턴스를 중지 후 시작하거나 최신 스냅샷을 다른 가용 영역에 복원하세요.",
    },
    clues: [
      clue(0.92, { kind: "instance", name: /^check-ebs$/ }),
      clue(0.85, metric(/^(StatusCheckFailed_AttachedEBS|VolumeStalledIOCheck)$/, { min: 1 })),
      clue(0.75, alarm(/^(StatusCheckFailed_AttachedEBS|VolumeStalledIOCheck)$/)),
      clue(
        0.6,
        line(
          /blocked for more than \d+ seconds|hung_task|Buffer I\/O error|blk_update_request: I\/O error|nvme.*timeout/i,
        ),
      ),
    ],
    explains: [...SYMPTOMS, "host-unreachable", "process-down"],
  },
  {
    id: "instance-stopped",
    title: { en: "Somebody or something stopped or terminated the instance", ko: "인스턴스가 중지 또는 종료됨" },
    do: {
      en: "Start the instance again (`aws ec2 start-instances`) and ask who stopped it: the CloudTrail event names them.",
      ko: "`aws ec2 start-instances`로 다시 시작하고, CloudTrail 이벤트에서 중지한 주체를 확인하세요.",
    },
    clues: [
      clue(0.85, {
        kind: "instance",
        name: /^state$/,
        text: /^(stopp|shutting|terminat)\w*.*(User initiated|UserInitiated|InstanceInitiated)/i,
        within: 120,
      }),
      clue(0.55, {
        kind: "instance",
        name: /^state$/,
        text: /^(stopped|stopping|shutting-down|terminated)/,
        within: 120,
      }),
      clue(0.7, change(/^(StopInstances|TerminateInstances)$/, { within: 30 })),
      clue(0.4, event(/^EC2 Instance State-change/, /"(stopped|stopping|shutting-down|terminated)"/)),
    ],
    explains: [...SYMPTOMS, "process-down", "host-unreachable"],
  },
  {
    id: "instance-retirement",
    title: {
      en: "AWS retired or rebooted the instance as scheduled",
      ko: "AWS 예약 이벤트에 따른 인스턴스 만료 또는 재부팅",
    },
    do: {
      en: "Stop and start the instance to move it to other hardware; read the scheduled event in the EC2 console, and reschedule the next one.",
      ko: "인스턴스를 중지 후 시작하여 다른 하드웨어로 옮기고, EC2 콘솔의 예약 이벤트를 확인해 일정을 조정하세요.",
    },
    clues: [
      clue(0.75, {
        kind: "instance",
        name: /^scheduled$/,
        text: /^(instance-retirement|instance-stop|instance-reboot|system-reboot|system-maintenance)(?!.*\[(Completed|Canceled)\])/,
        within: 180,
        timed: true,
      }),
      clue(0.5, event(/Health/, /EC2_.*(RETIREMENT|SCHEDULED|MAINTENANCE)/)),
      clue(0.6, { kind: "instance", name: /^state$/, text: /Server\.ScheduledStop/ }),
    ],
    explains: [...SYMPTOMS, "instance-stopped", "host-unreachable", "process-down", "aws-service-event"],
  },
  {
    id: "spot-interruption",
    title: { en: "AWS took Spot capacity back", ko: "스팟(Spot) 용량 회수" },
    do: {
      en: "Raise the on-demand base of the capacity provider or group, allow more instance types and zones, and check that a replacement starts.",
      ko: "온디맨드 기본 용량을 늘리고 인스턴스 유형과 가용 영역을 더 허용한 뒤, 대체 용량이 시작되는지 확인하세요.",
    },
    clues: [
      clue(0.9, task(/SpotInterruption|Spot Task was interrupted|your spot task/i)),
      clue(0.9, {
        kind: "instance",
        name: /^state$/,
        text: /Server\.SpotInstance(Termination|Shutdown)|Spot(Instance)? .*(terminat|interrupt)/i,
        within: 120,
      }),
      clue(0.85, { kind: "event", name: /Spot Instance Interruption Warning/, within: 30 }),
      clue(0.85, {
        kind: "scaling",
        text: /spot instance interruption|spot .*(interrupt|reclaim)|taken out of service .*spot/i,
        within: 60,
      }),
      clue(0.8, stopped(/SpotInterruption/)),
      clue(0.3, { kind: "event", name: /Rebalance Recommendation/, within: 60 }),
    ],
    explains: [...SYMPTOMS, "instance-stopped", "capacity-unavailable"],
  },
  {
    id: "zone-impaired",
    title: { en: "One availability zone is impaired", ko: "가용 영역 하나의 장애" },
    do: {
      en: "Shift traffic out of the zone (`aws arc-zonal-shift start-zonal-shift` on the load balancer) and check that capacity starts in the others.",
      ko: "로드 밸런서에서 zonal shift로 해당 영역의 트래픽을 빼고, 다른 영역에서 용량이 시작되는지 확인하세요.",
    },
    clues: [
      // One target of two is a target; two and more of a zone, while the others serve, are a zone.
      clue(0.2, { kind: "zone", count: 1 }),
      clue(0.45, { kind: "zone", count: 2 }),
      clue(
        0.75,
        event(
          /Health/,
          /(availability zone|\baz\b|"[a-z]{2}-[a-z]+-\d[a-f]"|[a-z]{3}\d-az\d).*(connectiv|power|network|impair|error|degrad)|(connectiv|power|network|impair|error|degrad).*(availability zone|[a-z]{3}\d-az\d)/i,
        ),
      ),
      clue(0.5, {
        kind: "scaling",
        text: /availability zone.*(unhealthy|impair|rebalanc)|ELB system health check failure.*availability zone/i,
        within: 60,
      }),
      clue(0.35, dbEvent(/availability zone|failover/i), { kind: "zone", count: 2 }),
    ],
    explains: [
      ...SYMPTOMS,
      "aws-service-event",
      "database-failover",
      "host-hardware",
      "host-unreachable",
      "spot-interruption",
    ],
  },
  {
    id: "aws-service-event",
    title: { en: "AWS reports a problem of its own (AWS Health)", ko: "AWS 측 서비스 장애 (AWS Health 이벤트)" },
    do: {
      en: "Read the event at https://health.aws.amazon.com and follow its updates; move traffic to another zone or tier if it names yours.",
      ko: "https://health.aws.amazon.com 에서 이벤트를 확인하고, 사용 중인 영역이나 서비스가 해당되면 트래픽을 옮기세요.",
    },
    clues: [
      clue(0.85, event(/^AWS Health (Event|Abuse Event)$/, /"eventTypeCategory":"issue"(?!.*"statusCode":"closed")/)),
      clue(0.3, event(/^AWS Health Event$/, /OPERATIONAL_ISSUE/)),
    ],
    explains: SYMPTOMS,
    cap: 0.86,
  },
  // ---------------------------------------------------------------- memory, disk, CPU
  {
    id: "memory-leak",
    title: {
      en: "The application's memory grew until it was killed (memory leak)",
      ko: "메모리 누수: 애플리케이션 메모리가 계속 늘어 종료됨",
    },
    do: {
      en: "Restart the application to gain time; compare with the release before the climb began; take a heap snapshot (`node --heapsnapshot-signal=SIGUSR2`).",
      ko: "우선 애플리케이션을 재시작하고, 증가가 시작되기 전 릴리스와 비교하며 힙 스냅샷(`node --heapsnapshot-signal=SIGUSR2`)을 확인하세요.",
    },
    clues: [
      clue(0.85, metric(/^(mem_used_percent|MemoryUtilization)$/, { rising: true, min: 85 }), {
        kind: ["task", "event", "log", "recovery", "instance"],
        text: new RegExp(`OutOfMemory|${OOM_KERNEL.source}|${OOM_HEAP.source}`, "i"),
      }),
      clue(0.6, metric(/^(mem_used_percent|MemoryUtilization)$/, { rising: true, min: 90 })),
    ],
    explains: [...SYMPTOMS, "memory-exhausted", "process-down", "host-unreachable", "cpu-saturated"],
  },
  {
    id: "memory-exhausted",
    title: {
      en: "Memory ran out and the application was killed (OOM)",
      ko: "메모리 부족으로 애플리케이션 강제 종료 (OOM)",
    },
    do: {
      en: "Give the task or instance more memory, or lower the application's use (`--max-old-space-size` below the limit); check what changed before.",
      ko: "태스크나 인스턴스의 메모리를 늘리거나 사용량을 줄이고(`--max-old-space-size`), 직전의 변경을 확인하세요.",
    },
    clues: [
      clue(0.92, task(/OutOfMemoryError|container killed due to memory usage/i)),
      clue(0.9, stopped(/OutOfMemory|killed due to memory usage/i)),
      clue(0.9, line(OOM_KERNEL)),
      clue(0.88, line(OOM_HEAP)),
      clue(0.45, { kind: "task", min: 137, max: 137, within: 60 }, metric(/^MemoryUtilization$/, { min: 90 })),
      clue(0.3, { kind: "task", name: /EssentialContainerExited/, min: 137, max: 137, within: 60 }),
      clue(0.35, metric(/^(mem_used_percent|MemoryUtilization)$/, { min: 95 })),
      clue(0.2, alarm(/^(mem_used_percent|MemoryUtilization)$/)),
    ],
    explains: [...SYMPTOMS, "process-down", "host-unreachable", "cpu-saturated"],
  },
  {
    id: "disk-full",
    title: { en: "The disk is full", ko: "디스크 용량 부족" },
    do: {
      en: "Free space (`df -h; du -xsh /var/log/* | sort -h; journalctl --vacuum-size=200M`), restart the application, then enlarge the volume or rotate logs.",
      ko: "`df -h`, `du -xsh /var/log/*`로 확인해 공간을 비우고 애플리케이션을 재시작한 뒤, 볼륨을 늘리거나 로그 순환을 설정하세요.",
    },
    clues: [
      // PostgreSQL's own files are on the database's disk, whoever logs it.
      clue(0.85, line(new RegExp(`^(?!.*(could not extend file|pg_wal|base/\\d))[^]*(${NO_SPACE.source})`, "i"))),
      clue(0.65, metric(/^disk_used_percent$/, { min: 97 })),
      clue(0.3, alarm(/^disk_used_percent$/)),
      clue(0.6, metric(/^disk_inodes_free$/, { max: 100 })),
    ],
    explains: [...SYMPTOMS, "process-down", "proxy-down", "app-crash"],
  },
  {
    id: "read-only-filesystem",
    title: { en: "The file system is read-only", ko: "파일 시스템이 읽기 전용 상태" },
    do: {
      en: "Check the kernel log for I/O errors, then reboot or replace the instance; in a container, write to a mounted volume instead.",
      ko: "커널 로그의 I/O 오류를 확인하고 재부팅 또는 교체하세요. 컨테이너라면 마운트한 볼륨에 쓰도록 바꾸세요.",
    },
    clues: [clue(0.8, line(/\bEROFS\b|read-only file ?system|remounting filesystem read-only/i))],
    explains: [...SYMPTOMS, "process-down"],
  },
  {
    id: "cpu-credits-exhausted",
    title: { en: "CPU credits of the burstable machine are used up", ko: "버스터블 인스턴스의 CPU 크레딧 소진" },
    do: {
      en: "Switch the instance to unlimited credits (`aws ec2 modify-instance-credit-specification`) or to a larger or a non-burstable class.",
      ko: "무제한 크레딧으로 전환(`aws ec2 modify-instance-credit-specification`)하거나 더 크거나 버스터블이 아닌 클래스로 바꾸세요.",
    },
    clues: [
      // It had some and used them up. An unlimited machine begins with none and lacks none, and RDS' classes are all unlimited.
      clue(0.8, USED_UP),
      clue(0.4, alarm(/^CPUCreditBalance$/)),
      clue(0.35, USED_UP, target(/^(Target\.Timeout|Target\.FailedHealthChecks|Elb\.\w+)$/)),
    ],
    explains: [...SYMPTOMS, "cpu-saturated"],
  },
  {
    id: "cpu-saturated",
    title: { en: "The machines' CPU is saturated", ko: "CPU 포화" },
    do: {
      en: "Find the busy process (`top`, or a CPU profile); scale out or up; compare with traffic to tell load from a loop.",
      ko: "`top`이나 프로파일로 원인 프로세스를 찾고 확장하세요. 트래픽과 비교해 부하인지 무한 루프인지 구분하세요.",
    },
    clues: [
      clue(0.55, metric(/^CPUUtilization$/, { min: 95, from: /^(instance|autoscaling|ecs)$/ })),
      clue(0.25, alarm(/^CPUUtilization$/)),
    ],
    explains: ["app-errors", "unhealthy-unexplained", "too-few-running"],
    cap: 0.65,
  },
  {
    id: "traffic-spike",
    title: {
      en: "Far more requests than usual (a rush or an attack)",
      ko: "평소보다 훨씬 많은 요청 (트래픽 급증 또는 공격)",
    },
    do: {
      en: "Look at the top clients in the access log; add capacity; rate-limit with AWS WAF; contact AWS Shield if it is an attack.",
      ko: "접근 로그에서 요청이 많은 클라이언트를 확인하고, 용량을 늘리고 AWS WAF로 속도를 제한하세요. 공격이면 AWS Shield에 문의하세요.",
    },
    clues: [
      clue(0.75, metric(/^RequestCount$/, { times: 4, min: 500 })),
      clue(0.5, metric(/^ActiveConnectionCount$/, { times: 5, min: 500 })),
      clue(0.5, metric(/^RejectedConnectionCount$/, { min: 1 })),
      clue(0.6, event(/Health|Shield|GuardDuty/, /DDoS|SHIELD|denial/i)),
      clue(0.55, log(/limiting requests|rate limit exceeded|worker_connections are not enough/i, { count: 20 })),
    ],
    explains: [
      ...SYMPTOMS,
      "cpu-saturated",
      "scale-limit",
      "database-overload",
      "database-connections",
      "cpu-credits-exhausted",
      "memory-exhausted",
      "file-descriptors",
    ],
  },
  {
    id: "scale-limit",
    title: { en: "The group is at its maximum size and still too small", ko: "최대 크기에 도달해 더 확장하지 못함" },
    do: {
      en: "Raise the maximum in the stack's config and run `pulumi up`; check why so much is needed.",
      ko: "스택 설정에서 최대값을 올리고 `pulumi up`을 실행한 뒤, 필요량이 늘어난 이유를 확인하세요.",
    },
    clues: [
      clue(0.45, { kind: "count", name: /^at-maximum$/ }),
      clue(0.3, { kind: "count", name: /^at-maximum$/ }, metric(/^CPUUtilization$/, { min: 85 })),
      clue(0.75, {
        kind: ["scaling", "service"],
        text: /(already at|reached|equal to) (its |the )?max(imum)?( size| capacity)?/i,
      }),
    ],
    explains: ["app-errors", "unhealthy-unexplained", "cpu-saturated"],
    cap: 0.84,
  },
  {
    id: "capacity-unavailable",
    title: {
      en: "AWS had no capacity for a new instance or task",
      ko: "AWS 용량 부족으로 새 인스턴스/태스크를 시작하지 못함",
    },
    do: {
      en: "Allow more instance types, zones or on-demand capacity, and try again; the message names the zone.",
      ko: "인스턴스 유형, 가용 영역 또는 온디맨드 용량을 더 허용하고 다시 시도하세요. 메시지에 영역이 표시됩니다.",
    },
    clues: [
      clue(0.85, {
        kind: ["scaling", "service", "task", "deployment"],
        text: /InsufficientInstanceCapacity|do not have sufficient .* capacity|Capacity is unavailable at this time|insufficient capacity|UnfulfillableCapacity|no Spot capacity available/i,
        within: 120,
      }),
      clue(0.6, event(/Scaling|ECS/, /InsufficientInstanceCapacity|sufficient capacity|Capacity is unavailable/i)),
    ],
    explains: [...SYMPTOMS, "scale-limit", "cpu-saturated"],
  },
  {
    id: "quota-exceeded",
    title: { en: "An AWS service quota is used up", ko: "AWS 서비스 할당량 초과" },
    do: {
      en: "Ask for an increase in Service Quotas (`aws service-quotas request-service-quota-increase`) and free what is not needed.",
      ko: "Service Quotas에서 증가를 요청하고 불필요한 리소스를 정리하세요.",
    },
    clues: [
      clue(0.85, {
        kind: ["scaling", "service", "task", "deployment"],
        text: /VcpuLimitExceeded|limit on the number of (vCPUs|tasks)|LimitExceeded|InstanceLimitExceeded|requested more (vCPU|instances)|MaxSpotInstanceCountExceeded|quota/i,
        within: 120,
      }),
      clue(0.4, { kind: "change", name: /^refused /, text: /LimitExceeded|QuotaExceeded/, within: 60 }),
    ],
    explains: [...SYMPTOMS, "scale-limit", "capacity-unavailable"],
  },
  {
    id: "ip-addresses-exhausted",
    title: { en: "The subnet has no free addresses", ko: "서브넷의 사용 가능한 IP 주소 부족" },
    do: {
      en: "Release unused network interfaces or add a larger subnet to the tier's configuration.",
      ko: "사용하지 않는 네트워크 인터페이스를 정리하거나 더 큰 서브넷을 추가하세요.",
    },
    clues: [
      clue(0.88, {
        kind: ["scaling", "service", "task", "deployment"],
        text: /InsufficientFreeAddressesInSubnet|(not|in)\s?(have )?(enough|sufficient) free addresses|PrivateIpAddressLimit|not have available IP/i,
        within: 120,
      }),
    ],
    explains: [...SYMPTOMS, "scale-limit"],
  },
  {
    id: "launch-failed",
    title: {
      en: "New instances cannot be launched (template, key or profile invalid)",
      ko: "새 인스턴스 시작 실패 (시작 템플릿, 키, 프로파일 오류)",
    },
    do: {
      en: "Read the failed scaling activity; put the launch template's missing part (AMI, security group, instance profile) back.",
      ko: "실패한 스케일링 활동을 확인하고 시작 템플릿에서 없는 항목(AMI, 보안 그룹, 인스턴스 프로파일)을 복구하세요.",
    },
    clues: [
      clue(0.88, {
        kind: "scaling",
        name: /^(Failed|Cancelled)$/,
        text: /Invalid(AMIID|Group|KeyPair|Parameter|Subnet|LaunchTemplate)|does not exist|not authorized to use launch template|Invalid IAM Instance Profile|Client\.\w+/i,
        within: 120,
      }),
      clue(0.3, change(/^(DeregisterImage|DeleteLaunchTemplate|DeleteInstanceProfile|DeleteSecurityGroup)$/)),
    ],
    explains: [...SYMPTOMS, "scale-limit"],
  },
  {
    id: "file-descriptors",
    title: { en: "The process has too many open files or sockets", ko: "열린 파일/소켓 수 한도 초과" },
    do: {
      en: "Restart the application, raise the limit (LimitNOFILE, ulimits), and look for connections that are never closed.",
      ko: "애플리케이션을 재시작하고 한도(LimitNOFILE, ulimits)를 올린 뒤, 닫히지 않는 연결을 찾으세요.",
    },
    clues: [clue(0.88, line(/\bEMFILE\b|\bENFILE\b|too many open files|accept4?\(\) failed \(24/i, { count: 2 }))],
    explains: SYMPTOMS,
  },
  {
    id: "scaled-to-zero",
    title: { en: "The desired number of tasks or instances is 0", ko: "원하는 태스크/인스턴스 수가 0으로 설정됨" },
    do: {
      en: "Set it back (`pulumi up`, or `aws ecs update-service --desired-count`), and look for the schedule or person that changed it.",
      ko: "`pulumi up` 또는 `aws ecs update-service --desired-count`로 되돌리고, 변경한 일정이나 사람을 확인하세요.",
    },
    clues: [
      clue(0.9, { kind: "count", name: /^desired-zero$/ }),
      clue(
        0.4,
        change(/^(UpdateService|UpdateAutoScalingGroup|SetDesiredCapacity|PutScheduled\w*|RegisterScalableTarget)$/, {
          text: /"?(desiredCount|desiredCapacity|maxCapacity|maxSize)"?\s*[:=]\s*"?0\b/,
        }),
      ),
      clue(0.3, { kind: "service", text: /desired count (of |to )0|set desired ?count to 0/i }),
    ],
    explains: [...SYMPTOMS, "load-balancer-changed", "bad-deploy", "no-targets"],
  },
  // ---------------------------------------------------------------- processes
  {
    id: "process-down",
    title: { en: "The application process is not running", ko: "애플리케이션 프로세스가 실행 중이 아님" },
    do: {
      en: "Start it (`pm2 resurrect` or `systemctl start app`) and read its last log lines; make sure that it starts at boot.",
      ko: "`pm2 resurrect` 또는 `systemctl start app`으로 시작하고 마지막 로그를 확인하세요. 부팅 시 자동 시작 여부도 점검하세요.",
    },
    clues: [
      clue(0.5, { kind: "metric", name: /^procstat_lookup_pid_count$/, text: /node|pm2|next|app/i, max: 0 }),
      clue(0.55, {
        kind: "recovery",
        text: /pm2.*(stopped|no process|not running|empty)|(node|app|next)\S*\s*[:=|│]?.*\b(stopped|inactive|dead|not running|0 process(es)?)\b|no process(es)? (of|found|named).*(node|app)/i,
      }),
      clue(
        0.35,
        log(
          /PM2.*(App \[.*\] exited|Stopping app|SIGKILL|process .* killed|\[PM2\]\[ERROR\])|Main process exited, code=(killed|exited)/i,
        ),
      ),
      clue(
        0.35,
        log(/connect\(\) failed \(111: Connection refused\) while connecting to upstream|no live upstreams/i, {
          count: 3,
        }),
      ),
      clue(0.15, alarm(/^procstat_lookup_pid_count$/)),
    ],
    explains: ["app-errors", "unhealthy-unexplained", "dependency-failing"],
    cap: 0.88,
  },
  {
    id: "proxy-down",
    title: { en: "Nginx is not running or rejects its configuration", ko: "Nginx가 실행 중이 아니거나 설정 오류" },
    do: {
      en: "Run `nginx -t`, correct the file it names (or restore the previous one), then `systemctl restart nginx`.",
      ko: "`nginx -t`를 실행해 표시된 파일을 고치거나 이전 파일로 되돌린 뒤 `systemctl restart nginx`를 실행하세요.",
    },
    clues: [
      clue(0.85, line(/nginx: \[emerg\]|nginx: configuration file .* test failed|\[emerg\] \d+#/i)),
      clue(0.75, { kind: "metric", name: /^procstat_lookup_pid_count$/, text: /nginx/i, max: 0 }),
      clue(0.65, {
        kind: "recovery",
        text: /nginx\S*\s*[:=|]?.*\b(inactive|failed|dead|not running|stopped|0 process(es)?)\b/i,
      }),
    ],
    explains: ["app-errors", "unhealthy-unexplained"],
  },
  {
    id: "port-in-use",
    title: {
      en: "A port that the site needs is taken by another process",
      ko: "사이트에 필요한 포트를 다른 프로세스가 사용 중",
    },
    do: {
      en: "Find it (`ss -ltnp`), stop and disable it, and start the application or Nginx once.",
      ko: "`ss -ltnp`로 점유 프로세스를 찾아 중지하고 비활성화한 뒤, 애플리케이션이나 Nginx를 하나만 시작하세요.",
    },
    clues: [clue(0.85, line(/\bEADDRINUSE\b|address already in use/i))],
    explains: [...SYMPTOMS, "bad-deploy", "process-down", "proxy-down"],
  },
  {
    id: "app-hang",
    title: {
      en: "The application runs and does not answer (blocked or overloaded)",
      ko: "애플리케이션이 실행 중이나 응답하지 않음",
    },
    do: {
      en: "Restart it, then look for synchronous work or an endless loop: a CPU profile or `node --diagnostic-report-on-signal`.",
      ko: "재시작한 뒤 동기 작업이나 무한 루프를 찾으세요: CPU 프로파일 또는 `node --diagnostic-report-on-signal`.",
    },
    clues: [
      clue(0.4, target(/^Target\.Timeout$/)),
      clue(0.45, log(/upstream timed out \(110/i, { count: 2 })),
      clue(0.4, target(/^Target\.Timeout$/), metric(/^CPUUtilization$/, { min: 90 })),
      clue(0.6, line(/event loop (is )?(blocked|lag|delay)|health check.*timed out.*process.*(online|running)/i)),
    ],
    explains: ["unhealthy-unexplained", "app-errors", "cpu-saturated"],
    cap: 0.72,
  },
  {
    id: "app-crash",
    title: { en: "The application starts and exits again and again", ko: "애플리케이션이 시작 후 반복적으로 종료됨" },
    do: {
      en: "Read the first error after the last start in the application's log; go back to the last release that ran.",
      ko: "마지막 시작 이후 첫 오류 로그를 확인하고, 정상 동작하던 이전 릴리스로 되돌리세요.",
    },
    clues: [
      clue(0.45, { kind: "task", name: /EssentialContainerExited/, min: 1, max: 136, within: 60 }),
      clue(0.45, { kind: "task", name: /EssentialContainerExited/, min: 138, max: 142, within: 60 }),
      clue(0.45, { kind: "task", name: /EssentialContainerExited/, min: 0, max: 0, within: 60 }),
      clue(
        0.5,
        line(
          /too many unstable restarts|had too many unstable|start request repeated too quickly|Start-limit-hit|\berrored\b/i,
        ),
      ),
      clue(0.3, log(CODE_ERROR)),
      clue(0.35, line(/segmentation fault|SIGSEGV|core dumped/i)),
    ],
    explains: ["app-errors", "unhealthy-unexplained", "process-down", "too-few-running"],
    cap: 0.68,
  },
  {
    id: "app-segfault",
    title: {
      en: "A native crash (segmentation fault) kills the application",
      ko: "네이티브 충돌(세그멘테이션 오류)로 애플리케이션 종료",
    },
    do: {
      en: "Suspect native modules (sharp, Prisma's engine, bcrypt): reinstall them for this architecture, or go back to the last release.",
      ko: "네이티브 모듈(sharp, Prisma 엔진, bcrypt)을 이 아키텍처용으로 다시 설치하거나 이전 릴리스로 되돌리세요.",
    },
    clues: [
      clue(0.7, { kind: "task", min: 139, max: 139, within: 60 }),
      clue(0.75, line(/segmentation fault|SIGSEGV|segfault at/i)),
    ],
    explains: [...SYMPTOMS, "process-down"],
  },
  // ---------------------------------------------------------------- releases and configuration
  {
    id: "bad-deploy",
    title: { en: "The last deployment broke the site", ko: "마지막 배포로 인한 장애" },
    do: {
      en: "Go back to the previous release (`pulumi up` with the last image or commit), then read the first error after the deployment.",
      ko: "이전 릴리스로 되돌리고(`pulumi up`에 이전 이미지/커밋 지정) 배포 이후 첫 오류를 확인하세요.",
    },
    clues: [
      clue(0.8, {
        kind: "deployment",
        name: /^FAILED$/i,
        text: /circuit breaker|tasks failed to start|rolled? ?back/i,
        within: 60,
      }),
      clue(0.55, {
        kind: "deployment",
        name: /^(Failed|RollbackSuccessful|RollbackInProgress|RollbackFailed)$/,
        within: 60,
      }),
      clue(0.6, event(/^ECS Deployment State Change$/, /SERVICE_DEPLOYMENT_FAILED/)),
      clue(0.7, deploy, log(CODE_ERROR)),
      clue(0.4, deploy, { kind: "task", name: /EssentialContainerExited/, min: 1, within: 45 }),
      clue(0.25, deploy, target(/^Target\.(ResponseCodeMismatch|FailedHealthChecks|Timeout)$/)),
      clue(0.2, deploy, metric(/^HTTPCode_Target_5XX_Count$/, { min: 10, times: 5 })),
      clue(0.15, { kind: "deployment", name: /^IN_PROGRESS$/, min: 1, within: 60 }),
      clue(0.15, deploy),
      clue(
        0.6,
        { kind: "vercel", name: /^deployment$/, text: /^latest READY/, within: 30, timed: true },
        {
          kind: "vercel",
          name: /^error$/,
          text: /FUNCTION_INVOCATION_FAILED|FUNCTION_INVOCATION_TIMEOUT|EDGE_FUNCTION_INVOCATION_FAILED|MIDDLEWARE_INVOCATION_FAILED|INTERNAL_FUNCTION/,
        },
      ),
      clue(
        0.55,
        line(/\bpm2 (reload|restart|deploy)|release .* activated|deploy(ment)? (started|finished|complete)/i),
        log(CODE_ERROR),
      ),
    ],
    explains: [...SYMPTOMS, "cpu-saturated", "process-down"],
  },
  {
    id: "config-missing",
    title: {
      en: "A setting that the application needs is missing or invalid",
      ko: "필수 환경 변수/설정이 없거나 잘못됨",
    },
    do: {
      en: "Set the variable that the error names in the stack's config or secrets and deploy again.",
      ko: "오류에 표시된 변수를 스택 설정이나 시크릿에 넣고 다시 배포하세요.",
    },
    clues: [
      clue(
        0.85,
        line(
          /environment variable(s)? .*(not found|is (missing|required|not set|undefined))|environment variable not found|(missing|invalid|required|undefined) (required )?environment variable|\bis not set\b.*env|error validating datasource|\bP1012\b|invalid environment/i,
        ),
      ),
      clue(
        0.3,
        change(/^(RegisterTaskDefinition|PutParameter|DeleteParameter|DeleteParameters|PutSecretValue|UpdateSecret)$/),
        line(/environment variable|env(ironment)? /i),
      ),
    ],
    explains: [...SYMPTOMS, "bad-deploy", "process-down"],
  },
  {
    id: "image-missing",
    title: { en: "The container image does not exist", ko: "컨테이너 이미지가 존재하지 않음" },
    do: {
      en: "Push the image again or name an existing digest (`aws ecr describe-images`); check that the lifecycle policy keeps what is in use.",
      ko: "이미지를 다시 푸시하거나 존재하는 다이제스트를 지정하고(`aws ecr describe-images`), 수명 주기 정책을 확인하세요.",
    },
    clues: [
      clue(
        0.92,
        task(/CannotPull(Container|ImageManifest)\w*Error.*(not found|manifest unknown|does not exist|no such)/i),
      ),
      clue(0.88, stopped(/CannotPull\w*Error.*(not found|manifest unknown|does not exist)/i)),
      clue(0.85, line(/manifest (for .* )?(unknown|not found)|image .* not found|ImageNotFoundException/i)),
      clue(0.35, change(/^BatchDeleteImage$/, { within: 1440 }), task(/CannotPull/i)),
    ],
    explains: [...SYMPTOMS, "bad-deploy", "registry-unreachable"],
  },
  {
    id: "image-architecture",
    title: { en: "The image was built for another processor architecture", ko: "이미지의 CPU 아키텍처 불일치" },
    do: {
      en: "Build for the tier's architecture (`docker buildx build --platform linux/arm64`) or for both, and deploy again.",
      ko: "티어의 아키텍처에 맞춰(`docker buildx build --platform linux/arm64`) 또는 다중 아키텍처로 다시 빌드해 배포하세요.",
    },
    clues: [
      clue(0.9, {
        kind: ["task", "log", "recovery", "service", "deployment", "event"],
        text: /exec format error/i,
        within: 60,
      }),
      clue(0.9, task(/does not contain descriptor matching platform|no match(ing)? (for platform|manifest for)/i)),
    ],
    explains: [...SYMPTOMS, "bad-deploy", "image-missing", "registry-unreachable"],
  },
  {
    id: "registry-unreachable",
    title: {
      en: "The container image cannot be pulled (network or permission)",
      ko: "컨테이너 이미지를 가져올 수 없음 (네트워크 또는 권한)",
    },
    do: {
      en: "Check the subnet's way out (public address, NAT or VPC endpoints for ECR and S3) and the execution role's ECR permissions.",
      ko: "서브넷의 외부 경로(퍼블릭 IP, NAT, ECR/S3 VPC 엔드포인트)와 실행 역할의 ECR 권한을 확인하세요.",
    },
    clues: [
      clue(
        0.85,
        task(
          /CannotPull\w*Error.*(i\/o timeout|timed? ?out|403|forbidden|access denied|denied|no basic auth|authorization|unauthorized|toomanyrequests|rate limit|dial tcp|connection refused|failed to resolve)/i,
        ),
      ),
      clue(
        0.8,
        task(
          /ResourceInitializationError.*(registry auth|GetAuthorizationToken|ecr).*(timeout|timed out|cannot|no route|dial tcp|connection issue)/i,
        ),
      ),
      clue(0.55, task(/CannotPull\w*Error/i)),
    ],
    explains: [...SYMPTOMS, "bad-deploy"],
    cap: 0.9,
  },
  {
    id: "secret-unavailable",
    title: { en: "A secret or parameter cannot be read at start", ko: "시작 시 시크릿/파라미터를 읽을 수 없음" },
    do: {
      en: "Restore the secret (`aws secretsmanager restore-secret`) or the name in the task definition, and check the execution role's permission to read it.",
      ko: "시크릿을 복원(`aws secretsmanager restore-secret`)하거나 태스크 정의의 이름을 고치고 실행 역할의 읽기 권한을 확인하세요.",
    },
    clues: [
      clue(0.9, task(/ResourceInitializationError.*(secret|ssm|parameter|asm).*/i)),
      clue(0.85, stopped(/ResourceInitializationError.*(secret|ssm|parameter)/i)),
      clue(
        0.8,
        line(
          /(secret|parameter).*(marked for deletion|scheduled for deletion|can'?t find|not found|ParameterNotFound)|ResourceNotFoundException.*(secret|parameter)|(secretsmanager|ssm):Get\w+.*(denied|not authorized)|not authorized to perform: (secretsmanager|ssm):Get/i,
        ),
      ),
      clue(0.5, change(/^(DeleteSecret|DeleteParameters?)$/, { within: 720 })),
    ],
    explains: [...SYMPTOMS, "bad-deploy", "config-missing"],
  },
  {
    id: "kms-denied",
    title: {
      en: "An encryption key (KMS) is disabled, deleted or denied",
      ko: "KMS 암호화 키가 비활성화/삭제되었거나 접근 거부",
    },
    do: {
      en: "Enable the key or cancel its deletion (`aws kms enable-key`, `cancel-key-deletion`) and restore its policy.",
      ko: "키를 활성화하거나 삭제를 취소하고(`aws kms enable-key`, `cancel-key-deletion`) 정책을 복원하세요.",
    },
    clues: [
      clue(0.85, {
        kind: ["task", "log", "service", "scaling", "recovery", "event", "instance"],
        text: /KMS\.?(Disabled|InvalidState|AccessDenied|NotFound)|KMSAccessDenied|kms:(Decrypt|GenerateDataKey\w*|CreateGrant).*(denied|not authorized)|(denied|not authorized).*kms:|Access to KMS is not allowed|InvalidKMSKey|Client\.(InternalError|InvalidKMSKey)[^|]*(launch|kms)/i,
        within: 120,
      }),
      clue(0.85, dbStatus(/inaccessible-encryption-credentials/)),
      // The account has other keys: only with a refusal does a change of one say much.
      clue(0.35, change(/^(DisableKey|ScheduleKeyDeletion|PutKeyPolicy|RevokeGrant|RetireGrant)$/, { within: 1440 })),
    ],
    explains: [
      ...SYMPTOMS,
      "bad-deploy",
      "secret-unavailable",
      "database-down",
      "permission-denied",
      "launch-failed",
      "registry-unreachable",
      "database-unreachable",
    ],
  },
  {
    id: "permission-denied",
    title: { en: "An IAM role lost a permission that the site needs", ko: "사이트에 필요한 IAM 권한이 없어짐" },
    do: {
      en: "Restore the policy that the error names (`pulumi up --refresh` shows the difference); the change in the timeline names who edited it.",
      ko: "오류에 표시된 정책을 복원하세요(`pulumi up --refresh`로 차이 확인). 타임라인에 변경한 사람이 표시됩니다.",
    },
    clues: [
      clue(0.6, {
        kind: ["log", "task", "service", "recovery", "scaling"],
        text: /is not authorized to perform|AccessDenied(Exception)?\b|unable to assume (the )?(service linked )?role|UnauthorizedOperation|no identity-based policy allows/i,
        within: 60,
      }),
      clue(
        0.6,
        change(
          /^(PutRolePolicy|DeleteRolePolicy|DetachRolePolicy|AttachRolePolicy|UpdateAssumeRolePolicy|DeleteRole|CreatePolicyVersion|SetDefaultPolicyVersion|DeletePolicy\w*|PutRolePermissionsBoundary|PutBucketPolicy|DeleteBucketPolicy|DisassociateIamInstanceProfile|RemoveRoleFromInstanceProfile)$/,
          { within: 180 },
        ),
        {
          kind: ["log", "task", "service", "recovery", "scaling"],
          text: /not authorized|AccessDenied|unable to assume|Unauthorized|403/i,
          within: 60,
        },
      ),
    ],
    explains: [...SYMPTOMS, "bad-deploy", "secret-unavailable", "registry-unreachable"],
  },
  {
    id: "migration-failed",
    title: {
      en: "A database migration failed or does not fit the release",
      ko: "데이터베이스 마이그레이션 실패 또는 스키마 불일치",
    },
    do: {
      en: "Read the failed migration (`prisma migrate status`), repair and mark it (`prisma migrate resolve`), or go back to the release that fits the schema.",
      ko: "`prisma migrate status`로 실패한 마이그레이션을 확인하고 `prisma migrate resolve`로 정리하거나, 스키마에 맞는 릴리스로 되돌리세요.",
    },
    clues: [
      clue(
        0.9,
        line(
          /\bP30(0[0-9]|1[0-9])\b|migrate found failed migrations|migration .*failed to apply|a migration failed to apply|migrate deploy.*(failed|error|exit)/i,
        ),
      ),
      clue(0.75, line(/(relation|column|table) .* does not exist|\bP20(21|22)\b|\b42(P01|703)\b/i, { count: 2 })),
      clue(0.2, deploy, line(/migrat/i)),
    ],
    explains: [...SYMPTOMS, "bad-deploy", "process-down"],
  },
  {
    id: "health-check-mismatch",
    title: {
      en: "The health check asks for something the application does not answer",
      ko: "헬스 체크 경로/응답 코드 불일치",
    },
    do: {
      en: "Compare the target group's path and matcher with what the application answers (`curl -i` on the path); correct the one that changed.",
      ko: "대상 그룹의 경로/매처와 애플리케이션 응답(`curl -i`)을 비교해 바뀐 쪽을 고치세요.",
    },
    clues: [
      clue(0.65, target(/^Target\.ResponseCodeMismatch$/, { text: /\[(30[1278]|40[0134]|405)\]/ })),
      clue(0.75, change(/^ModifyTargetGroup$/), target(/./, { min: 0.01 })),
    ],
    explains: ["unhealthy-unexplained", "app-errors", "too-few-running"],
  },
  {
    id: "load-balancer-changed",
    title: {
      en: "The load balancer's listener, rules or targets were changed",
      ko: "로드 밸런서의 리스너, 규칙 또는 대상이 변경됨",
    },
    do: {
      en: "Run `pulumi up --refresh` to put listener, rules and target group back; the timeline names who changed them.",
      ko: "`pulumi up --refresh`로 리스너, 규칙, 대상 그룹을 복원하세요. 타임라인에 변경한 사람이 표시됩니다.",
    },
    clues: [
      clue(
        0.5,
        change(
          /^(ModifyListener|DeleteListener|ModifyRule|DeleteRule|SetRulePriorities|DeleteTargetGroup|DeleteLoadBalancer|SetSubnets|SetSecurityGroups|ModifyLoadBalancerAttributes)$/,
          { within: 60 },
        ),
      ),
      clue(
        0.55,
        change(/^(ModifyListener|DeleteListener|ModifyRule|DeleteRule|DeleteTargetGroup|DeleteLoadBalancer)$/, {
          within: 30,
        }),
        { kind: ["target", "metric"], name: /^(healthy|none|Target\.NotInUse|unused|HTTPCode_ELB_5XX_Count)$/ },
      ),
      clue(0.6, change(/^DeleteLoadBalancer$/, { within: 60 })),
    ],
    explains: ["unhealthy-unexplained", "app-errors", "no-targets"],
  },
  {
    id: "no-targets",
    title: { en: "No target is registered behind the load balancer", ko: "로드 밸런서에 등록된 대상이 없음" },
    do: {
      en: "Find out why the service or group has nothing running (its events), and that it is attached to this target group.",
      ko: "서비스나 그룹이 왜 실행 중이 아닌지(이벤트) 확인하고 이 대상 그룹에 연결되어 있는지 점검하세요.",
    },
    clues: [clue(0.6, target(/^none$/))],
    explains: ["app-errors", "unhealthy-unexplained"],
    cap: 0.6,
  },
  {
    id: "waf-blocking",
    title: { en: "The web application firewall (WAF) blocks visitors", ko: "WAF가 정상 방문자를 차단" },
    do: {
      en: "Set the rule that was changed to Count, and look at sampled requests before it blocks again.",
      ko: "변경된 규칙을 Count로 바꾸고 샘플 요청을 확인한 뒤 다시 차단하세요.",
    },
    clues: [
      clue(0.65, change(/^(UpdateWebACL|AssociateWebACL|UpdateRuleGroup|UpdateIPSet)$/, { within: 60 }), {
        kind: ["alarm", "metric", "target"],
        name: /^(BlockedRequests|HealthCheck\w*|healthy)$/,
      }),
    ],
    cap: 0.82,
  },
  // ---------------------------------------------------------------- network
  {
    id: "security-group-changed",
    title: { en: "A security group rule was changed and blocks traffic", ko: "보안 그룹 규칙 변경으로 트래픽 차단" },
    do: {
      en: "Put the rule back (`pulumi up --refresh`); the timeline names the call and who made it.",
      ko: "`pulumi up --refresh`로 규칙을 복원하세요. 타임라인에 호출과 실행한 사람이 표시됩니다.",
    },
    clues: [
      clue(
        0.6,
        change(
          /^(RevokeSecurityGroup(Ingress|Egress)|ModifySecurityGroupRules|DeleteSecurityGroup|ModifyNetworkInterfaceAttribute)$/,
          { within: 60, text: VISITORS_PORT },
        ),
      ),
      clue(
        0.6,
        change(
          /^(RevokeSecurityGroup(Ingress|Egress)|ModifySecurityGroupRules|ModifyNetworkInterfaceAttribute|ModifyDBInstance|SetSecurityGroups|ModifyInstanceAttribute)$/,
          {
            within: 60,
            text: new RegExp(`${VISITORS_PORT.source}.*(securityGroup|groupId|groupSet)`, "i"),
          },
        ),
        {
          kind: ["log", "target", "recovery", "certificate", "task"],
          text: new RegExp(
            `${NOT_THE_POOL.source}[^]*(timed? ?out|ETIMEDOUT|Target\\.Timeout|unreachable|P1001|can'?t reach)`,
            "i",
          ),
          within: 60,
        },
      ),
    ],
    explains: [
      ...SYMPTOMS,
      "database-unreachable",
      "database-down",
      "registry-unreachable",
      "secret-unavailable",
      "outside-path",
      "host-unreachable",
      "bad-deploy",
    ],
    // An account has other networks, and CloudTrail does not say whose this was.
    cap: 0.8,
  },
  {
    id: "route-changed",
    title: {
      en: "Routing of the network was changed (routes, gateway, network ACL)",
      ko: "네트워크 라우팅 변경 (라우트, 게이트웨이, 네트워크 ACL)",
    },
    do: {
      en: "Put route table, gateway or network ACL back (`pulumi up --refresh`); the timeline names the call and who made it.",
      ko: "`pulumi up --refresh`로 라우팅 테이블, 게이트웨이, 네트워크 ACL을 복원하세요.",
    },
    clues: [
      clue(
        0.7,
        change(
          /^(DeleteRoute|ReplaceRoute|ReplaceRouteTableAssociation|DisassociateRouteTable|DetachInternetGateway|DeleteNatGateway|DeleteVpcEndpoints?|ReplaceNetworkAcl(Entry|Association)|DeleteNetworkAclEntry|DisassociateAddress|ReleaseAddress|DeleteVpcPeeringConnection)$/,
          { within: 60 },
        ),
      ),
      clue(
        0.5,
        change(
          /^(DeleteRoute|ReplaceRoute\w*|DisassociateRouteTable|DetachInternetGateway|DeleteNatGateway|DeleteVpcEndpoints?|ReplaceNetworkAcl\w+|CreateNetworkAclEntry|DisassociateAddress|ReleaseAddress)$/,
          { within: 60 },
        ),
        {
          kind: ["log", "target", "recovery", "task", "certificate"],
          text: /timed? ?out|ETIMEDOUT|Timeout|unreachable|ENETUNREACH/i,
          within: 60,
        },
      ),
    ],
    explains: [
      ...SYMPTOMS,
      "database-unreachable",
      "registry-unreachable",
      "secret-unavailable",
      "outside-path",
      "host-unreachable",
      "bad-deploy",
    ],
    // An account has other networks, and CloudTrail does not say whose this was.
    cap: 0.8,
  },
  // ---------------------------------------------------------------- database
  {
    id: "database-storage-full",
    title: { en: "The database's storage is full", ko: "데이터베이스 스토리지 가득 참" },
    do: {
      en: "Enlarge the storage (`aws rds modify-db-instance --allocated-storage ... --apply-immediately`), turn on storage autoscaling, and drop what is stale.",
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
          /could not (extend file|write to file|create .*file).*no space left|PANIC:.*no space left|no space left on device.*(base\/|pg_wal|tablespace)/i,
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
      en: "Lower `connection_limit` in DATABASE_URL times the number of processes below max_connections, close idle sessions, or put a pooler (RDS Proxy, PgBouncer) in between.",
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
      en: "It usually ends within two minutes: check that the application reconnects (restart it if it holds old addresses) and why RDS failed over.",
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
          /DB instance restarted|instance (is being )?restart|applying .*(patch|maintenance)|modification to .*(instance class|engine version|storage type)|offline patch|database .*(upgrade|patched)|minor version upgrade|maintenance/i,
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
      en: "Restore at once to a point in time or from the final snapshot (`platform` restore runbook); the CloudTrail event names who deleted it.",
      ko: "즉시 시점 복원 또는 최종 스냅샷에서 복원하세요. CloudTrail 이벤트에 삭제한 주체가 있습니다.",
    },
    clues: [
      clue(0.85, dbStatus(/^(deleting|deleted|not found)/)),
      clue(0.7, change(/^DeleteDBInstance$/, { within: 180 })),
      clue(0.7, dbEvent(/instance deleted|deletion/i)),
    ],
    explains: [...DATABASE_SYMPTOMS, "database-down", "outside-dns"],
  },
  {
    id: "database-down",
    title: { en: "The database is stopped or failed", ko: "데이터베이스가 중지되었거나 장애 상태" },
    do: {
      en: "Start it (`aws rds start-db-instance`) if it is stopped; if it failed, restore to a point in time; RDS starts stopped ones again after seven days only.",
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
          /password authentication failed for user|authentication failed against (the )?database server|\bP1000\b|\b28P01\b|no pg_hba\.conf entry|PAM authentication failed/i,
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
          /deadlock detected|canceling statement due to lock timeout|still waiting for \w+Lock|could not obtain lock|\b40P01\b|\b55P03\b|\bP2034\b/i,
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
      en: "Find the heaviest statements (Performance Insights, pg_stat_statements), add the missing index or go back to the release that lacked them; scale the class as a bridge.",
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
      en: "Check the database's status, then security groups and DNS between the two (`nc -vz <endpoint> 5432` from the application's network).",
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
  // ---------------------------------------------------------------- certificate and DNS
  {
    id: "certificate-expired",
    title: { en: "The TLS certificate has expired", ko: "TLS 인증서 만료" },
    do: {
      en: "Renew it now (`certbot renew && systemctl reload nginx`; ACM: put its validation record back) and check why renewal failed.",
      ko: "즉시 갱신하고(`certbot renew && systemctl reload nginx`; ACM은 검증 레코드 복원) 갱신 실패 원인을 확인하세요.",
    },
    clues: [
      clue(0.92, { kind: "certificate", name: /^handshake$/, text: /CERT_HAS_EXPIRED|certificate has expired/i }),
      clue(0.85, { kind: "certificate", name: /^days-left$/, text: /the site's/, max: 0 }),
      clue(0.6, { kind: "certificate", name: /^(status|days-left)$/, text: /^(EXPIRED|ACM certificate)/, max: 0 }),
      clue(0.55, { kind: "certificate", name: /^status$/, text: /^EXPIRED|renewal FAILED/ }),
      clue(
        0.35,
        line(/certificate has expired|CERT_HAS_EXPIRED|certbot.*(fail|error)|renewal.*fail|acme.*(error|fail)/i),
      ),
      clue(0.35, alarm(/^DaysToExpiry$/)),
      clue(0.4, event(/ACM Certificate (Expired|Renewal Action Required)/)),
    ],
    explains: ["outside-path", "app-errors", "dependency-failing", "certificate-wrong"],
  },
  {
    id: "certificate-wrong",
    title: {
      en: "The site shows a certificate that browsers reject",
      ko: "브라우저가 거부하는 인증서 제공 (이름 불일치, 자체 서명 등)",
    },
    do: {
      en: "Attach the certificate that covers the name to the listener or Nginx, with its chain; on Vercel, check the domain's certificate.",
      ko: "도메인을 포함하는 인증서(체인 포함)를 리스너나 Nginx에 적용하고, Vercel이면 도메인 인증서를 확인하세요.",
    },
    clues: [
      clue(0.7, { kind: "certificate", name: /^handshake$/, text: REJECTED }),
      // A domain in order makes it likelier that the certificate is the site's own; its record may still name a stranger's server.
      clue(
        0.3,
        { kind: "certificate", name: /^handshake$/, text: REJECTED },
        { kind: "dns", name: /^delegation$/, text: /^OK/ },
        { kind: "dns", name: /^record$/, text: /^(A|AAAA|CNAME) / },
      ),
      clue(0.3, {
        kind: "certificate",
        name: /^status$/,
        text: /^(REVOKED|FAILED|VALIDATION_TIMED_OUT|PENDING_VALIDATION)/,
      }),
      clue(
        0.2,
        change(
          /^(ModifyListener|AddListenerCertificates|RemoveListenerCertificates|DeleteCertificate|RevokeCertificate)$/,
        ),
      ),
    ],
    explains: ["outside-path", "app-errors"],
  },
  {
    id: "domain-expired",
    title: { en: "The domain's registration has expired or is on hold", ko: "도메인 등록 만료 또는 정지" },
    do: {
      en: "Renew the domain at its registrar now; registrars keep it for a grace period of about 30 days.",
      ko: "등록 기관에서 즉시 갱신하세요. 보통 약 30일의 유예 기간이 있습니다.",
    },
    clues: [
      clue(0.9, {
        kind: "dns",
        name: /^domain$/,
        text: /client ?hold|server ?hold|redemption ?period|pending ?delete/i,
      }),
      clue(0.6, { kind: "dns", name: /^domain$/, max: 0 }),
      clue(0.35, { kind: "dns", name: /^domain$/, max: 0 }, { kind: "dns", name: /status$/, text: DNS_FAIL }),
      clue(0.4, event(/Health|Domain/, /DOMAIN.*EXPIR|expir.*domain/i)),
    ],
    explains: ["dns-record-wrong", "dns-delegation-broken", "outside-path", "dnssec-broken", "certificate-wrong"],
  },
  {
    id: "dnssec-broken",
    title: { en: "DNSSEC validation of the domain fails", ko: "DNSSEC 검증 실패" },
    do: {
      en: "Remove the DS record at the registrar, or make the zone's signing key active again; resolvers forget after the DS record's TTL.",
      ko: "등록 기관의 DS 레코드를 제거하거나 영역의 서명 키를 다시 활성화하세요. DS TTL이 지나면 회복됩니다.",
    },
    clues: [
      clue(0.88, {
        kind: "dns",
        name: /status$/,
        text: /SERVFAIL.*(DNSSEC|RRSIG|DS record|DNSKEY|signature|validat)/i,
      }),
      clue(
        0.5,
        change(
          /^(DisableHostedZoneDNSSEC|DeactivateKeySigningKey|DeleteKeySigningKey|DisassociateDelegationSignerFromDomain)$/,
          { within: 2880 },
        ),
      ),
      clue(
        0.35,
        change(/^(DisableHostedZoneDNSSEC|DeactivateKeySigningKey|DeleteKeySigningKey|EnableHostedZoneDNSSEC)$/, {
          within: 2880,
        }),
        { kind: "dns", name: /status$/, text: /SERVFAIL/ },
      ),
    ],
    explains: ["dns-delegation-broken", "outside-path", "dns-record-wrong"],
  },
  {
    id: "dns-delegation-broken",
    title: { en: "The domain no longer points to the zone's name servers", ko: "도메인의 네임서버 위임이 깨짐" },
    do: {
      en: "Set the zone's four name servers at the registrar (`aws route53 get-hosted-zone`).",
      ko: "등록 기관에 영역의 네임서버 4개를 다시 설정하세요 (`aws route53 get-hosted-zone`).",
    },
    clues: [
      clue(0.85, { kind: "dns", name: /^delegation$/, text: /^MISMATCH/ }),
      clue(0.5, { kind: "dns", name: /^zone-status$/, text: DNS_FAIL }),
      clue(0.4, { kind: "dns", name: /^status$/, text: /SERVFAIL|REFUSED/ }),
      clue(0.5, change(/^(UpdateDomainNameservers|DeleteHostedZone|CreateHostedZone)$/, { within: 2880 })),
    ],
    explains: ["dns-record-wrong", "outside-path", "certificate-wrong"],
  },
  {
    id: "dns-record-wrong",
    title: {
      en: "The site's DNS record is missing or points elsewhere",
      ko: "DNS 레코드가 없거나 잘못된 대상을 가리킴",
    },
    do: {
      en: "Put the record back (`pulumi up --refresh` shows the difference); the timeline names who changed it; resolvers need its TTL.",
      ko: "레코드를 복원하세요(`pulumi up --refresh`로 차이 확인). 타임라인에 변경한 사람이 있으며 TTL만큼 걸립니다.",
    },
    clues: [
      clue(0.6, { kind: "dns", name: /^status$/, text: /NXDOMAIN/ }),
      clue(0.7, { kind: "dns", name: /^record$/, text: /holds no address record/ }),
      clue(0.5, { kind: "dns", name: /^address$/, text: /^(NODATA|MISMATCH)/ }),
      clue(0.4, change(/^ChangeResourceRecordSets$/, { within: 180 })),
      clue(0.45, change(/^ChangeResourceRecordSets$/, { within: 180 }), {
        kind: ["dns", "certificate"],
        name: /^(status|address|record|handshake)$/,
        text: /NXDOMAIN|NODATA|MISMATCH|holds no|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ALTNAME/,
      }),
    ],
    explains: ["outside-path", "certificate-wrong", "no-targets"],
  },
  {
    id: "outside-path",
    title: {
      en: "Everything inside is healthy; only the check from outside fails",
      ko: "내부는 모두 정상이며 외부 점검만 실패",
    },
    do: {
      en: "Open the site from another network; check DNS, certificate and firewall on the way, and the monitoring service's own status.",
      ko: "다른 네트워크에서 접속해 보고 DNS, 인증서, 방화벽과 모니터링 서비스의 상태를 확인하세요.",
    },
    clues: [clue(0.45, target(/^healthy$/), alarm(/HealthCheck(Status|PercentageHealthy)|Uptime|external/i))],
    cap: 0.5,
  },
  // ---------------------------------------------------------------- Vercel
  {
    id: "vercel-build-failed",
    title: { en: "The last Vercel build failed", ko: "Vercel 빌드 실패" },
    do: {
      en: "Read the build log (`vercel inspect --logs`), and promote the last good deployment (`vercel promote`) until it is repaired.",
      ko: "`vercel inspect --logs`로 빌드 로그를 확인하고, 고칠 때까지 마지막 정상 배포를 `vercel promote`로 승격하세요.",
    },
    clues: [
      // A failed build leaves the last good one serving: an old failure alone takes no site down.
      clue(0.85, { kind: "vercel", name: /^deployment$/, text: /^latest ERROR/, within: 90 }),
      clue(0.4, { kind: "vercel", name: /^deployment$/, text: /^latest ERROR/, within: 1440 }),
      clue(0.2, { kind: "vercel", name: /^error$/, text: /DEPLOYMENT_NOT_FOUND|DEPLOYMENT_NOT_READY/ }),
      clue(
        0.6,
        { kind: "vercel", name: /^deployment$/, text: /^latest ERROR/, within: 1440 },
        { kind: "vercel", name: /^error$/, text: /DEPLOYMENT_NOT_FOUND|DEPLOYMENT_NOT_READY/ },
      ),
    ],
    explains: ["vercel-function-failing", "app-errors"],
  },
  {
    id: "vercel-limit",
    title: {
      en: "Vercel paused the project or a limit of the plan is reached",
      ko: "Vercel 프로젝트 일시 중지 또는 요금제 한도 초과",
    },
    do: {
      en: "Open Usage and Billing in Vercel; raise the plan or the spend limit and resume the project.",
      ko: "Vercel의 Usage/Billing에서 요금제나 지출 한도를 올리고 프로젝트를 재개하세요.",
    },
    clues: [
      clue(0.88, { kind: "vercel", name: /^project$/, text: /paused|payment|limit|exceed|block|disabled|fair use/i }),
      clue(0.85, {
        kind: "vercel",
        name: /^error$/,
        text: /DEPLOYMENT_(DISABLED|PAUSED|BLOCKED)|FUNCTION_THROTTLED|RESOURCE_LIMIT|PAYMENT_REQUIRED|USAGE/,
      }),
      clue(0.6, { kind: "vercel", name: /^(error|answer)$/, min: 402, max: 402 }),
      clue(0.75, {
        kind: "vercel",
        name: /^deployment$/,
        text: /^latest \S+ .*(limit|quota|exceeded|api-deployments-free)/i,
        within: 1440,
      }),
    ],
    explains: ["vercel-function-failing", "app-errors", "vercel-build-failed"],
  },
  {
    id: "vercel-outage",
    title: { en: "Vercel itself reports an incident", ko: "Vercel 자체 장애" },
    do: {
      en: "Follow https://www.vercel-status.com; if it lasts, flip to a tier on AWS (`platform flip`).",
      ko: "https://www.vercel-status.com 을 확인하고, 길어지면 AWS 티어로 전환하세요 (`platform flip`).",
    },
    clues: [
      clue(0.82, { kind: "vercel", name: /^status$/, text: /^(major|critical)/i, within: 720 }),
      clue(0.3, { kind: "vercel", name: /^status$/, text: /^minor/i, within: 120 }),
      clue(0.3, { kind: "vercel", name: /^error$/, text: /^(INTERNAL_|ROUTER_|INFINITE|NO_RESPONSE)/ }),
    ],
    explains: ["vercel-function-failing", "app-errors"],
  },
  {
    id: "vercel-function-failing",
    title: { en: "Vercel functions fail or time out", ko: "Vercel 함수 실패 또는 시간 초과" },
    do: {
      en: "Read the function's runtime log in Vercel; check that the database answers from Vercel's region, and the function's time limit.",
      ko: "Vercel 런타임 로그를 확인하고, Vercel 리전에서 데이터베이스 응답과 함수 시간 제한을 점검하세요.",
    },
    clues: [
      clue(0.7, {
        kind: "vercel",
        name: /^error$/,
        text: /FUNCTION_INVOCATION_(TIMEOUT|FAILED)|MIDDLEWARE_INVOCATION|EDGE_FUNCTION|FUNCTION_RESPONSE/,
      }),
      clue(0.3, { kind: "vercel", name: /^answer$/, min: 500, max: 599 }),
    ],
    explains: ["app-errors"],
    cap: 0.7,
  },
  // ---------------------------------------------------------------- others and symptoms
  {
    id: "account-suspended",
    title: { en: "The AWS account is suspended or blocked", ko: "AWS 계정 정지 또는 차단" },
    do: {
      en: "Open Billing and the account's e-mail inbox, pay or verify, and open a support case.",
      ko: "Billing과 계정 이메일을 확인해 결제 또는 인증하고 지원 사례를 여세요.",
    },
    clues: [
      clue(0.85, {
        kind: ["scaling", "service", "task", "change", "event", "deployment"],
        text: /account is (currently )?(blocked|suspended|not (active|authorized to use this))|PendingVerification|Blocked: This account|OptInRequired/i,
        within: 720,
      }),
    ],
    explains: [...SYMPTOMS, "instance-stopped", "capacity-unavailable", "launch-failed"],
  },
  {
    id: "dependency-failing",
    title: {
      en: "A service outside that the application calls does not answer",
      ko: "애플리케이션이 호출하는 외부 서비스 무응답",
    },
    do: {
      en: "Check the status page of the host that the error lines name; add a time limit and a fallback around that call.",
      ko: "오류에 표시된 호스트의 상태 페이지를 확인하고, 해당 호출에 시간 제한과 대체 동작을 추가하세요.",
    },
    clues: [
      // Fetches, not the database: no port 5432 and no RDS host in the line.
      clue(
        0.6,
        log(
          /^(?!.*(5432|rds\.amazonaws|prisma|postgres|upstream:|127\.0\.0\.1|::1)).*(fetch failed|getaddrinfo|socket hang up|UND_ERR_\w*TIMEOUT|(ECONNRESET|ETIMEDOUT|ECONNREFUSED|ENOTFOUND|EAI_AGAIN)|request to https?:\S+ failed|responded with (status )?5\d\d)/i,
          { count: 5 },
        ),
      ),
    ],
    explains: ["app-errors", "unhealthy-unexplained"],
    cap: 0.72,
  },
  {
    id: "too-few-running",
    title: {
      en: "Fewer instances or tasks run than wanted; the reason is not known",
      ko: "원하는 수보다 적게 실행 중 (원인 미상)",
    },
    do: {
      en: "Read the service's or group's latest events, and the reason of the last stopped task or instance.",
      ko: "서비스/그룹의 최근 이벤트와 마지막으로 중지된 태스크/인스턴스의 이유를 확인하세요.",
    },
    clues: [clue(0.3, { kind: "count", name: /^too-few$/ })],
    explains: ["unhealthy-unexplained"],
    cap: 0.45,
  },
  {
    id: "unhealthy-unexplained",
    title: { en: "The health checks fail; the reason is not known", ko: "헬스 체크 실패 (원인 미상)" },
    do: {
      en: "Ask the health path on a target directly and read the application's log at that moment.",
      ko: "대상의 헬스 경로를 직접 호출하고 그 시점의 애플리케이션 로그를 확인하세요.",
    },
    clues: [
      clue(
        0.35,
        target(
          /^(Target\.(?!NotInUse|NotRegistered|DeregistrationInProgress|IpUnusable)\w+|Elb\.InternalError|unhealthy)$/,
          { min: 0.3 },
        ),
      ),
      clue(0.25, {
        kind: ["task", "service"],
        text: /failed (ELB|container) health checks|is unhealthy in/i,
        within: 60,
      }),
    ],
    cap: 0.45,
  },
  {
    id: "app-errors",
    title: {
      en: "The application answers with errors; the reason is not known",
      ko: "애플리케이션 오류 응답 (원인 미상)",
    },
    do: {
      en: "Read the first error line below, and what changed shortly before it.",
      ko: "아래의 첫 오류 로그와 그 직전의 변경을 확인하세요.",
    },
    clues: [
      clue(0.35, metric(/^HTTPCode_(Target|ELB)_5XX_Count$/, { min: 10 })),
      clue(0.25, log(/error|exception|fatal/i, { count: 5 })),
    ],
    cap: 0.4,
  },
];
