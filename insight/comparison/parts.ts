import type { Bilingual } from "../../core/language";
import type { CostReport } from "../cost/cost";

/** What the lines of a bill come to whose price has such a key. */
export const billed = (cost: CostReport, price: RegExp): number =>
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
  return PARTS.map(([name, price]) => ({ name, usd: billed(cost, price) }))
    .filter(({ usd }) => usd >= 0.005)
    .sort((a, b) => b.usd - a.usd);
}
