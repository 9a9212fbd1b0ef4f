import type { Bilingual } from "../../core/language";
import type { Plan } from "../../core/plan-format";
import { dollars, percent } from "../../output/format";
import type { AvailabilityReport } from "../availability/availability";
import { type Shape, shapeOf } from "../availability/shape";
import type { CostReport } from "../cost/cost";
import { databaseExposure, vercelChoices } from "../cost/cost-external";
import { billed, partsOf } from "./parts";

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
export const claims: readonly Claim[] = [
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

/** What a claim is held against. */
interface Evidence {
  readonly claim: Claim;
  readonly plan: Plan;
  readonly cost: CostReport;
  /** Cost of a month beyond today's. */
  readonly deltaUsd: number;
  readonly availability: AvailabilityReport;
  /** What today's database costs. */
  readonly todayDatabaseUsd: number;
}

type Question = (evidence: Evidence & { readonly shape: Shape }) => BrokenClaim | false;

/** Whether the loss of one instance or task is an outage. */
export const isSingle = ({ tier, count }: Shape): boolean => (tier === "ecs" || tier === "group") && count < 2;

const price: Question = ({ claim, cost, deltaUsd, todayDatabaseUsd }) => {
  const [from, to] = claim.usd;
  const promised = from === to ? dollars(to) : `${dollars(from)} to ${dollars(to)}`;
  // Only option 2 of the brief brings a Multi-AZ database; the others keep today's.
  const database = claim.architecture === "ha-web-tier" ? 0 : billed(cost, /^rds/) - todayDatabaseUsd;
  const beyond = deltaUsd - database;
  const shown = (language: keyof Bilingual): string =>
    partsOf(cost)
      .filter(({ usd }) => usd >= 0.5)
      .map(({ name, usd }) => `${name[language]} ${dollars(usd)}`)
      .join(", ");
  const aside =
    database < 0.5
      ? { en: "", ko: "입니다" }
      : {
          en: `, and the Multi-AZ database ${dollars(database)} on top`,
          ko: `이며 다중 영역 데이터베이스가 ${dollars(database)} 추가로 듭니다`,
        };
  return (
    beyond > to + 0.5 && {
      claim: { en: `${promised} a month more than today`, ko: `현재보다 월 ${promised} 추가` },
      reason: {
        en: `It is ${dollars(beyond)} more than today${aside.en}. In all: ${shown("en")}.`,
        ko: `실제 추가 비용은 월 ${dollars(beyond)}${aside.ko}. 전체 내역: ${shown("ko")}.`,
      },
    }
  );
};

const promisedAvailability: Question = ({ claim, availability, shape }) => {
  if (claim.availability === undefined || availability.composed >= claim.availability) return false;
  const [promised, composed] = [percent(claim.availability), percent(availability.composed)];
  const weakest = `${availability.weakest.name} (${percent(availability.weakest.availability)})`;
  const fix = [isSingle(shape) ? "min: 2" : "", shape.multiAz ? "" : "database.multiAz: true"]
    .filter(Boolean)
    .join(", ");
  return {
    claim: { en: `${promised} available`, ko: `가용성 ${promised}` },
    reason: {
      en: `The chain gives ${composed}; its weakest link is ${weakest}.${fix ? ` Set ${fix}.` : ""}`,
      ko: `전체 구성은 ${composed}이며 가장 약한 고리는 ${weakest}입니다.${fix ? ` 설정: ${fix}.` : ""}`,
    },
  };
};

const balancer: Question = ({ cost }) => {
  const costs = billed(cost, /^alb/);
  const addresses = cost.lines.find(
    ({ type, price: key }) => type === "aws:lb/loadBalancer:LoadBalancer" && key === "ipv4:address",
  )?.monthlyUsd;
  if (costs === 0 || addresses === undefined) return false;
  const [all, hours, ips, capacity] = [
    dollars(costs + addresses),
    dollars(billed(cost, /^alb:hour/)),
    dollars(addresses),
    dollars(billed(cost, /^alb:lcu/)),
  ];
  return {
    claim: { en: "The load balancer costs about $16 a month", ko: "로드 밸런서 월 약 $16" },
    reason: {
      en:
        `It is ${all} in ${cost.region}: ${hours} by the hour, ${ips} for its public IPv4 addresses, ` +
        `${capacity} for capacity units.`,
      ko: `${cost.region}에서는 ${all}입니다. 시간 요금 ${hours}, 퍼블릭 IPv4 주소 ${ips}, 용량 단위 ${capacity}.`,
    },
  };
};

const minimum: Question = ({ shape }) =>
  isSingle(shape) && {
    claim: { en: "High availability with a minimum of 1", ko: "최소 1개로 고가용성" },
    reason: {
      en: "With one instance or task, its loss is an outage until the replacement is healthy.",
      ko: "인스턴스나 태스크가 하나면 교체본이 정상이 될 때까지 서비스가 중단됩니다.",
    },
  };

const vercelFree: Question = ({ plan, shape }) =>
  shape.tier === "vercel" &&
  vercelChoices(plan).plan === "hobby" && {
    claim: { en: "Vercel is free", ko: "Vercel 무료 티어" },
    reason: {
      en: "The Hobby plan forbids commercial use; Pro costs $20 a seat.",
      ko: "Hobby 플랜은 상업적 사용이 금지되어 있습니다. Pro는 좌석당 월 $20입니다.",
    },
  };

const vercelSla: Question = ({ plan, shape }) => {
  const { plan: chosen } = vercelChoices(plan);
  return (
    shape.tier === "vercel" &&
    chosen !== "enterprise" && {
      claim: { en: "99.99 % available", ko: "가용성 99.99 %" },
      reason: {
        en: `Vercel's 99.99 % is promised in Enterprise contracts only, and not for the database; ${chosen} has no SLA.`,
        ko:
          "Vercel의 99.99 %는 Enterprise 계약에만 적용되고 데이터베이스는 포함되지 않습니다. " +
          `${chosen} 플랜에는 SLA가 없습니다.`,
      },
    }
  );
};

const vercelAddresses: Question = ({ plan, shape }) =>
  shape.tier === "vercel" &&
  databaseExposure(plan) === "static-ips" && {
    claim: { en: "$0 to $20 a month", ko: "월 $0~20" },
    reason: {
      en: "A database that is closed to the internet needs Vercel's static addresses: $100 a month for the project.",
      ko: "데이터베이스를 인터넷에 열지 않으려면 Vercel 고정 IP가 필요하며 프로젝트당 월 $100입니다.",
    },
  };

const QUESTIONS = [price, promisedAvailability, balancer, minimum, vercelFree, vercelSla, vercelAddresses];

/** Where the brief and the plan disagree. */
export const brokenClaims = (evidence: Evidence): BrokenClaim[] => {
  const all = { ...evidence, shape: shapeOf(evidence.plan) };
  return QUESTIONS.flatMap((question) => question(all) || []);
};
