import type { Outage } from "../../core/faults";
import type { Bilingual, Language } from "../../core/language";

/** What can go wrong, by its id in core/faults.ts. */
export const faultTexts = {
  "process-crash": { en: "Process crashes", ko: "프로세스 비정상 종료" },
  "app-hang": { en: "App hangs", ko: "앱 멈춤" },
  "nginx-down": { en: "nginx is down", ko: "nginx 중단" },
  "instance-lost": { en: "Instance or task is lost", ko: "인스턴스·태스크 손실" },
  "zone-lost": { en: "Zone is lost", ko: "가용 영역 장애" },
  "database-lost": { en: "Database host is lost", ko: "데이터베이스 호스트 장애" },
  "bad-deploy": { en: "A release does not work", ko: "잘못된 배포" },
  "region-lost": { en: "Region is lost", ko: "리전 장애" },
} as const satisfies Record<Outage, Bilingual>;

/** What the report says beside figures. */
export const reportTexts = {
  title: { en: "Architecture report", ko: "아키텍처 보고서" },
  lead: {
    en: "Today's setup and four ways to run the site, computed from the plans of this stack before anything is built.",
    ko: "현재 구성과 네 가지 운영 방안을 비교합니다. 아무것도 만들기 전에 이 스택의 계획에서 계산했습니다.",
  },
  stack: { en: "Stack", ko: "스택" },
  region: { en: "Region", ko: "리전" },
  traffic: { en: "Traffic a month", ko: "월 트래픽" },
  requests: { en: "requests", ko: "요청" },
  prices: { en: "Prices as of", ko: "가격 기준일" },
  glance: { en: "At a glance", ko: "한눈에 보기" },
  month: { en: "a month", ko: "월 비용" },
  againstToday: { en: "Against today", ko: "현재 대비" },
  available: { en: "available", ko: "가용성" },
  claimHolds: { en: "The brief's claims hold", ko: "제안서 주장이 유지됨" },
  claimBroken: { en: "Claims that do not hold", ko: "맞지 않는 주장" },
  cost: { en: "Cost", ko: "비용" },
  costNote: {
    en:
      "USD a month at list prices, before any free tier. What has no price is listed below, never counted as 0. What " +
      "rests on a price that nobody looked up is counted and named.",
    ko: "무료 티어를 빼기 전 정가 기준 월 비용(USD)입니다. 가격을 모르는 항목은 0으로 계산하지 않고 아래에 표시합니다. 확인되지 않은 가격은 합계에 포함하고 따로 표시합니다.",
  },
  fixed: { en: "Fixed", ko: "고정" },
  usage: { en: "By usage", ko: "사용량" },
  total: { en: "Total", ko: "합계" },
  afterFree: { en: "With free tier", ko: "무료 티어 적용 시" },
  unpriced: { en: "Not priced", ko: "가격 미상" },
  option: { en: "Option", ko: "방안" },
  availability: { en: "Availability", ko: "가용성" },
  availabilityNote: {
    en:
      "By SLAs: the product of published commitments along the chain. Expected: assumed failures a year, with the " +
      "recovery times of this plan. Plan with the lower of both.",
    ko: "SLA 기준은 구성 요소의 공개 약정을 곱한 값입니다. 기대값은 연간 장애 횟수 가정과 이 계획의 복구 시간으로 계산했습니다. 둘 중 낮은 값을 기준으로 삼으세요.",
  },
  bySla: { en: "By SLAs", ko: "SLA 기준" },
  expected: { en: "Expected", ko: "기대값" },
  downMonth: { en: "Down a month", ko: "월 중단 시간" },
  weakest: { en: "Weakest link", ko: "가장 약한 고리" },
  simulated: { en: "Years that reach 99.9 %", ko: "99.9 % 달성 연도 비율" },
  badYear: { en: "Bad year (1 of 10)", ko: "나쁜 해(10년 중 1년)" },
  briefClaim: { en: "Brief", ko: "제안서" },
  recovery: { en: "Recovery", ko: "복구" },
  recoveryNote: {
    en: "From the fault to the end of its consequences, on a logarithmic scale. The share is how many requests fail meanwhile.",
    ko: "장애 발생부터 영향이 끝날 때까지의 시간(로그 눈금)입니다. 비율은 그동안 실패하는 요청의 비율입니다.",
  },
  detection: { en: "Detection", ko: "감지" },
  repair: { en: "Recovery", ko: "복구" },
  byHand: { en: "by hand", ko: "수동" },
  automatic: { en: "automatic", ko: "자동" },
  notNoticed: { en: "not noticed by visitors", ko: "방문자 영향 없음" },
  fault: { en: "Fault", ko: "장애" },
  steps: { en: "Steps", ko: "단계" },
  time: { en: "Time", ko: "시간" },
  from: { en: "Source", ko: "근거" },
  phase: { en: "Phase", ko: "구분" },
  diagrams: { en: "Architectures", ko: "아키텍처" },
  diagramNote: {
    en: "Drawn from the plans by a layout library.",
    ko: "계획에서 레이아웃 라이브러리로 자동 생성했습니다.",
  },
  today: { en: "Today", ko: "현재" },
  flip: { en: "During a flip", ko: "전환 중" },
  flipNote: {
    en: "The new tier stands beside the old one; DNS moves only after it answered, and the old tier goes last.",
    ko: "새 구성이 기존 구성 옆에 만들어지고, 응답이 확인된 뒤에만 DNS가 옮겨가며, 기존 구성은 마지막에 삭제됩니다.",
  },
  connections: { en: "Connections as text", ko: "연결을 글로 보기" },
  claims: { en: "The brief's claims", ko: "제안서 주장 검토" },
  claim: { en: "Claim", ko: "주장" },
  reason: { en: "Why it does not hold", ko: "맞지 않는 이유" },
  noClaims: { en: "All claims hold with these settings.", ko: "현재 설정에서 모든 주장이 유지됩니다." },
  work: { en: "Work and risks", ko: "작업과 위험" },
  setup: { en: "Setup", ko: "설정" },
  setupBrief: { en: "Time in the brief", ko: "제안서 예상 시간" },
  needs: { en: "Needs from a person", ko: "사람이 해야 할 일" },
  risks: { en: "Risks", ko: "위험" },
  why: { en: "Why", ko: "근거" },
  none: { en: "none", ko: "없음" },
  details: { en: "Every line of the bill", ko: "비용 상세" },
  resource: { en: "Resource", ko: "리소스" },
  item: { en: "Item", ko: "항목" },
  quantity: { en: "Quantity", ko: "수량" },
  unitPrice: { en: "Unit price", ko: "단가" },
  asOf: { en: "As of", ko: "기준일" },
  unverified: { en: "Not looked up", ko: "미확인 가격" },
  assumptions: { en: "Assumptions", ko: "가정" },
  perYear: { en: "a year", ko: "연간" },
  figure: { en: "Figure", ko: "수치" },
  value: { en: "Value", ko: "값" },
  failures: { en: "Failures a year", ko: "연간 장애 횟수" },
  simulation: {
    en: "Monte Carlo: faults strike independently (Poisson), each lasts half to one and a half times its computed time.",
    ko: "몬테카를로: 장애는 독립적으로(푸아송) 발생하고, 각 장애는 계산된 시간의 0.5~1.5배 지속됩니다.",
  },
  made: { en: "Made by platform report", ko: "platform report로 생성" },
} as const satisfies Record<string, Bilingual>;

/** Recovery steps in Korean; the English text is the id, so one without a translation does not compile. */
const steps = {
  "nobody is told": "알림 없음",
  "somebody logs in and finds it": "담당자가 접속해 원인 확인",
  "somebody finds it": "담당자가 발견",
  "somebody acts on the alarm": "담당자가 경보에 대응",
  "somebody looks": "담당자가 확인",
  "somebody decides": "담당자가 결정",
  alarm: "경보",
  "metric on its way": "지표 전달 지연",
  "automation starts": "자동화 시작",
  "runbook up to the repair": "런북이 복구 단계까지 진행",
  "PM2 restarts the process": "PM2가 프로세스 재시작",
  "PM2 restarts the app": "PM2가 앱 재시작",
  "nginx is started": "nginx 시작",
  "load balancer leaves the target out": "로드 밸런서가 대상 제외",
  "load balancer leaves the zone out": "로드 밸런서가 영역 제외",
  "ECS starts a new task": "ECS가 새 태스크 시작",
  "a new instance starts": "새 인스턴스 시작",
  "new target becomes healthy": "새 대상이 정상 상태로 전환",
  "a new function starts": "새 함수 시작",
  "the function times out and is replaced": "함수 시간 초과 후 교체",
  "Vercel uses other machines": "Vercel이 다른 서버 사용",
  "the server is stopped and started": "서버 중지 후 시작",
  "EC2 recovers the instance on new hardware": "EC2가 새 하드웨어에서 인스턴스 복구",
  "the database fails over": "데이터베이스 장애 조치",
  "RDS fails over to the standby": "RDS가 대기 복제본으로 전환",
  "RDS moves the instance to new hardware": "RDS가 새 하드웨어로 이동",
  "the database returns with its zone": "영역 복구와 함께 데이터베이스 복귀",
  "a Single-AZ database returns with its zone": "단일 영역 데이터베이스는 영역과 함께 복귀",
  "the instance returns with its zone, or is built anew": "영역과 함께 복귀하거나 새로 구축",
  "a replacement starts in another zone": "다른 영역에서 교체본 시작",
  "it becomes healthy": "정상 상태로 전환",
  "checks from outside fail": "외부 상태 확인 실패",
  "instant rollback in Vercel": "Vercel 즉시 롤백",
  "the circuit breaker rolls back": "서킷 브레이커가 롤백",
  "the instance refresh rolls back": "인스턴스 새로 고침이 롤백",
  "the release before is deployed": "이전 릴리스 배포",
  "the site is built in another region": "다른 리전에 재구축",
  "the database is restored from the copied backup": "복사된 백업에서 데이터베이스 복원",
  "AWS restores the region": "AWS가 리전 복구",
} as const;
export type StepText = keyof typeof steps;

export const stepText = (what: StepText, language: Language): string => (language === "ko" ? steps[what] : what);

/** Links of the chain in Korean; the English name is the id. */
const links = {
  DNS: "DNS",
  "Load balancer": "로드 밸런서",
  "Built files, by Lambda": "빌드 파일(Lambda)",
  "One EC2 instance": "EC2 한 대",
  "EC2 in two zones": "두 영역의 EC2",
  "One Fargate zone": "한 영역의 Fargate",
  "Fargate in two zones": "두 영역의 Fargate",
  "Database, Single-AZ": "데이터베이스(단일 영역)",
  "Database, Multi-AZ": "데이터베이스(다중 영역)",
} as const;
/** Vercel's plans are names in every language. */
export type LinkText = keyof typeof links | `Vercel ${string}`;

export const linkText = (name: LinkText, language: Language): string =>
  language === "ko" && name in links ? links[name as keyof typeof links] : name;
