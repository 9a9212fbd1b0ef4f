import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { parse } from "yaml";
import { UserError } from "../../../core/errors";
import { code, type Document, good, list, type Pair, pairs, section, warn } from "../../../output/document";
import { toTerminal } from "../../../output/terminal";
import { checkSettings } from "../../../stacks/settings/settings-check";
import { type AwsAccess, askAws, connectAws } from "../../lib/aws-access";
import { run } from "../../lib/process";
import { withProgress } from "../../lib/progress";
import { type Asker, agreed, askerFor } from "../../lib/prompt";
import { inFolder, parseStackText, projectName, writeNamed } from "../../lib/stack-files";
import { type Account, regionsWithInstances, surveyAccount } from "./account-survey";
import { type Backend, backendOf, backends, createStore, storeCommands } from "./backend";
import { type Choices, choose, describeDatabase, describeInstance, type InitFlags } from "./init-choices";
import { type Kept, stackFile } from "./init-file";

interface Options extends InitFlags {
  readonly stack?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly backend?: string;
  readonly secretsProvider?: string;
  readonly create?: boolean;
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly cwd: string;
}

const several = (value: string, before: string[] = []) => [...before, value];

/** `platform init`: from what the account holds to a stack's file. */
export function initCommand(): Command {
  return new Command("init")
    .description("Look at the account, ask the few things that it does not tell, and write Pulumi.<stack>.yaml")
    .option("-s, --stack <name>", "name of the stack to write")
    .option("--region <region>", "where the site runs; default: AWS_REGION or the profile's")
    .option("--profile <name>", "profile of the AWS credentials")
    .option("--architecture <name>", "what is to serve; default: monitored-instance where an instance is adopted")
    .option("--instance <id>", "the running EC2 instance that serves the site")
    .option("--new", "adopt no instance")
    .option("--database <name>", "identifier of the RDS instance, or new")
    .option("--database-secret <secret>", "name or ARN of the secret with the key DATABASE_URL")
    .option("--create-secret", "create that secret from the environment variable DATABASE_URL")
    .option("--domain <name>", "the site's name; default: the name whose record points at the instance")
    .option("--new-zone", "let the stack create the hosted zone")
    .option("--email <address>", "who is told when the site is down; may be given several times", several)
    .option("--language <language>", "of alarms and reports: en or ko")
    .option("--health-path <path>", "path that answers 200 when the app works", "/api/health-external")
    .option("--process-manager <name>", "what keeps the app running on the instance: pm2, systemd or docker")
    .option("--app-name <name>", "name of the app in PM2, of its unit or container")
    .option("--repository <owner/name>", "GitHub repository that Vercel builds")
    .option("--database-access <how>", "how Vercel reaches the database: public-tls or static-ips")
    .option("--backend <where>", "where the state lives: cloud, s3, s3://<bucket>, file or file://<folder>")
    .option(
      "--secrets-provider <provider>",
      "what encrypts secrets: passphrase, default, awskms://alias/<name>?region=...",
    )
    .option("--create", "create the bucket and the key of a state on S3")
    .option("--overwrite", "replace a file that exists; its secrets are kept")
    .option("--dry-run", "print the file instead of writing it, and create nothing")
    .option("-y, --yes", "ask nothing: what flags and account leave open is an error")
    .addOption(inFolder("Pulumi.yaml"))
    .action(init);
}

async function init(options: Options): Promise<void> {
  const folder = options.cwd;
  const project = projectName(folder);
  const ask = await askerFor(options);
  const stack =
    options.stack ??
    (await ask.text({ message: "Name of the stack?", flag: "--stack", proposal: "prod", check: stackName }));
  const wrong = stackName(stack);
  if (wrong) throw new UserError(`--stack ${stack}: ${wrong}`);
  const path = join(folder, `Pulumi.${stack}.yaml`);
  await mayWrite(path, options, ask);

  const access = await withProgress("Asking AWS who is there", () => connectAws(options));
  const account = await withProgress(`Looking around in ${access.region}`, () => surveyAccount(access));
  console.error(toTerminal(accountDocument(access, account)));

  const choices = await choose(options, {
    stack,
    project,
    region: access.region,
    account,
    ask,
    elsewhere: () => withProgress("Looking into the other regions", () => regionsWithInstances(access)),
    environment: process.env,
    git: await proposals(folder),
  });
  const backend = await chooseBackend(options, ask, { project, account: access.account, region: access.region });
  const kept = existsSync(path) ? keptOf(path) : undefined;

  // What would be refused later is refused now, before anything is created.
  const sample = stackFile(choices, project, secretArnOf(choices) ?? EXAMPLE_ARN, kept);
  checkSettings(project, stack, parseStackText(sample, project, stack).config);
  if (options.dryRun) {
    console.log(sample.replace(EXAMPLE_ARN, "<created by init>"));
    return;
  }
  const created = await create(access, choices, backend, options, ask);
  const text = stackFile(choices, project, secretArnOf(choices) ?? created.secretArn, kept);
  writeNamed(path, text);
  console.log(text);
  console.log(toTerminal(doneDocument({ path, project, partition: access.partition }, choices, backend, created)));
}

/** A secret that is still to be created has no ARN yet, but the file must be checked before anything is created. */
const EXAMPLE_ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:to-be-created";

const stackName = (value: string) => (/^[\w-]{1,100}$/.test(value) ? undefined : "letters, digits, - and _ are needed");

async function mayWrite(path: string, { overwrite, dryRun }: Options, ask: Asker): Promise<void> {
  if (!existsSync(path) || overwrite || dryRun) return;
  await agreed(ask, {
    message: `${path} exists. Replace it? Its secrets are kept, the rest is written anew.`,
    flag: "--overwrite, or another --stack",
  });
}

/** What a file that is replaced must not lose: secrets, and the key that opens them. */
function keptOf(path: string): Kept {
  const { config = {}, ...top } = (parse(readFileSync(path, "utf8")) ?? {}) as { config?: Record<string, unknown> };
  const secret = (value: unknown): boolean =>
    typeof value === "object" && value !== null && ("secure" in value || Object.values(value).some(secret));
  return { top, config: Object.fromEntries(Object.entries(config).filter(([, value]) => secret(value))) };
}

async function chooseBackend(
  { backend, secretsProvider }: Options,
  ask: Asker,
  context: { readonly project: string; readonly account: string; readonly region: string },
): Promise<Backend> {
  const chosen =
    backend ??
    (await ask.select<string>({
      message: "Where is the state of the stack to live?",
      flag: "--backend",
      preset: undefined,
      proposal: "cloud",
      choices: backends,
    }));
  return backendOf(chosen, secretsProvider, context);
}

const secretArnOf = ({ database }: Choices): string | undefined =>
  database.kind === "existing" && "arn" in database.secret ? database.secret.arn : undefined;

/** Creates what was agreed to: the state's bucket and key, and the secret with DATABASE_URL. */
async function create(access: AwsAccess, choices: Choices, backend: Backend, options: Options, ask: Asker) {
  const done: string[] = [];
  const { store } = backend;
  const storeReady =
    store !== undefined &&
    (options.create ||
      (await ask.confirm({
        message:
          `Create the bucket ${store.bucket} and the key ${store.keyAlias} now? (about 1 USD a month; ` +
          "otherwise the commands are shown)",
        flag: "--create",
        preset: false,
      })));
  if (store && storeReady) {
    done.push(...(await withProgress("Creating bucket and key", () => createStore(access, store))));
  }
  const { database } = choices;
  if (database.kind === "new" || !("create" in database.secret)) return { done, storeReady, secretArn: undefined };
  const { name, value } = database.secret.create;
  const { SecretsManagerClient, CreateSecretCommand } = await import("@aws-sdk/client-secrets-manager");
  const { ARN } = await askAws(access, `create the secret ${name}`, () =>
    new SecretsManagerClient(access.config).send(
      new CreateSecretCommand({
        Name: name,
        Description: "DATABASE_URL of the site",
        SecretString: JSON.stringify({ DATABASE_URL: value }),
      }),
    ),
  );
  done.push(`secret ${name} created`);
  return { done, storeReady, secretArn: ARN };
}

function accountDocument({ account, arn, region }: AwsAccess, found: Account): Document {
  const some = (name: string, values: readonly string[]): Pair => [name, ...(values.length > 0 ? values : ["none"])];
  const certificate = ({ names, status, expires }: Account["certificates"][number]) =>
    `${names.join(", ")}, ${status.toLowerCase()}${expires ? `, until ${expires.toISOString().slice(0, 10)}` : ""}`;
  return {
    title: "Found",
    blocks: [
      pairs([
        ["account", `${account}, ${arn}`],
        ["region", region],
        some("instances", found.instances.map(describeInstance)),
        some("databases", found.databases.map(describeDatabase)),
        some(
          "zones",
          found.zones.map(({ name, id }) => `${name}, ${id}`),
        ),
        some("certificates", found.certificates.map(certificate)),
        some(
          "VPCs",
          found.vpcs.map(
            ({ id, isDefault, subnets }) => `${id}${isDefault ? " (default)" : ""}, ${subnets.length} zones`,
          ),
        ),
        ...found.unseen.map(
          (what): Pair => [warn("not seen"), warn(`${what}: the permission to list them is missing`)],
        ),
      ]),
    ],
  };
}

/** What was done, and the commands that follow. */
function doneDocument(
  { path, project, partition }: { readonly path: string; readonly project: string; readonly partition: string },
  { stack, instance }: Choices,
  { secretsProvider, url, store }: Backend,
  { done, storeReady }: { readonly done: readonly string[]; readonly storeReady: boolean },
): Document {
  const provider = secretsProvider ? ` --secrets-provider '${secretsProvider}'` : "";
  const login = url ? ` ${url === "--local" ? url : `'${url}'`}` : "";
  const secrets = `pulumi config set --stack ${stack} --secret --path ${project}:secrets.<NAME>`;
  return {
    title: good(`Written: ${path}`),
    blocks: [
      list(done.map(good)),
      section("Next", [
        code([
          ...(store && !storeReady ? storeCommands(store, partition) : []),
          `pulumi login${login}`,
          `pulumi stack init ${stack}${provider}`,
          `${secrets}   # each secret variable of the app; the value is asked for`,
          `npm run platform -- doctor --stack ${stack}`,
          `pulumi preview --stack ${stack} && pulumi up --stack ${stack}`,
          ...(instance
            ? [`npm run platform -- attach --stack ${stack}   # lets Systems Manager and CloudWatch onto the instance`]
            : []),
        ]),
      ]),
    ],
  };
}

/** Guesses that only a person may take: who works here, and what GitHub knows the repository as. */
async function proposals(folder: string): Promise<{ email?: string; repository?: string }> {
  const git = async (...args: string[]) => (await run("git", ["-C", folder, ...args], { limit: 3 })).stdout.trim();
  const [email, remote] = await Promise.all([git("config", "user.email"), git("remote", "get-url", "origin")]);
  const repository = /github\.com[:/]([\w.-]+\/[\w.-]+?)(\.git)?$/.exec(remote)?.[1];
  return { ...(email ? { email } : {}), ...(repository ? { repository } : {}) };
}
