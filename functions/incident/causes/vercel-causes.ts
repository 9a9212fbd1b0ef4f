import { type Cause, clue } from "./cause";

/** Causes at Vercel. */
export const vercelCauses: readonly Cause[] = [
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
];
