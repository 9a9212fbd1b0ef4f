import { regex } from "../../../core/regex";
import { alarm, type Cause, change, clue, event, line, log, metric, SYMPTOMS, stopped, target, task } from "./cause";

const USED_UP = metric(/^CPUCreditBalance$/, { max: 2, usual: 10, from: /^(instance|autoscaling)$/ });

const NO_SPACE = /\bENOSPC\b|no space left on device|disk quota exceeded|\bEDQUOT\b/i;

const OOM_KERNEL =
  /out of memory: kill(ed)? process|oom-kill|oom_reaper|oom[ -]killer|memory cgroup out of memory|killed process \d+/i;

const OOM_HEAP = /heap out of memory|reached heap limit|ineffective mark-compacts/i;

/** Causes in memory, disk, CPU and other limits. */
export const resourceCauses: readonly Cause[] = [
  {
    id: "memory-leak",
    title: {
      en: "The application's memory grew until it was killed (memory leak)",
      ko: "메모리 누수: 애플리케이션 메모리가 계속 늘어 종료됨",
    },
    do: {
      en:
        "Restart the application to gain time; compare with the release before the climb " +
        "began; take a heap snapshot (`node --heapsnapshot-signal=SIGUSR2`).",
      ko: "우선 애플리케이션을 재시작하고, 증가가 시작되기 전 릴리스와 비교하며 힙 스냅샷(`node --heapsnapshot-signal=SIGUSR2`)을 확인하세요.",
    },
    clues: [
      clue(0.85, metric(/^(mem_used_percent|MemoryUtilization)$/, { rising: true, min: 85 }), {
        kind: ["task", "event", "log", "recovery", "instance"],
        text: regex("i")`OutOfMemory|${OOM_KERNEL}|${OOM_HEAP}`,
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
      en:
        "Give the task or instance more memory, or lower the application's use " +
        "(`--max-old-space-size` below the limit); check what changed before.",
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
      en:
        "Free space (`df -h; du -xsh /var/log/* | sort -h; journalctl --vacuum-size=200M`), " +
        "restart the application, then enlarge the volume or rotate logs.",
      ko: "`df -h`, `du -xsh /var/log/*`로 확인해 공간을 비우고 애플리케이션을 재시작한 뒤, 볼륨을 늘리거나 로그 순환을 설정하세요.",
    },
    clues: [
      // PostgreSQL's own files are on the database's disk, whoever logs it.
      clue(0.85, line(regex("i")`^(?!.*(could not extend file|pg_wal|base/\d))[^]*(${NO_SPACE})`)),
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
      en:
        "Switch the instance to unlimited credits " +
        "(`aws ec2 modify-instance-credit-specification`) or to a larger or a non-burstable " +
        "class.",
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
        text: regex("i")`
          InsufficientInstanceCapacity|do not have sufficient .* capacity|Capacity is unavailable at this time|
          insufficient capacity|UnfulfillableCapacity|no Spot capacity available`,
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
        text: regex("i")`
          VcpuLimitExceeded|limit on the number of (vCPUs|tasks)|LimitExceeded|InstanceLimitExceeded|
          requested more (vCPU|instances)|MaxSpotInstanceCountExceeded|quota`,
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
        text: regex("i")`
          InsufficientFreeAddressesInSubnet|(not|in)\s?(have )?(enough|sufficient) free addresses|
          PrivateIpAddressLimit|not have available IP`,
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
        text: regex("i")`
          Invalid(AMIID|Group|KeyPair|Parameter|Subnet|LaunchTemplate)|does not exist|
          not authorized to use launch template|Invalid IAM Instance Profile|Client\.\w+`,
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
];
