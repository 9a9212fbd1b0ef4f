import { regex } from "../../../core/regex";
import { alarm, type Cause, change, clue, dbEvent, event, line, metric, SYMPTOMS, stopped, task } from "./cause";

/** Causes in machines, their zone, and AWS itself. */
export const machineCauses: readonly Cause[] = [
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
      en:
        "Check AWS Health for the zone and the volume's status; stop and start the " +
        "instance, or restore the latest snapshot in another zone.",
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
      en:
        "Stop and start the instance to move it to other hardware; read the " +
        "scheduled event in the EC2 console, and reschedule the next one.",
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
      en:
        "Raise the on-demand base of the capacity provider or group, allow more " +
        "instance types and zones, and check that a replacement starts.",
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
      en:
        "Shift traffic out of the zone (`aws arc-zonal-shift start-zonal-shift` on the " +
        "load balancer) and check that capacity starts in the others.",
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
          regex("i")`
            (availability zone|\baz\b|"[a-z]{2}-[a-z]+-\d[a-f]"|[a-z]{3}\d-az\d).*(connectiv|power|network|
            impair|error|degrad)|(connectiv|power|network|impair|error|degrad).*(availability zone|
            [a-z]{3}\d-az\d)`,
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
];
