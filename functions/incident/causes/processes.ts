import { regex } from "../../../core/regex";
import { alarm, type Cause, CODE_ERROR, clue, line, log, metric, SYMPTOMS, target } from "./cause";

/** Causes in the processes of a server. */
export const processCauses: readonly Cause[] = [
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
        text: regex("i")`
          pm2.*(stopped|no process|not running|empty)|(node|app|next)\S*\s*[:=|│]?.*\b(stopped|inactive|dead|
          not running|0 process(es)?)\b|no process(es)? (of|found|named).*(node|app)`,
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
];
