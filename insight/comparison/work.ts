import type { Bilingual } from "../../core/language";
import type { Plan } from "../../core/plan-format";
import { number, ofType, text } from "../../core/plan-reader";
import { tellsOutage } from "../availability/detection";
import { shapeOf } from "../availability/shape";
import { databaseExposure } from "../cost/cost-external";
import { isSingle } from "./claims";

/** Work that the plan itself shows: each entry asks the plan whether it applies. */
const NEEDS: readonly (readonly [(plan: Plan) => boolean, Bilingual])[] = [
  [
    (plan) => subscribes(plan, "email"),
    { en: "Confirm each e-mail subscription", ko: "이메일 구독마다 확인 링크를 눌러 주세요" },
  ],
  [
    (plan) => subscribes(plan, "sms"),
    {
      en: "Leave the SMS sandbox, or verify each phone number",
      ko: "SMS 샌드박스를 해제하거나 전화번호를 확인해 주세요",
    },
  ],
  [
    (plan) => ofType(plan, "aws:route53/zone:Zone").length > 0,
    {
      en: "Delegate the domain to the new zone's name servers",
      ko: "도메인을 새 호스팅 영역의 네임서버로 위임해 주세요",
    },
  ],
  [(plan) => runsImage(plan), { en: "Build the image and push it", ko: "컨테이너 이미지를 빌드해 푸시해 주세요" }],
  [
    (plan) => ofType(plan, "vercel:index/project:Project").length > 0,
    { en: "A Vercel team, a token, and Vercel's GitHub app", ko: "Vercel 팀, 토큰, GitHub 앱 설치" },
  ],
  [
    (plan) => databaseExposure(plan) === "static-ips",
    { en: "Enable static addresses in Vercel's project settings", ko: "Vercel 프로젝트 설정에서 고정 IP를 켜 주세요" },
  ],
];

const RISKS: readonly (readonly [(plan: Plan) => boolean, Bilingual])[] = [
  [
    (plan) => shapeOf(plan).tier === "instance",
    { en: "One server: its zone is a single point of failure", ko: "서버 한 대: 가용 영역이 단일 장애점" },
  ],
  [
    (plan) => isSingle(shapeOf(plan)),
    { en: "One instance or task at the minimum", ko: "최소 인스턴스 또는 태스크가 하나" },
  ],
  [
    (plan) => ofType(plan, "aws:rds/instance:Instance").length > 0 && !shapeOf(plan).multiAz,
    {
      en: "Database in one zone: 10 to 20 minutes without it when its host fails",
      ko: "단일 영역 데이터베이스: 호스트 장애 시 10~20분 중단",
    },
  ],
  [
    (plan) => databaseExposure(plan) === "internet",
    {
      en: "Database port open to the internet; only TLS and the password protect it",
      ko: "데이터베이스 포트가 인터넷에 열려 있어 TLS와 비밀번호만이 보호 수단",
    },
  ],
  [
    (plan) => ofType(plan, "aws:rds/instance:Instance").some((db) => number(db.inputs.backupRetentionPeriod) === 0),
    { en: "No automated backups", ko: "자동 백업 없음" },
  ],
  [(plan) => !tellsOutage(plan), { en: "Nobody is told when the site is down", ko: "장애가 나도 알림이 없음" }],
  [
    (plan) => !ofType(plan, "aws:backup/plan:Plan").some((p) => JSON.stringify(p.inputs).includes("copyActions")),
    { en: "No copy of the data in another region", ko: "다른 리전에 데이터 사본 없음" },
  ],
  [
    (plan) => JSON.stringify(ofType(plan, "aws:ecs/service:Service").map((s) => s.inputs)).includes("FARGATE_SPOT"),
    { en: "Spot tasks end with two minutes' notice", ko: "Spot 태스크는 2분 예고 후 종료될 수 있음" },
  ],
];

/** The repository belongs to every stack, but only two architectures run its image. */
function runsImage(plan: Plan): boolean {
  const { tier } = shapeOf(plan);
  return (tier === "ecs" || tier === "group") && ofType(plan, "aws:ecr/repository:Repository").length > 0;
}

const subscribes = (plan: Plan, protocol: string): boolean =>
  ofType(plan, "aws:sns/topicSubscription:TopicSubscription").some(({ inputs }) => text(inputs.protocol) === protocol);

const applies = (table: typeof NEEDS, plan: Plan): Bilingual[] =>
  table.filter(([when]) => when(plan)).map(([, words]) => words);

/** What blocks an update, in Korean; the first sentence of the English notice is the key. */
const BLOCKING_KO: Readonly<Record<string, string>> = {
  "No image of the app is given.": "앱 이미지가 지정되지 않았습니다.",
  "No release of the app is given for the new instance.": "새 인스턴스에 올릴 앱 릴리스가 지정되지 않았습니다.",
  "No Vercel token is given.": "Vercel 토큰이 없습니다.",
  "No API key of UptimeRobot is given.": "UptimeRobot API 키가 없습니다.",
};

/** A notice's first sentence: its commands stand in `platform plan`. */
const noticeWords = ({ message }: { message: string }): Bilingual => {
  const first = message.split("\n")[0]?.match(/^.*?[.:](?= |$)/)?.[0] ?? message;
  return { en: first, ko: BLOCKING_KO[first] ?? `먼저 필요: ${first}` };
};

/** What only a person can do. */
export const needsOf = (plan: Plan): Bilingual[] =>
  plan.architecture === "today"
    ? []
    : [...plan.notices.filter(({ blocking }) => blocking).map(noticeWords), ...applies(NEEDS, plan)];

export const risksOf = (plan: Plan): Bilingual[] => applies(RISKS, plan);

/** Steps to build an option with this project: the same few for all, since the plan does the rest. */
export function setupOf(plan: Plan): Bilingual[] {
  const architecture = plan.architecture;
  if (architecture === "today") return [{ en: "none: it is running", ko: "없음: 이미 운영 중" }];
  return [
    { en: `pulumi config set architecture ${architecture}`, ko: `pulumi config set architecture ${architecture}` },
    ...(runsImage(plan)
      ? [{ en: "push the image (the update prints the commands)", ko: "이미지 푸시 (업데이트가 명령을 출력)" }]
      : []),
    {
      en: "pulumi up, or platform migrate for steps of 10, 50 and 100 %",
      ko: "pulumi up, 또는 10·50·100 % 단계 전환은 platform migrate",
    },
  ];
}
