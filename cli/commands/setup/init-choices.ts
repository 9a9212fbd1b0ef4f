import { UserError } from "../../../core/errors";
import { type Architecture, architectures, sections } from "../../../stacks/settings/schema";
import { type Asker, agreed } from "../../lib/prompt";
import type { Account, FoundDatabase, FoundInstance, FoundVpc, FoundZone } from "./account-survey";

/** What was said on the command line; what is missing is read from the account, or asked. */
export interface InitFlags {
  readonly architecture?: string;
  readonly instance?: string;
  /** A new site: adopt no instance. */
  readonly new?: boolean;
  /** `new`, or the identifier of an RDS instance. */
  readonly database?: string;
  /** ARN or name of the secret that holds DATABASE_URL. */
  readonly databaseSecret?: string;
  /** Create that secret from the environment variable DATABASE_URL. */
  readonly createSecret?: boolean;
  readonly domain?: string;
  /** Let the stack create the domain's hosted zone. */
  readonly newZone?: boolean;
  readonly email?: readonly string[];
  readonly language?: string;
  readonly healthPath?: string;
  readonly processManager?: string;
  readonly appName?: string;
  readonly repository?: string;
  readonly databaseAccess?: string;
}

/** The database of the site: one that exists, or one that the stack will create. */
export type DatabaseChoice =
  | { readonly kind: "new" }
  | {
      readonly kind: "existing";
      readonly found: FoundDatabase;
      /** Where DATABASE_URL is; undefined if the secret is still to be created. */
      readonly secret:
        | { readonly arn: string }
        | { readonly create: { readonly name: string; readonly value: string } };
    };

/** Everything that a stack's file is written from. */
export interface Choices {
  readonly stack: string;
  readonly region: string;
  readonly architecture: Architecture;
  readonly instance?: FoundInstance;
  readonly vpc?: FoundVpc;
  readonly database: DatabaseChoice;
  readonly domain: { readonly name: string; readonly zoneName: string; readonly newZone: boolean };
  /** Other names whose records point at the instance. */
  readonly otherNames: readonly string[];
  readonly emails: readonly string[];
  readonly language: "en" | "ko";
  readonly processManager: "pm2" | "systemd" | "docker";
  readonly appName: string;
  readonly healthPath: string;
  readonly vercel?: { readonly repository: string; readonly databaseAccess: string };
}

/** What the choices rest on. */
export interface InitContext {
  readonly stack: string;
  readonly project: string;
  readonly region: string;
  readonly account: Account;
  readonly ask: Asker;
  /** Regions that have running instances, asked only where this one has none. */
  readonly elsewhere: () => Promise<readonly string[]>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `git config user.email` and the GitHub repository of `origin`, as proposals. */
  readonly git: { readonly email?: string; readonly repository?: string };
}

/** Chooses by flag where there is one, by what the account holds where it is clear, and asks where it is not. */
export async function choose(flags: InitFlags, context: InitContext): Promise<Choices> {
  const { account, ask, region, stack, environment } = context;
  const instance = await chooseInstance(flags, context);
  const architecture = await chooseArchitecture(flags, ask, instance);
  const vpc = instance ? account.vpcs.find(({ id }) => id === instance.vpcId) : account.vpcs.find((v) => v.isDefault);
  if (vpc && !vpc.isDefault && vpc.subnets.length < 2) throw new UserError(oneZone(vpc));
  const database = await chooseDatabase(flags, context, vpc, instance);
  const names = instance ? namesOf(account.zones, instance) : [];
  const domain = await chooseDomain(flags, context, names);
  return {
    stack,
    region,
    architecture,
    ...(instance ? { instance } : {}),
    ...(vpc ? { vpc } : {}),
    database,
    domain,
    otherNames: names.filter((name) => name !== domain.name),
    emails: flags.email?.length ? flags.email : [await askEmail(context)],
    language: oneOf("--language", flags.language ?? (environment.LANG?.startsWith("ko") ? "ko" : "en"), ["en", "ko"]),
    processManager: oneOf("--process-manager", flags.processManager ?? sections.existing.parse({}).processManager, [
      "pm2",
      "systemd",
      "docker",
    ]),
    appName: flags.appName ?? context.project,
    healthPath: flags.healthPath ?? sections.app.parse({}).healthPath,
    ...(architecture === "vercel" ? { vercel: await chooseVercel(flags, context) } : {}),
  };
}

function oneOf<const T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (!found) throw new UserError(`${flag} ${value}: one of ${allowed.join(", ")} is needed.`);
  return found;
}

export const describeInstance = ({ id, name, type, publicIp, elasticIp, vpcId }: FoundInstance): string =>
  [name || id, type, publicIp ? `${publicIp}${elasticIp ? "" : " (no Elastic IP)"}` : "no public address", vpcId].join(
    ", ",
  );

export const describeDatabase = ({ identifier, version, instanceClass, multiAz, vpcId }: FoundDatabase): string =>
  [identifier, `PostgreSQL ${version}`, instanceClass, ...(multiAz ? ["Multi-AZ"] : []), vpcId].join(", ");

async function chooseInstance(flags: InitFlags, context: InitContext): Promise<FoundInstance | undefined> {
  const { account, ask, region } = context;
  if (flags.new) return undefined;
  if (flags.instance) {
    const named = account.instances.find(({ id }) => id === flags.instance);
    if (named) return adoptable(named);
    throw new UserError(
      account.replaceable.includes(flags.instance)
        ? `${flags.instance} belongs to an Auto Scaling group, which replaces its instances at will, so it ` +
            "cannot be adopted. Start with --new --architecture ha-web-tier instead."
        : `${region} has no running instance ${flags.instance}. ${there(account.instances)}`,
    );
  }
  const [only, ...more] = account.instances;
  if (only && more.length === 0) return adoptable(only);
  if (only) {
    const serving = account.instances.filter((instance) => namesOf(account.zones, instance).length > 0);
    const id = await ask.select({
      message: `${account.instances.length} instances run in ${region}. Which one serves the site?`,
      flag: "--instance",
      ...(serving.length === 1 ? { proposal: serving[0]?.id } : {}),
      choices: account.instances.map((instance) => ({
        value: instance.id,
        label: describeInstance(instance),
        hint: namesOf(account.zones, instance).join(", "),
      })),
    });
    return adoptable(account.instances.find((instance) => instance.id === id) as FoundInstance);
  }
  const elsewhere = await context.elsewhere();
  const found =
    "No EC2 instance that could be adopted runs in " +
    `${region}${account.replaceable.length > 0 ? ` (${account.replaceable.length} belong to Auto Scaling groups)` : ""}.`;
  const hint = elsewhere.length > 0 ? ` There are some in ${elsewhere.join(", ")}: give --region.` : "";
  // A person may go on; a script gets the message and the flag.
  await agreed(ask, {
    message: `${found}${hint} Plan a site without one?`,
    flag: "--new, to plan a site without one",
  });
  return undefined;
}

const oneZone = ({ id, subnets: [only] }: FoundVpc) =>
  `The VPC ${id} has subnets in ${only ? `one zone only (${only.id}, ${only.zone})` : "no zone"}; ` +
  "the site needs two zones, for a load balancer or a database later. Add a public subnet in " +
  "another zone (free of charge), then run this again.";

function there(instances: readonly FoundInstance[]): string {
  return instances.length > 0
    ? `There is: ${instances.map(({ id, name }) => (name ? `${id} (${name})` : id)).join(", ")}.`
    : "None runs there: is --region right?";
}

function adoptable(instance: FoundInstance): FoundInstance {
  if (instance.publicIp) return instance;
  throw new UserError(
    `The instance ${instance.id} has no public address, so the site's name cannot point at it. Give ` +
      "it an Elastic IP, or plan a site beside it with --new.",
  );
}

async function chooseArchitecture(flags: InitFlags, ask: Asker, instance?: FoundInstance): Promise<Architecture> {
  if (flags.architecture) return oneOf("--architecture", flags.architecture, architectures);
  if (instance) return "monitored-instance";
  return ask.select<Architecture>({
    message: "What is to serve the site? It can be changed later with one line.",
    flag: "--architecture",
    proposal: "fargate",
    choices: [
      { value: "monitored-instance", label: "one new EC2 instance that recovers by itself" },
      { value: "ha-web-tier", label: "load balancer and Auto Scaling group" },
      { value: "fargate", label: "load balancer and ECS Fargate" },
      { value: "vercel", label: "Vercel, with the database on AWS" },
    ],
  });
}

async function chooseDatabase(
  flags: InitFlags,
  context: InitContext,
  vpc: FoundVpc | undefined,
  instance: FoundInstance | undefined,
): Promise<DatabaseChoice> {
  const { account, ask, region } = context;
  if (flags.database === "new") return { kind: "new" };
  const reachable = (db: FoundDatabase) =>
    !vpc || db.vpcId === vpc.id || account.peered.some((pair) => pair.includes(db.vpcId) && pair.includes(vpc.id));
  const far = (db: FoundDatabase) =>
    `The database ${db.identifier} is in ${db.vpcId}, ` +
    `${instance ? `the instance ${instance.id}` : "the site's network"} in ${vpc?.id}, and no ` +
    "peering joins them: a security group of one cannot admit the other's.";
  const named = flags.database ? account.databases.find(({ identifier }) => identifier === flags.database) : undefined;
  if (flags.database && !named) {
    const known = account.databases.map(({ identifier }) => identifier).join(", ") || "none";
    throw new UserError(`${region} has no PostgreSQL instance "${flags.database}" on RDS. There is: ${known}.`);
  }
  if (named && !reachable(named))
    throw new UserError(`${far(named)} Peer the VPCs, or choose another with --database.`);

  const near = account.databases.filter(reachable);
  const [only, ...more] = named ? [named] : near;
  if (only && more.length === 0) return adopt(only, flags, context);
  if (only) {
    const identifier = await ask.select({
      message: `${near.length} PostgreSQL databases are within reach. Which one is the site's?`,
      flag: "--database",
      choices: [
        ...near.map((db) => ({ value: db.identifier, label: describeDatabase(db) })),
        { value: "new", label: "none of them: the stack creates a new, empty one" },
      ],
    });
    const chosen = near.find((db) => db.identifier === identifier);
    return chosen ? adopt(chosen, flags, context) : { kind: "new" };
  }
  const [distant] = account.databases;
  if (distant) {
    await agreed(ask, {
      message: `${far(distant)} Go on, and let the stack create a new, empty database beside the site?`,
      flag: "--database new, for a new and empty one, or peer the VPCs first",
    });
  }
  return { kind: "new" };
}

/** The tiers read DATABASE_URL from a secret; its value is never read here, only its place. */
async function adopt(found: FoundDatabase, flags: InitFlags, context: InitContext): Promise<DatabaseChoice> {
  const { account, ask, project, stack, environment } = context;
  const named = flags.databaseSecret;
  if (named) {
    const secret = account.secrets.find(({ arn, name }) => arn === named || name === named);
    if (secret) return { kind: "existing", found, secret: { arn: secret.arn } };
    throw new UserError(`The region has no secret "${named}". See: aws secretsmanager list-secrets.`);
  }
  const name = `${project}/${stack}/database-url`;
  const create = (value: string): DatabaseChoice => ({ kind: "existing", found, secret: { create: { name, value } } });
  if (flags.createSecret) {
    const value = environment.DATABASE_URL;
    if (!value) throw new UserError("--create-secret takes the value from the environment: set DATABASE_URL.");
    return create(postgresUrl(value));
  }
  const own = account.secrets.find((secret) => secret.name === name);
  if (own) return { kind: "existing", found, secret: { arn: own.arn } };
  const likely = account.secrets.filter((secret) => /database[-_./]?url/i.test(secret.name));
  const chosen = await ask.select({
    message: `The site reads DATABASE_URL of ${found.identifier} from a secret with the key DATABASE_URL. Which one?`,
    flag: "--database-secret",
    choices: [
      ...likely.map((secret) => ({ value: secret.arn, label: secret.name })),
      {
        value: CREATE,
        label: `create ${name} (0.40 USD a month)`,
        flag: "DATABASE_URL=... --create-secret",
      },
    ],
  });
  if (chosen !== CREATE) return { kind: "existing", found, secret: { arn: chosen } };
  return create(
    postgresUrl(await ask.secret({ message: "DATABASE_URL of the site (it is not shown):", flag: "--create-secret" })),
  );
}

const CREATE = "<create>";

function postgresUrl(value: string): string {
  if (/^postgres(ql)?:\/\/\S+@\S+\/\S+$/.test(value)) return value;
  throw new UserError("DATABASE_URL must have the form postgresql://user:password@host:5432/name.");
}

/** Names whose A record points at the instance. */
function namesOf(zones: readonly FoundZone[], { publicIp }: FoundInstance): string[] {
  return zones
    .flatMap(({ addresses }) => Object.entries(addresses))
    .flatMap(([name, ips]) => (publicIp && ips.includes(publicIp) && !name.includes("*") ? [name] : []))
    .sort((a, b) => a.length - b.length || a.localeCompare(b));
}

async function chooseDomain(flags: InitFlags, { account, ask }: InitContext, names: readonly string[]) {
  const { zones } = account;
  const name =
    flags.domain?.toLowerCase() ??
    (names.length > 1
      ? await ask.select({
          message: "Several names point at the instance. Which one is the site's?",
          flag: "--domain",
          choices: names.map((value) => ({ value, label: value })),
        })
      : await ask.text({
          message: "What is the site's name?",
          flag: "--domain",
          preset: names[0],
          proposal: zones.length === 1 ? zones[0]?.name : undefined,
          check: (value) =>
            /^([a-z0-9-]+\.)+[a-z]{2,}$/.test(value) ? undefined : "a host name in lower case is needed",
        }));
  const zone = zones
    .filter((candidate) => name === candidate.name || name.endsWith(`.${candidate.name}`))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (zone) return { name, zoneName: zone.name, newZone: false };
  const known = zones.length > 0 ? ` (there is: ${zones.map((other) => other.name).join(", ")})` : "";
  if (!flags.newZone) {
    await agreed(ask, {
      message:
        `No public hosted zone of this account holds ${name}${known}. Let the stack create one? Its name ` +
        "servers must then be entered at the registrar.",
      flag: "--new-zone, or a --domain inside a zone of the account",
    });
  }
  return { name, zoneName: name, newZone: true };
}

const askEmail = ({ ask, git }: InitContext) =>
  ask.text({
    message: "Which e-mail address is told when the site is down?",
    flag: "--email",
    proposal: git.email,
    check: (value) => (/^\S+@\S+\.\S+$/.test(value) ? undefined : "an e-mail address is needed"),
  });

async function chooseVercel({ repository, databaseAccess }: InitFlags, { ask, git }: InitContext) {
  return {
    repository:
      repository ??
      (await ask.text({
        message: "Which GitHub repository (owner/name) does Vercel build?",
        flag: "--repository",
        proposal: git.repository,
        check: (value) => (/^[\w.-]+\/[\w.-]+$/.test(value) ? undefined : "owner/name is needed"),
      })),
    databaseAccess:
      databaseAccess ??
      (await ask.select({
        message: "How may Vercel reach the database?",
        flag: "--database-access",
        choices: [
          { value: "public-tls", label: "its port is open to the internet, TLS forced", hint: "no extra cost" },
          { value: "static-ips", label: "from static addresses only", hint: "100 USD a month" },
        ],
      })),
  };
}
