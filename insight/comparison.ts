import { UserError } from "../core/errors";
import type { Bilingual } from "../core/language";
import type { Plan, PlannedResource } from "../core/plan-format";
import { built, number, ofType, text } from "../core/plan-reader";
import { dollars, percent } from "../output/format";
import { type AvailabilityOptions, type AvailabilityReport, availabilityOf } from "./availability/availability";
import { shapeOf, tellsOutage } from "./availability/fault-recovery";
import { type CostOptions, type CostReport, costOf } from "./cost/cost";
import { databaseExposure, vercelChoices } from "./cost/cost-external";

/** What the brief says of an option: its monthly price beyond today's, availability and hours of work. */
export interface Claim {
  readonly architecture: string;
  readonly title: Bilingual;
  /** USD a month beyond today's setup. */
  readonly usd: readonly [from: number, to: number];
  readonly availability?: number;
  readonly setup: Bilingual;
}

/** The brief's table of options (docs: architecture improvement plan, phases 1 to 3). */
const claims: readonly Claim[] = [
  {
    architecture: "monitored-instance",
    title: { en: "Option 1: monitored instance", ko: "방안 1: 모니터링 인스턴스" },
    usd: [0, 0],
    setup: { en: "30 minutes", ko: "30분" },
  },
  {
    architecture: "ha-web-tier",
    title: { en: "Option 2: load balancer + Auto Scaling", ko: "방안 2: 로드 밸런서 + Auto Scaling" },
    usd: [30, 50],
    availability: 0.999,
    setup: { en: "2 to 3 hours", ko: "2~3시간" },
  },
  {
    architecture: "fargate",
    title: { en: "Option 3: ECS Fargate", ko: "방안 3: ECS Fargate" },
    usd: [50, 70],
    availability: 0.9995,
    setup: { en: "4 to 6 hours", ko: "4~6시간" },
  },
  {
    architecture: "vercel",
    title: { en: "Option 4: Vercel + RDS", ko: "방안 4: Vercel + RDS" },
    usd: [0, 20],
    availability: 0.9999,
    setup: { en: "1 to 2 hours", ko: "1~2시간" },
  },
];

/** A claim of the brief that does not hold with the chosen settings, and why. */
export interface BrokenClaim {
  readonly claim: Bilingual;
  readonly reason: Bilingual;
}

/** One column of the comparison. */
export interface Option {
  readonly architecture: string;
  readonly title: Bilingual;
  readonly plan: Plan;
  /** What is built, components left out. */
  readonly resources: number;
  readonly cost: CostReport;
  /** Cost of a month beyond today's. */
  readonly deltaUsd: number;
  readonly availability: AvailabilityReport;
  readonly claim?: Claim;
  readonly broken: readonly BrokenClaim[];
  readonly setup: readonly Bilingual[];
  /** What only a person can do. */
  readonly needs: readonly Bilingual[];
  readonly risks: readonly Bilingual[];
}

export interface Comparison {
  readonly stack: string;
  readonly region: string;
  readonly today: Option;
  readonly options: readonly Option[];
}

export interface CompareOptions extends CostOptions, AvailabilityOptions {}

const TODAY: Bilingual = { en: "Today: one EC2 instance", ko: "현재: EC2 한 대" };

/**
 * Today's setup as a plan: the brief's t3.medium with a public address and the same database in one zone, without alarms.
 * @param reference any plan of the stack, for its subnets and database
 */
export function todayPlan(reference: Plan, instanceType = "t3.medium"): Plan {
  const kept = reference.resources.filter(({ type }) =>
    ["aws:ec2/subnet:Subnet", "pulumi:providers:aws", "aws:route53/zone:Zone"].includes(type),
  );
  const databases = ofType(reference, "aws:rds/instance:Instance").map((db) => ({
    ...db,
    inputs: { ...db.inputs, multiAz: false, publiclyAccessible: false },
  }));
  const made = (type: string, name: string, inputs: PlannedResource["inputs"]): PlannedResource => ({
    urn: `urn:pulumi:${reference.stack}::today::${type}::${name}`,
    type,
    name,
    inputs,
    protect: false,
    dependencies: [],
    custom: true,
    ignoreChanges: [],
    retainOnDelete: false,
  });
  const rootBlockDevice = { volumeType: "gp3", volumeSize: 20 };
  return {
    ...reference,
    architecture: "today",
    resources: [
      ...kept,
      made("aws:ec2/instance:Instance", "today", { instanceType, associatePublicIpAddress: true, rootBlockDevice }),
      made("aws:route53/record:Record", "today", { type: "A", records: ["192.0.2.1"] }),
      ...databases,
    ],
    outputs: {},
    notices: [],
  };
}

/** Option 1 may adopt the server that exists, which no plan then builds: its cost is added so that columns compare. */
function withExisting(plan: Plan, today: Plan): Plan {
  if (plan.architecture !== "monitored-instance" || ofType(plan, "aws:ec2/instance:Instance").length > 0) return plan;
  return { ...plan, resources: [...plan.resources, ...ofType(today, "aws:ec2/instance:Instance")] };
}

const lines = (cost: CostReport, price: RegExp): number =>
  cost.lines.filter((line) => price.test(line.price)).reduce((sum, line) => sum + line.monthlyUsd, 0);

/** Parts of a bill as people name them. */
const PARTS: readonly (readonly [Bilingual, RegExp])[] = [
  [{ en: "compute", ko: "컴퓨팅" }, /^(ec2|fargate|ebs)/],
  [{ en: "database", ko: "데이터베이스" }, /^rds/],
  [{ en: "load balancer", ko: "로드 밸런서" }, /^alb/],
  [{ en: "public IPv4 addresses", ko: "퍼블릭 IPv4 주소" }, /^ipv4/],
  [{ en: "alarms, metrics, logs", ko: "경보·지표·로그" }, /^(cloudwatch|logs)/],
  [{ en: "Vercel", ko: "Vercel" }, /^vercel/],
  [{ en: "data transfer", ko: "데이터 전송" }, /^transfer/],
  [{ en: "DNS and health checks", ko: "DNS·상태 확인" }, /^(route53|uptimerobot)/],
  [{ en: "secrets and keys", ko: "보안 암호·키" }, /^(secrets|kms)/],
  [{ en: "backups, images, files", ko: "백업·이미지·파일" }, /^(backup|ecr|s3)/],
  [{ en: "firewall", ko: "방화벽" }, /^waf/],
  [{ en: "other", ko: "기타" }, /^(lambda|sns|ssm|scheduler|events|nat|vpce|budgets)/],
];

/** A bill by part, greatest first. */
export function partsOf(cost: CostReport): { name: Bilingual; usd: number }[] {
  return PARTS.map(([name, price]) => ({ name, usd: lines(cost, price) }))
    .filter(({ usd }) => usd >= 0.005)
    .sort((a, b) => b.usd - a.usd);
}

/** Where the brief and the plan disagree. */
function brokenClaims(
  claim: Claim,
  plan: Plan,
  cost: CostReport,
  deltaUsd: number,
  availability: AvailabilityReport,
  todayDatabaseUsd: number,
): BrokenClaim[] {
  const broken: BrokenClaim[] = [];
  const { tier, count, multiAz } = shapeOf(plan);
  const [from, to] = claim.usd;
  const promised = from === to ? dollars(to) : `${dollars(from)} to ${dollars(to)}`;
  // Only option 2 of the brief brings a Multi-AZ database; the others keep today's.
  const database = claim.architecture === "ha-web-tier" ? 0 : lines(cost, /^rds/) - todayDatabaseUsd;
  const beyond = deltaUsd - database;
  const aside = (language: keyof Bilingual): string =>
    database < 0.5
      ? ""
      : language === "en"
        ? `, and the Multi-AZ database ${dollars(database)} on top`
        : `이며 다중 영역 데이터베이스가 ${dollars(database)} 추가로 듭니다`;
  if (beyond > to + 0.5) {
    const shown = (language: keyof Bilingual): string =>
      partsOf(cost)
        .filter(({ usd }) => usd >= 0.5)
        .map(({ name, usd }) => `${name[language]} ${dollars(usd)}`)
        .join(", ");
    broken.push({
      claim: { en: `${promised} a month more than today`, ko: `현재보다 월 ${promised} 추가` },
      reason: {
        en: `It is ${dollars(beyond)} more than today${aside("en")}. In all: ${shown("en")}.`,
        ko: `실제 추가 비용은 월 ${dollars(beyond)}${aside("ko") || "입니다"}. 전체 내역: ${shown("ko")}.`,
      },
    });
  }
  if (claim.availability !== undefined && availability.composed < claim.availability) {
    const weakest = `${availability.weakest.name} (${percent(availability.weakest.availability)})`;
    const single = count < 2 && tier !== "vercel" && tier !== "instance";
    const fix = [single ? "min: 2" : "", multiAz ? "" : "database.multiAz: true"].filter(Boolean).join(", ");
    broken.push({
      claim: { en: `${percent(claim.availability)} available`, ko: `가용성 ${percent(claim.availability)}` },
      reason: {
        en: `The chain gives ${percent(availability.composed)}; its weakest link is ${weakest}.${fix ? ` Set ${fix}.` : ""}`,
        ko: `전체 구성은 ${percent(availability.composed)}이며 가장 약한 고리는 ${weakest}입니다.${fix ? ` 설정: ${fix}.` : ""}`,
      },
    });
  }
  const balancer = lines(cost, /^alb/);
  const [addresses] = cost.lines.filter(
    (line) => line.type === "aws:lb/loadBalancer:LoadBalancer" && line.price === "ipv4:address",
  );
  if (balancer > 0 && addresses) {
    const all = dollars(balancer + addresses.monthlyUsd);
    const parts = [
      dollars(lines(cost, /^alb:hour/)),
      dollars(addresses.monthlyUsd),
      dollars(lines(cost, /^alb:lcu/)),
    ] as const;
    broken.push({
      claim: { en: "The load balancer costs about $16 a month", ko: "로드 밸런서 월 약 $16" },
      reason: {
        en: `It is ${all} in ${cost.region}: ${parts[0]} by the hour, ${parts[1]} for its public IPv4 addresses, ${parts[2]} for capacity units.`,
        ko: `${cost.region}에서는 ${all}입니다. 시간 요금 ${parts[0]}, 퍼블릭 IPv4 주소 ${parts[1]}, 용량 단위 ${parts[2]}.`,
      },
    });
  }
  if (single(tier, count)) {
    broken.push({
      claim: { en: "High availability with a minimum of 1", ko: "최소 1개로 고가용성" },
      reason: {
        en: "With one instance or task, its loss is an outage until the replacement is healthy.",
        ko: "인스턴스나 태스크가 하나면 교체본이 정상이 될 때까지 서비스가 중단됩니다.",
      },
    });
  }
  if (tier === "vercel") {
    const { plan: vercelPlan } = vercelChoices(plan);
    if (vercelPlan === "hobby") {
      broken.push({
        claim: { en: "Vercel is free", ko: "Vercel 무료 티어" },
        reason: {
          en: "The Hobby plan forbids commercial use; Pro costs $20 a seat.",
          ko: "Hobby 플랜은 상업적 사용이 금지되어 있습니다. Pro는 좌석당 월 $20입니다.",
        },
      });
    }
    if (vercelPlan !== "enterprise") {
      broken.push({
        claim: { en: "99.99 % available", ko: "가용성 99.99 %" },
        reason: {
          en: `Vercel's 99.99 % is promised in Enterprise contracts only, and not for the database; ${vercelPlan} has no SLA.`,
          ko: `Vercel의 99.99 %는 Enterprise 계약에만 적용되고 데이터베이스는 포함되지 않습니다. ${vercelPlan} 플랜에는 SLA가 없습니다.`,
        },
      });
    }
    if (databaseExposure(plan) === "static-ips") {
      broken.push({
        claim: { en: "$0 to $20 a month", ko: "월 $0~20" },
        reason: {
          en: "A database that is closed to the internet needs Vercel's static addresses: $100 a month for the project.",
          ko: "데이터베이스를 인터넷에 열지 않으려면 Vercel 고정 IP가 필요하며 프로젝트당 월 $100입니다.",
        },
      });
    }
  }
  return broken;
}

const single = (tier: string, count: number): boolean => (tier === "ecs" || tier === "group") && count < 2;

/** Work that the plan itself shows: each entry asks the plan whether it applies. */
const NEEDS: readonly (readonly [(plan: Plan) => boolean, Bilingual])[] = [
  [
    (plan) => subscriptions(plan, "email") > 0,
    { en: "Confirm each e-mail subscription", ko: "이메일 구독마다 확인 링크를 눌러 주세요" },
  ],
  [
    (plan) => subscriptions(plan, "sms") > 0,
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
    (plan) => single(shapeOf(plan).tier, shapeOf(plan).count),
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

function subscriptions(plan: Plan, protocol: string): number {
  return ofType(plan, "aws:sns/topicSubscription:TopicSubscription").filter((s) => text(s.inputs.protocol) === protocol)
    .length;
}

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

/** Steps to build an option with this project: the same few for all, since the plan does the rest. */
function setupOf(plan: Plan): Bilingual[] {
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

function optionOf(plan: Plan, today: CostReport | undefined, options: CompareOptions): Option {
  const cost = costOf(plan, options);
  const availability = availabilityOf(plan, options);
  const claim = claims.find((entry) => entry.architecture === plan.architecture);
  const deltaUsd = today ? Math.round((cost.totalUsd - today.totalUsd) * 100) / 100 : 0;
  const blocking = plan.notices.filter((notice) => notice.blocking);
  return {
    architecture: plan.architecture,
    title: claim?.title ?? TODAY,
    plan,
    resources: built(plan).length,
    cost,
    deltaUsd,
    availability,
    ...(claim ? { claim } : {}),
    broken: claim ? brokenClaims(claim, plan, cost, deltaUsd, availability, today ? lines(today, /^rds/) : 0) : [],
    setup: setupOf(plan),
    needs: plan.architecture === "today" ? [] : [...blocking.map(noticeWords), ...applies(NEEDS, plan)],
    risks: applies(RISKS, plan),
  };
}

/**
 * Today's setup and the options side by side.
 * @param plans one plan for each architecture of the same stack
 */
export function compare(plans: readonly Plan[], options: CompareOptions = {}): Comparison {
  const [reference] = plans;
  if (!reference) throw new UserError("There is no plan to compare.");
  const today = todayPlan(reference);
  const first = optionOf(today, undefined, options);
  return {
    stack: reference.stack,
    region: first.cost.region,
    today: first,
    options: plans.map((plan) => optionOf(withExisting(plan, today), first.cost, options)),
  };
}

/** What somebody wants: a price not to exceed, an availability to reach, or both. */
export interface Aim {
  /** USD a month for the whole stack, database included. */
  readonly budgetUsd?: number;
  /** Share of time, 0 to 1. */
  readonly availability?: number;
}

/** An architecture with settings that differ from the stack's. */
export interface Candidate {
  readonly architecture: string;
  /** Config that would have to be set; empty for the stack as it is. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly totalUsd: number;
  readonly availability: number;
}

export interface Advice {
  /** The cheapest that meets the aim; undefined if none does. */
  readonly choice?: Candidate;
  /** Why, or what is missing. */
  readonly reason: string;
  readonly candidates: readonly Candidate[];
}

/** Settings worth trying: one or two of everything, a database in one zone or two. */
export const variations: readonly {
  readonly architecture: string;
  readonly config: Readonly<Record<string, unknown>>;
}[] = [
  ...[false, true].flatMap((multiAz) => [
    { architecture: "monitored-instance", config: { "database.multiAz": multiAz } },
    ...[1, 2].flatMap((min) => [
      {
        architecture: "ha-web-tier",
        config: { "haWebTier.min": min, "haWebTier.desired": min, "database.multiAz": multiAz },
      },
      { architecture: "fargate", config: { "fargate.min": min, "database.multiAz": multiAz } },
    ]),
    { architecture: "vercel", config: { "database.multiAz": multiAz } },
  ]),
];

const named = (candidate: Candidate): string => {
  const settings = Object.entries(candidate.config).map(([key, value]) => `${key}: ${String(value)}`);
  return `${candidate.architecture}${settings.length > 0 ? ` with ${settings.join(", ")}` : ""}`;
};

/**
 * The cheapest candidate that meets an aim, or what is missing.
 * @throws Error for an aim that cannot be meant: a negative budget, an availability outside 0 to 1, or no aim at all.
 */
export function advise(candidates: readonly Candidate[], aim: Aim): Advice {
  const { budgetUsd, availability } = aim;
  if (budgetUsd === undefined && availability === undefined)
    throw new UserError("Say --budget, --availability, or both.");
  if (budgetUsd !== undefined && !(budgetUsd > 0))
    throw new UserError(`--budget must be above 0 USD a month (got ${budgetUsd}).`);
  if (availability !== undefined && !(availability > 0 && availability < 1)) {
    throw new UserError(
      `--availability must lie between 0 and 100 percent, for example 99.9 (got ${availability * 100}).`,
    );
  }
  const byPrice = [...candidates].sort((a, b) => a.totalUsd - b.totalUsd || b.availability - a.availability);
  const affordable = byPrice.filter((c) => budgetUsd === undefined || c.totalUsd <= budgetUsd);
  const reliable = byPrice.filter((c) => availability === undefined || c.availability >= availability);
  const choice = affordable.find((c) => reliable.includes(c));
  if (choice) {
    return {
      choice,
      candidates: byPrice,
      reason: `${named(choice)}: ${dollars(choice.totalUsd)} a month, ${percent(choice.availability)}.`,
    };
  }
  const one = budgetUsd === undefined || availability === undefined;
  const parts: string[] = [`None of the options meets ${one ? "the aim" : "both aims"}.`];
  const [cheapestReliable] = reliable;
  const best = [...affordable].sort((a, b) => b.availability - a.availability)[0];
  if (availability !== undefined) {
    const [mostReliable] = [...byPrice].sort((a, b) => b.availability - a.availability);
    parts.push(
      cheapestReliable
        ? `${percent(availability)} costs at least ${dollars(cheapestReliable.totalUsd)} a month (${named(cheapestReliable)})${budgetUsd === undefined ? "" : `: ${dollars(cheapestReliable.totalUsd - budgetUsd)} above the budget`}.`
        : `No option reaches ${percent(availability)}; the best is ${mostReliable ? `${percent(mostReliable.availability)} (${named(mostReliable)})` : "none"}.`,
    );
  }
  if (budgetUsd !== undefined) {
    const [cheapest] = byPrice;
    parts.push(
      best
        ? `Within ${dollars(budgetUsd)} the best is ${percent(best.availability)} for ${dollars(best.totalUsd)} (${named(best)}).`
        : `The cheapest costs ${cheapest ? `${dollars(cheapest.totalUsd)} (${named(cheapest)})` : "more"}: ${cheapest ? dollars(cheapest.totalUsd - budgetUsd) : "more"} above the budget.`,
    );
  }
  return { reason: parts.join(" "), candidates: byPrice };
}

/** Names and zones of what a plan spreads over, for people. */
export function spreadOf(plan: Plan): string {
  const { tier, count, zones } = shapeOf(plan);
  if (tier === "vercel") return "Vercel's edge";
  return `${count} ${tier === "ecs" ? "task(s)" : "instance(s)"} in ${zones} zone(s)`;
}
