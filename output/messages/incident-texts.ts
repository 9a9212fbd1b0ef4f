import type { Bilingual } from "../../core/language";

/** What a report of an incident says beside what was found. */
export const incidentTexts = {
  down: { en: "is down", ko: "접속 장애" },
  over: { en: "is back", ko: "복구됨" },
  looked: { en: "was looked into", ko: "점검 결과" },
  since: { en: "since", ko: "시작" },
  lasted: { en: "lasted", ko: "지속 시간" },
  minutes: { en: "min", ko: "분" },
  cause: { en: "Cause", ko: "원인" },
  causes: { en: "Causes, the likeliest first", ko: "원인 (가능성이 높은 순서)" },
  unknown: {
    en: "No rule explains what was found. Look at the timeline and the error lines below.",
    ko: "수집한 내용에 맞는 규칙이 없습니다. 아래 타임라인과 오류 로그를 확인하세요.",
  },
  calm: {
    en: "No alarm of the site went off in this time.",
    ko: "이 시간 동안 발생한 경보가 없습니다.",
  },
  do: { en: "Do", ko: "조치" },
  evidence: { en: "Evidence", ko: "근거" },
  leadsTo: { en: "It brought about", ko: "이로 인한 증상" },
  timeline: { en: "Timeline", ko: "타임라인" },
  errors: { en: "Error lines", ko: "오류 로그" },
  first: { en: "first", ko: "최초" },
  gaps: { en: "Could not be asked", ko: "수집하지 못한 항목" },
  gapNote: {
    en: "What is missing could have told otherwise; the confidence above counts it.",
    ko: "누락된 정보에 따라 결론이 달라질 수 있으며, 위 신뢰도에 반영되어 있습니다.",
  },
  links: { en: "Look on", ko: "바로가기" },
  facts: { en: "Everything that was found", ko: "수집한 모든 사실" },
  alarm: { en: "Alarm", ko: "경보" },
  stack: { en: "Stack", ko: "스택" },
  written: { en: "Written", ko: "작성" },
  stored: { en: "Stored as", ko: "저장 위치" },
  details: { en: "Details", ko: "자세히" },
} as const satisfies Record<string, Bilingual>;

export const levelTexts = {
  high: { en: "high confidence", ko: "신뢰도 높음" },
  medium: { en: "medium confidence", ko: "신뢰도 보통" },
  low: { en: "low confidence", ko: "신뢰도 낮음" },
} as const satisfies Record<string, Bilingual>;

/** What a collector looks at, for the list of those that failed. */
export const sourceTexts = {
  alarms: { en: "alarms", ko: "경보" },
  changes: { en: "changes (CloudTrail)", ko: "변경 이력 (CloudTrail)" },
  events: { en: "events (EventBridge)", ko: "이벤트 (EventBridge)" },
  instance: { en: "instance", ko: "인스턴스" },
  autoscaling: { en: "Auto Scaling group", ko: "Auto Scaling 그룹" },
  ecs: { en: "ECS service", ko: "ECS 서비스" },
  "target-health": { en: "target health", ko: "대상 상태" },
  logs: { en: "logs", ko: "로그" },
  "recovery-runs": { en: "recovery runs", ko: "자동 복구 실행" },
  database: { en: "database", ko: "데이터베이스" },
  certificate: { en: "certificate", ko: "인증서" },
  dns: { en: "DNS", ko: "DNS" },
  vercel: { en: "Vercel", ko: "Vercel" },
} as const satisfies Record<string, Bilingual>;
