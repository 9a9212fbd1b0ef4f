import { flag, list, number, record, text } from "../core/plan-reader";
import { regex } from "../core/regex";

/** What a rule sees of a resource; the same from a plan and from the engine. */
export interface Subject {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly protect: boolean;
}

/** A safety rule: what is wrong with a resource, or nothing. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  /** `mandatory` stops an update, `advisory` warns. */
  readonly level: "mandatory" | "advisory";
  readonly check: (subject: Subject) => string | undefined;
}

const DATABASE = "aws:rds/instance:Instance";
const INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";

/** Types that hold what cannot be made again: `pulumi destroy` must refuse them. */
const KEPT: Readonly<Record<string, string>> = {
  [DATABASE]: "the site's data",
  "aws:rds/cluster:Cluster": "the site's data",
  "aws:route53/zone:Zone": "the domain's delegation",
};

/** Types whose cost or owner somebody will ask for. */
const TAGGED = regex()`
    ^aws:(ec2\/(instance|launchTemplate|securityGroup|vpc|subnet)|rds\/instance|lb\/(loadBalancer|targetGroup)|
    ecs\/(cluster|service|taskDefinition)|s3\/bucket|sns\/topic|secretsmanager\/secret|ecr\/repository|
    cloudwatch\/(logGroup|metricAlarm)|lambda\/function|kms\/key|route53\/zone):`;

/** The ports that people log in through. */
const LOGIN = [22, 3389];

/** An address range that stands for everybody. */
const open = (cidr: unknown): boolean => text(cidr)?.endsWith("/0") ?? false;

/** Ports that a rule opens; protocol -1 opens all. */
function opens(rule: Readonly<Record<string, unknown>>, port: number): boolean {
  const protocol = text(rule.ipProtocol) ?? text(rule.protocol) ?? "";
  if (protocol === "-1" || protocol === "all") return true;
  const [from, to] = [number(rule.fromPort), number(rule.toPort)];
  return from !== undefined && from <= port && (to ?? from) >= port;
}

/** The statements of a policy document, given as JSON text or as an object. */
function statements(document: unknown): Readonly<Record<string, unknown>>[] {
  let parsed: unknown = document;
  if (typeof document === "string") {
    try {
      parsed = JSON.parse(document);
    } catch {
      return [];
    }
  }
  const found = record(parsed).Statement;
  return (Array.isArray(found) ? found : [found]).map(record);
}

const includes = (value: unknown, wanted: string): boolean => value === wanted || list(value).includes(wanted);

/** Every disk of an instance or a launch template, with what it is called. */
function disks({ type, inputs }: Subject): (readonly [name: string, disk: Readonly<Record<string, unknown>>])[] {
  if (type === "aws:ec2/launchTemplate:LaunchTemplate") {
    return list(inputs.blockDeviceMappings).map((mapping) => ["a disk", record(record(mapping).ebs)] as const);
  }
  if (type !== "aws:ec2/instance:Instance") return [];
  return [
    ["the root disk", record(inputs.rootBlockDevice)] as const,
    ...list(inputs.ebsBlockDevices).map((disk) => ["a disk", record(disk)] as const),
  ];
}

export const rules: readonly Rule[] = [
  {
    name: "protected-data",
    description: "What cannot be made again is protected from deletion, and a database leaves a last snapshot.",
    level: "mandatory",
    check: ({ type, name, inputs, protect }) => {
      const what = KEPT[type];
      if (!what) return undefined;
      if (!protect) return `${name} holds ${what}: set { protect: true } in its options.`;
      if (type !== DATABASE || inputs.replicateSourceDb !== undefined) return undefined;
      if (!flag(inputs.deletionProtection)) return `${name} holds ${what}: set deletionProtection: true.`;
      if (flag(inputs.skipFinalSnapshot))
        return `${name} would go without a last snapshot: set skipFinalSnapshot: false.`;
      return number(inputs.backupRetentionPeriod) === 0
        ? `${name} has no backups: set backupRetentionPeriod to 1 or more.`
        : undefined;
    },
  },
  {
    name: "no-ssh",
    description: "Nobody logs in over the network: Session Manager needs no open port and no key.",
    level: "mandatory",
    check: ({ type, name, inputs }) => {
      const found =
        type === INGRESS || type === "aws:ec2/securityGroupRule:SecurityGroupRule"
          ? [inputs]
          : type === "aws:ec2/securityGroup:SecurityGroup"
            ? list(inputs.ingress).map(record)
            : [];
      if (text(inputs.type) === "egress") return undefined;
      const port = LOGIN.find((candidate) => found.some((rule) => opens(rule, candidate)));
      if (port !== undefined)
        return `${name} opens port ${port}: use Session Manager (aws ssm start-session) and close it.`;
      const key =
        type === "aws:ec2/instance:Instance" || type === "aws:ec2/launchTemplate:LaunchTemplate"
          ? inputs.keyName
          : undefined;
      return key === undefined || key === null
        ? undefined
        : `${name} has an SSH key: leave keyName out and use Session Manager.`;
    },
  },
  {
    name: "imdsv2",
    description: "Instances hand out credentials only to requests with a session token (IMDSv2).",
    level: "mandatory",
    check: ({ type, name, inputs }) => {
      if (type !== "aws:ec2/instance:Instance" && type !== "aws:ec2/launchTemplate:LaunchTemplate") return undefined;
      return text(record(inputs.metadataOptions).httpTokens) === "required"
        ? undefined
        : `${name} accepts IMDSv1: set metadataOptions.httpTokens: "required".`;
    },
  },
  {
    name: "encryption",
    description: "Disks and databases are encrypted at rest.",
    level: "mandatory",
    check: (subject) => {
      const { type, name, inputs } = subject;
      if (type === DATABASE && inputs.replicateSourceDb === undefined && !flag(inputs.storageEncrypted)) {
        return (
          `${name} is not encrypted: set storageEncrypted: true. An adopted database needs ` +
          "an exemption until it was restored from an encrypted snapshot."
        );
      }
      if (type === "aws:ebs/volume:Volume" && !flag(inputs.encrypted))
        return `${name} is not encrypted: set encrypted: true.`;
      const bare = disks(subject).find(([, disk]) => !flag(disk.encrypted));
      return bare ? `${name}: ${bare[0]} is not encrypted: set encrypted: true.` : undefined;
    },
  },
  {
    name: "tls",
    description: "Visitors and databases are reached with TLS 1.2 or newer only.",
    level: "mandatory",
    check: ({ type, name, inputs }) => {
      if (type === "aws:lb/listener:Listener") {
        const protocol = text(inputs.protocol);
        if (protocol === "HTTPS") {
          return /TLS13|TLS-1-2|FS-1-2/.test(text(inputs.sslPolicy) ?? "")
            ? undefined
            : `${name} may speak old TLS: set sslPolicy, for example ELBSecurityPolicy-TLS13-1-2-2021-06.`;
        }
        const redirects = list(inputs.defaultActions).every(
          (a) => text(record(record(a).redirect).protocol) === "HTTPS",
        );
        return protocol === "HTTP" && !redirects ? `${name} serves plain HTTP: redirect to HTTPS.` : undefined;
      }
      if (type === "aws:rds/parameterGroup:ParameterGroup" && text(inputs.family)?.startsWith("postgres")) {
        const forced = list(inputs.parameters).some(
          (p) => text(record(p).name) === "rds.force_ssl" && String(record(p).value) === "1",
        );
        return forced ? undefined : `${name} admits connections without TLS: set the parameter rds.force_ssl to 1.`;
      }
      return undefined;
    },
  },
  {
    name: "least-privilege",
    description: "No role may do everything everywhere.",
    level: "mandatory",
    check: ({ type, name, inputs }) => {
      if (!/^aws:iam\/(policy|rolePolicy|userPolicy|groupPolicy):/.test(type)) return undefined;
      const all = statements(inputs.policy).some(
        (s) => s.Effect === "Allow" && includes(s.Action, "*") && includes(s.Resource, "*"),
      );
      return all ? `${name} allows every action on every resource: name what it needs.` : undefined;
    },
  },
  {
    name: "private-database",
    description: "The database's port is not open to the whole internet.",
    level: "advisory",
    check: ({ type, name, inputs }) =>
      type === INGRESS && opens(inputs, 5432) && (open(inputs.cidrIpv4) || open(inputs.cidrIpv6))
        ? `${name} opens PostgreSQL to the internet: only TLS and the password protect ` +
          "it. Vercel's static addresses would close it (100 USD a month)."
        : undefined,
  },
  {
    name: "tags",
    description: "Everything says which project and stack it belongs to, and that Pulumi manages it.",
    level: "mandatory",
    check: ({ type, name, inputs }) => {
      if (!TAGGED.test(type)) return undefined;
      const missing = ["Project", "Stack", "ManagedBy"].filter((tag) => record(inputs.tags)[tag] === undefined);
      return missing.length === 0 ? undefined : `${name} has no tag ${missing.join(", ")}.`;
    },
  },
];
