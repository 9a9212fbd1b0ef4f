import { seeded } from "../../core/random";
import { type Conflict, type RuleContext, tiersOf } from "../../stacks/settings/conflict";
import { type Settings, sections } from "../../stacks/settings/schema";
import { type SchemaNode, settingsSchema } from "../../stacks/settings/settings-reference";
import { rules } from "../../stacks/settings/settings-rules";
import { ACCOUNT, IMAGE, REGION } from "./dummies";

/**
 * Configs that nobody thought of. Each key of the schema is drawn by itself, and what does not fit together is mended as the
 * settings' own rules advise, until the config is valid. So a new key of the schema is drawn without a word here.
 */

type Config = Record<string, unknown>;

/** Values to draw from where the schema's own (choices, bounds, the example) are too few or would not do. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  "domain.name": ["iamvet.kr", "www.iamvet.kr"],
  "domain.redirectFrom": [["shop.iamvet.kr"], ["www.iamvet.kr", "m.iamvet.kr"]],
  "app.environment": [{ LOG_LEVEL: "info" }],
  secrets: [{}, { SESSION_KEY: "a", PAYMENT_KEY: "b" }],
  previewSecrets: [{}, { DATABASE_URL: "postgresql://preview" }],
  "image.uri": [IMAGE],
  "alerts.muteUntil": [new Date(Date.now() + 3_600_000).toISOString()],
  "network.vpc": ["default", "new", "vpc-0a1b2c3d4e5f60718"],
  "network.cidr": ["10.99.0.0/20", "192.168.0.0/16", "172.16.8.0/23"],
  "database.engineVersion": ["14", "15", "16", "17", "18", "17.5"],
  "database.instanceClass": ["db.t3.micro", "db.t4g.medium", "db.m7g.large", "db.r6g.xlarge"],
  "database.backupWindow": ["16:00-16:30", "23:45-00:30"],
  "database.maintenanceWindow": ["mon:02:00-mon:02:30", "sat:23:30-sun:00:30"],
  "haWebTier.instanceType": ["t4g.small", "t3.small", "m7g.large"],
  "fargate.schedules": [
    [
      { schedule: "cron(0 8 ? * MON-FRI *)", timezone: "Asia/Seoul", min: 3, max: 8 },
      { schedule: "cron(0 20 ? * MON-FRI *)", timezone: "Asia/Seoul", min: 0, max: 1 },
    ],
    [
      { schedule: "at(2027-01-01T00:00:00)", min: 4, max: 8 },
      { schedule: "rate(12 hours)", min: 1, max: 2 },
    ],
  ],
  "vercel.previewEnvironment": [{ LOG_LEVEL: "debug" }],
  "vercel.oidc.environments": [["production"], ["preview"], ["development"], ["production", "preview", "development"]],
  tags: [{}, { Team: "web", CostCenter: "42" }],
};

/** Regions: the stack's own, the one that Route 53 reports to, and one of another continent. */
const REGIONS = [REGION, "us-east-1", "eu-central-1"];

/** What a rule's advice leaves to the reader. */
const MENDS: Readonly<Record<string, unknown>> = {
  "network.subnetIds": ["subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"],
  "database.urlSecretArn": `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:iamvet-db-AbCdEf`,
  "database.engineVersion": "17",
  "existing.securityGroupId": "sg-0a1b2c3d4e5f60718",
};

/** Sections on which no resource depends. */
const WITHOUT_RESOURCES: Readonly<Record<string, string>> = {
  usage: "figures for the estimate of cost",
  gates: "how long the program waits, not what it builds",
};

/** Sections of one tier: they are left alone where the tier is not built, as drawing there would try nothing. */
const TIERS_OF: Readonly<Record<string, readonly string[]>> = {
  existing: ["monitored-instance"],
  instance: ["monitored-instance"],
  haWebTier: ["ha-web-tier"],
  fargate: ["fargate"],
  loadBalancer: ["ha-web-tier", "fargate"],
  vercel: ["vercel"],
  previewSecrets: ["vercel"],
};

/** Whether a section decides anything about the resources of these tiers. */
export const matters = (section: string, tiers: readonly string[]): boolean =>
  !(section in WITHOUT_RESOURCES) && (TIERS_OF[section]?.some((tier) => tiers.includes(tier)) ?? true);

/** The values of a key that has few; undefined for every other. */
export function choicesOf({ enum: values, anyOf, type }: SchemaNode): readonly unknown[] | undefined {
  if (values) return values;
  if (anyOf?.every((one) => "const" in one)) return anyOf.map((one) => one.const);
  return type === "boolean" ? [true, false] : undefined;
}

/** What the schema itself offers to draw from; undefined for an object. */
function valuesOf({ properties, items, ...node }: SchemaNode): readonly unknown[] | undefined {
  if (properties) return undefined;
  const choices = choicesOf(node);
  if (choices) return choices;
  if (node.type === "integer") return [...new Set([node.minimum, node.maximum, node.example])];
  if (items && node.example === undefined) return [[items.example]];
  if (node.example === undefined) return [];
  return [items || node.type === "object" ? JSON.parse(String(node.example)) : node.example];
}

/** Draws from each key's values in an order of chance, each once before any comes again: so few draws try them all. */
class Draw {
  private readonly bags = new Map<string, unknown[]>();

  constructor(private readonly random: () => number) {}

  value(key: string, node: SchemaNode, required = false): unknown {
    const values = VALUES[key] ?? valuesOf(node);
    if (values) return this.next(key, required ? values : [undefined, ...values]);
    const there = required || node.default !== undefined || this.next(key, [true, false]);
    if (!there) return undefined;
    const fields = Object.entries(node.properties ?? {}).map(([name, field]) => [
      name,
      this.value(`${key}.${name}`, field, node.required?.includes(name)),
    ]);
    return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  }

  next(key: string, values: readonly unknown[]): unknown {
    let bag = this.bags.get(key) ?? [];
    if (bag.length === 0) {
      const order = values.map((value) => ({ value, at: this.random() })).sort((a, b) => a.at - b.at);
      bag = order.map(({ value }) => value);
      this.bags.set(key, bag);
    }
    // What is drawn is mended in place.
    return structuredClone(bag.pop());
  }
}

/** @returns a valid config for each of some stacks, the same for the same seed. */
export function randomConfigs(seed: number, stacks: readonly string[]): readonly Config[] {
  const draw = new Draw(seeded(seed));
  const schema = settingsSchema();
  const drawn = (name: string) => [name, draw.value(name, schema[name] as SchemaNode, true)] as const;
  return stacks.map((stack) => {
    const region = draw.next("aws:region", REGIONS) as string;
    const first = Object.fromEntries(["architecture", "traffic"].map(drawn)) as Pick<
      Settings,
      "architecture" | "traffic"
    >;
    const rest = Object.keys(schema).filter((name) => !(name in first) && matters(name, tiersOf(first)));
    return mended({ "aws:region": region, ...first, ...Object.fromEntries(rest.map(drawn)) }, { stack, region });
  });
}

/** Follows the rules' advice until no rule complains. */
function mended(config: Config, around: RuleContext): Config {
  const advice: string[] = [];
  while (advice.length < 50) {
    const conflict = firstConflict(config, around);
    if (!conflict) return config;
    advice.push(`${conflict.key}: ${conflict.allowed}`);
    follow(config, conflict);
  }
  throw new Error(`the rules' advice leads nowhere:\n${advice.slice(-5).join("\n")}\n${JSON.stringify(config)}`);
}

function firstConflict(config: Config, around: RuleContext): Conflict | undefined {
  const settings = Object.fromEntries(
    Object.entries(sections).map(([name, section]) => [name, section.parse(config[name])]),
  ) as Settings;
  for (const { check } of rules) {
    for (const conflict of check(settings, around)) return conflict;
  }
  return undefined;
}

function follow(config: Config, { key: path, fix }: Conflict): void {
  const keys = path.split(/[.[\]]+/).filter(Boolean);
  const last = keys.pop() as string;
  const parent = keys.reduce<Config>((at, key) => {
    at[key] ??= {};
    return at[key] as Config;
  }, config);
  if (fix !== "remove") parent[last] = MENDS[path] ?? parsed(fix.value);
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
}

/** Lists and objects stand in an advice as `pulumi config set` takes them. */
const parsed = (value: unknown) => (typeof value === "string" && /^[[{]/.test(value) ? JSON.parse(value) : value);
