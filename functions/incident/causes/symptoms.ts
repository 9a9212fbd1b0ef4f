import { regex } from "../../../core/regex";
import { type Cause, clue, log, metric, SYMPTOMS, target } from "./cause";

/** Causes at others, and what describes a symptom more than a reason. */
export const symptomCauses: readonly Cause[] = [
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
        text: regex("i")`
          account is (currently )?(blocked|suspended|not (active|authorized to use this))|PendingVerification|
          Blocked: This account|OptInRequired`,
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
          regex("i")`
            ^(?!.*(5432|rds\.amazonaws|prisma|postgres|upstream:|127\.0\.0\.1|::1)).*(fetch failed|getaddrinfo|
            socket hang up|UND_ERR_\w*TIMEOUT|(ECONNRESET|ETIMEDOUT|ECONNREFUSED|ENOTFOUND|EAI_AGAIN)|
            request to https?:\S+ failed|responded with (status )?5\d\d)`,
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
