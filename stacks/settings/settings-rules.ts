import { SERVER_ACTIONS_KEY } from "../../components/foundation/app-environment";
import { cpuArchitecture } from "../../core/instance-type";
import { type Conflict, type Rule, rule, tiersOf } from "./conflict";
import { databaseRules } from "./database-rules";
import { externalRules } from "./external-rules";
import { architectures, type SectionName, type Settings, sections } from "./schema";
import { fargateSizes } from "./sections/fargate";

/** Longest maintenance that alerts may be muted for. */
const MOST_MUTED_DAYS = 7;

/** Names that redirect: the condition values of one rule (quota of Elastic Load Balancing that AWS does not raise). */
const MOST_REDIRECTS = 5;

/** How many names may redirect to the site: Nginx of a server of ours redirects one. */
export const mostRedirects = (settings: Pick<Settings, "existing" | "architecture" | "traffic">): number =>
  !settings.existing.instanceId && tiersOf(settings).includes("monitored-instance") ? 1 : MOST_REDIRECTS;

/** Tags of a person's own; the stack, its components and AWS Backup add some. */
const MOST_TAGS = 40;

const inZone = (name: string, zone: string) => name === zone || name.endsWith(`.${zone}`);

/** An entry that stands twice in a list: it would be a second resource of one name. */
function* repeated(path: string, value: unknown): Iterable<Conflict> {
  if (typeof value !== "object" || value === null) return;
  const seen = new Map<string, string>();
  for (const [key, entry] of Object.entries(value)) {
    const here = Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`;
    yield* repeated(here, entry);
    if (!Array.isArray(value)) continue;
    const first = seen.get(JSON.stringify(entry));
    if (first) {
      yield { key: here, allowed: `another entry, as ${first} is the same`, fix: "remove" };
    } else seen.set(JSON.stringify(entry), here);
  }
}

/** Rules across settings, asked together so that all mistakes are reported at once. */
export const rules: readonly Rule<SectionName>[] = [
  ...(Object.keys(sections) as SectionName[]).map((name) => rule([name], (settings) => repeated(name, settings[name]))),

  rule(["haWebTier"], function* ({ haWebTier: { min, max, desired } }) {
    if (min > max) {
      yield {
        key: "haWebTier.min",
        allowed: `at most haWebTier.max, which is ${max}`,
        fix: { value: max },
      };
    } else if (desired < min || desired > max) {
      yield {
        key: "haWebTier.desired",
        allowed: `from haWebTier.min to haWebTier.max, ${min} to ${max}`,
        fix: { value: Math.min(Math.max(desired, min), max) },
      };
    }
  }),

  rule(["fargate"], function* ({ fargate: { min, max, cpu, memory, schedules } }) {
    if (min > max) {
      yield { key: "fargate.min", allowed: `at most fargate.max, which is ${max}`, fix: { value: max } };
    }
    for (const [index, size] of schedules.entries()) {
      if (size.min > size.max) {
        yield {
          key: `fargate.schedules[${index}].min`,
          allowed: `at most its max, which is ${size.max}`,
          fix: { value: size.max },
        };
      }
    }
    const offered = fargateSizes[cpu] ?? [];
    if (!offered.includes(memory)) {
      const next = offered.find((size) => size >= memory) ?? offered.at(-1);
      yield {
        key: "fargate.memory",
        allowed: `with fargate.cpu ${cpu}: ${offered.join(", ")} MiB`,
        fix: { value: next },
      };
    }
  }),

  rule(["architecture", "traffic"], function* ({ architecture, traffic: { canary, percent, from } }) {
    if (canary === architecture) {
      yield {
        key: "traffic.canary",
        allowed: `another architecture than the one that serves: ${architectures.filter((a) => a !== architecture).join(", ")}`,
        fix: "remove",
      };
    }
    if (from && canary && from !== architecture && from !== canary) {
      yield {
        key: "traffic.from",
        allowed: `one of the two tiers of a migration, ${architecture} or ${canary}`,
        fix: "remove",
      };
    }
    if (!canary && percent > 0) {
      yield {
        key: "traffic.percent",
        allowed: "0 while there is no traffic.canary",
        fix: { value: 0 },
      };
    }
  }),

  rule(["domain"], function* ({ domain }) {
    const zone = domain.zoneName ?? domain.name;
    if (!inZone(domain.name, zone)) {
      yield {
        key: "domain.zoneName",
        found: zone,
        allowed: `a zone that holds ${domain.name}`,
        fix: { value: domain.name.split(".").slice(-2).join(".") },
      };
    }
    for (const index of domain.redirectFrom.keys()) {
      if (index < MOST_REDIRECTS) continue;
      yield {
        key: `domain.redirectFrom[${index}]`,
        allowed: `at most ${MOST_REDIRECTS} names: a rule of a load balancer has no more values`,
        fix: "remove",
      };
    }
    // A site at www whose apex redirects, and whose zone was not named: the apex is meant.
    const apex = domain.redirectFrom.find((name) => name !== domain.name && inZone(domain.name, name));
    if (apex && !domain.zoneName) {
      yield {
        key: "domain.zoneName",
        allowed: `the zone that holds ${[domain.name, ...domain.redirectFrom].join(", ")}; without one it would be ${domain.name}`,
        fix: { value: apex },
      };
      return;
    }
    for (const [index, name] of domain.redirectFrom.entries()) {
      if (name === domain.name || !inZone(name, zone)) {
        yield {
          key: `domain.redirectFrom[${index}]`,
          allowed: `another name inside the zone ${zone}`,
          fix: domain.name === `www.${zone}` ? "remove" : { value: `www.${zone}` },
        };
      }
    }
    if (domain.record === "CNAME" && domain.name === zone) {
      yield {
        key: "domain.record",
        allowed: `A, because ${domain.name} is the apex of its zone, where DNS allows no CNAME`,
        fix: { value: "A" },
      };
    }
  }),

  rule(["domain"], function* ({ domain }) {
    const apex = domain.redirectFrom.indexOf(domain.zoneName ?? domain.name);
    if (domain.record === "CNAME" && apex >= 0) {
      yield {
        key: `domain.redirectFrom[${apex}]`,
        allowed: "names below the zone's apex, where DNS allows no CNAME, or domain.record A",
        fix: "remove",
      };
    }
  }),

  rule(["domain", "architecture", "traffic"], function* (settings) {
    const others = tiersOf(settings).filter((tier) => tier !== "vercel");
    const apex = settings.domain.name === (settings.domain.zoneName ?? settings.domain.name);
    if (settings.domain.record === "CNAME" && !apex && others.length > 0) {
      yield {
        key: "domain.record",
        allowed: `A, because ${others.join(" and ")} is served by addresses, and a name has either A or CNAME records`,
        fix: { value: "A" },
      };
    }
  }),

  rule(["network"], function* ({ network: { vpc, subnetIds } }) {
    const adopted = vpc.startsWith("vpc-");
    if (adopted && new Set(subnetIds).size < 2) {
      yield {
        key: "network.subnetIds",
        allowed:
          "at least two public subnets in different zones of the VPC: the load balancer and the database need two",
        fix: { value: '["subnet-...", "subnet-..."]' },
      };
    }
    if (!adopted && subnetIds.length > 0) {
      yield {
        key: "network.subnetIds",
        allowed: `nothing while network.vpc is ${vpc}, which brings its own subnets`,
        fix: "remove",
      };
    }
  }),

  ...databaseRules,

  rule(["existing", "architecture", "traffic", "domain"], function* (settings) {
    const { redirectFrom } = settings.domain;
    if (mostRedirects(settings) === 1 && redirectFrom.length > 1) {
      yield {
        key: "domain.redirectFrom",
        allowed: "at most one name with monitored-instance, whose Nginx redirects one",
        fix: "remove",
      };
    }
  }),

  rule(["existing", "architecture", "traffic"], function* (settings) {
    const { instanceId, securityGroupId, addresses } = settings.existing;
    if (!instanceId || !tiersOf(settings).includes("monitored-instance")) return;
    if (addresses.length === 0) {
      yield {
        key: "existing.addresses",
        allowed: "the public address of the existing instance, to which DNS points",
        fix: { value: '["203.0.113.10"]' },
      };
    }
    if (!securityGroupId) {
      yield {
        key: "existing.securityGroupId",
        allowed: "the security group of the existing instance, which the database admits",
        fix: { value: "sg-..." },
      };
    }
  }),

  rule(["alerts"], function* ({ alerts: { muteUntil } }) {
    if (muteUntil === undefined) return;
    const ahead = Date.parse(muteUntil) - Date.now();
    if (ahead <= 0) {
      yield {
        key: "alerts.muteUntil",
        allowed: "a time to come; this one is over, and nothing is muted any more",
        fix: "remove",
      };
    } else if (ahead > MOST_MUTED_DAYS * 86_400_000) {
      yield {
        key: "alerts.muteUntil",
        allowed: `at most ${MOST_MUTED_DAYS} days ahead: a mute that is forgotten hides an outage`,
        fix: { value: new Date(Date.now() + 2 * 3_600_000).toISOString().replace(/\.\d+/, "") },
      };
    }
  }),

  rule(["image"], function* ({ image }) {
    if (image.uri && image.build) {
      yield {
        key: "image.build",
        allowed: "false while image.uri is set: an image is either given or built",
        fix: { value: false },
      };
    }
  }),

  rule(["image", "app"], function* ({ image, app }) {
    if (image.build && !app.version) {
      yield {
        key: "app.version",
        allowed: "the release that image.build builds; it becomes the image's tag, and a tag never moves",
        fix: { value: "2026-11-24" },
      };
    }
  }),

  rule(["app", "secrets"], function* ({ app, secrets }) {
    if (app.serverActionsKey === "shared" && !secrets[SERVER_ACTIONS_KEY]) {
      yield {
        key: `secrets.${SERVER_ACTIONS_KEY}`,
        allowed: "the key that environments share (app.serverActionsKey), for example of `openssl rand -base64 32`",
        fix: { value: "<value>" },
      };
    }
  }),

  rule(["existing", "instance", "architecture", "traffic"], function* (settings) {
    const { type } = settings.instance;
    const isBuilt = !settings.existing.instanceId && tiersOf(settings).includes("monitored-instance");
    if (!isBuilt || cpuArchitecture(type) !== "arm64") return;
    yield {
      key: "instance.type",
      allowed:
        "an x86_64 type: the server's system and its release are x86_64, and Graviton types such as t4g are arm64",
      fix: { value: "t3.medium" },
    };
  }),

  rule(["tags"], function* ({ tags }) {
    for (const [key, value] of Object.entries(tags).slice(MOST_TAGS)) {
      yield {
        key: `tags.${key}`,
        found: value,
        allowed: `at most ${MOST_TAGS} tags: AWS takes 50 a resource, with the stack's own`,
        fix: "remove",
      };
    }
  }),

  rule(["image", "haWebTier", "architecture", "traffic"], function* (settings) {
    const { platform } = settings.image;
    const { instanceType } = settings.haWebTier;
    if (!tiersOf(settings).includes("ha-web-tier") || platform === "multi") return;
    const built = cpuArchitecture(instanceType);
    if (built !== platform) {
      yield {
        key: "haWebTier.instanceType",
        allowed: `an instance type of image.platform ${platform} (Graviton types such as t4g are arm64), or a multi image`,
        fix: { value: platform === "arm64" ? "t4g.small" : "t3.small" },
      };
    }
  }),

  ...externalRules,
];
