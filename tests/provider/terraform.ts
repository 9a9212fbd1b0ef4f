import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { asModules, type Module, moduleName, type PlanDocument } from "./modules";
import type { ProviderSchema } from "./schema";

/** The provider release that the special cases were written for. @pulumi/aws 7 bridges 6.x; see NEWER in special-cases.ts. */
export const PROVIDER_VERSION = "5.100.0";

/** Nothing of the provider may ask AWS. */
export const OFFLINE = {
  skip_credentials_validation: true,
  skip_requesting_account_id: true,
  skip_metadata_api_check: true,
  skip_region_validation: true,
} as const;

/** Where the suites keep what they fetch and write; not in git. */
export const CACHE = join(__dirname, "../../.cache");

/** Longest that one check of several combinations may take: a quarter of a minute, if the machine does nothing else. */
const PLAN_SECONDS = 900;

/** Longest that one `terraform apply` may take; the provider itself waits over a minute for a database. */
const APPLY_SECONDS = 420;

const SOURCE = "registry.terraform.io/hashicorp/aws";

/** What a program did. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** Runs a program to its end; after `timeoutSeconds` it is stopped and reported as failed. */
export function run(
  command: string,
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly timeoutSeconds?: number;
    readonly stdin?: string;
  } = {},
): Promise<Ran> {
  const { cwd, env = {}, timeoutSeconds = 300, stdin } = options;
  return new Promise((resolve) => {
    const started = Date.now();
    // Not `timeout`: its timer keeps the suite alive to the end of the time where the command does not exist.
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, signal });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const end = (code: number, problem = "") =>
      resolve({ code, stdout, stderr: stderr + problem, seconds: (Date.now() - started) / 1000 });
    child.on("error", (error) =>
      signal.aborted ? end(1, `${command} was stopped (limit: ${timeoutSeconds} s)`) : end(127, error.message),
    );
    child.on("close", (code, stopped) => end(code ?? 1, stopped ? `${command} was stopped by ${stopped}` : ""));
    child.stdin.on("error", () => undefined).end(stdin ?? "");
  });
}

/** One complaint of Terraform or the provider. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly summary: string;
  readonly detail: string;
  /** Address of the resource, with its module, where Terraform tells it. */
  readonly address: string;
}

/** Terraform with the provider installed, without an AWS account. */
export class Terraform {
  private constructor(
    private readonly base: string,
    private readonly env: Readonly<Record<string, string>>,
    readonly version: string,
    readonly origin: string,
    readonly schema: ProviderSchema,
  ) {}

  /** @returns why it is not to be had, as text, if terraform or its provider is missing. */
  static async find(): Promise<Terraform | string> {
    const binary = await run("terraform", ["version", "-json"]);
    if (binary.code !== 0) return "terraform is not on PATH: install it from developer.hashicorp.com/terraform/install";
    const version = String(JSON.parse(binary.stdout).terraform_version);

    const base = join(CACHE, "terraform", PROVIDER_VERSION);
    await mkdir(base, { recursive: true });
    await writeFile(
      join(base, "main.tf.json"),
      JSON.stringify({
        terraform: { required_providers: { aws: { source: "hashicorp/aws", version: PROVIDER_VERSION } } },
      }),
    );
    const { env: installation, origin } = await installationOf(base);
    const env = {
      ...installation,
      TF_IN_AUTOMATION: "1",
      CHECKPOINT_DISABLE: "1",
      AWS_ACCESS_KEY_ID: "testing",
      AWS_SECRET_ACCESS_KEY: "testing",
      AWS_SESSION_TOKEN: "testing",
      AWS_PROFILE: "",
      AWS_EC2_METADATA_DISABLED: "true",
    };
    const init = await run("terraform", ["init", "-input=false", "-no-color"], { cwd: base, env });
    if (init.code !== 0) {
      const reason = init.stderr.replace(/[│╷╵\s]+/g, " ").trim();
      return `provider hashicorp/aws ${PROVIDER_VERSION} could not be installed (${origin}): ${reason.slice(0, 300)}`;
    }
    const schemaFile = join(base, "schema.json");
    if (!existsSync(schemaFile)) {
      const schema = await run("terraform", ["providers", "schema", "-json"], { cwd: base, env });
      if (schema.code !== 0) return `the provider does not tell its schema: ${schema.stderr.slice(0, 300)}`;
      await writeFile(schemaFile, schema.stdout);
    }
    const resources = JSON.parse(await readFile(schemaFile, "utf8")).provider_schemas[SOURCE].resource_schemas;
    const schema = Object.fromEntries(
      Object.entries(resources as Record<string, { block: ProviderSchema[string] }>).map(([type, { block }]) => [
        type,
        block,
      ]),
    );
    return new Terraform(base, env, version, origin, schema);
  }

  /** Writes a document and its files into a folder of its own, which uses the one installed provider. */
  async write(folder: string, module: Module): Promise<void> {
    await writeModule(folder, module);
    await copyFile(join(this.base, ".terraform.lock.hcl"), join(folder, ".terraform.lock.hcl"));
    await mkdir(join(folder, ".terraform"), { recursive: true });
    const providers = join(folder, ".terraform/providers");
    await rm(providers, { force: true });
    await symlink(join(this.base, ".terraform/providers"), providers);
  }

  /** Writes several documents as the modules of one, so that they are checked by one run of Terraform. */
  async writeModules(folder: string, modules: readonly Module[]): Promise<void> {
    const { root, children } = asModules(modules);
    await this.write(folder, root);
    await Promise.all(children.map((child, index) => writeModule(join(folder, moduleName(index)), child)));
    const got = await this.terraform(folder, ["get"]);
    if (got.code !== 0) throw new Error(`terraform get failed: ${got.stderr.slice(-500)}`);
  }

  /** Checks types, enumerations, patterns and conflicts, offline. */
  async validate(folder: string): Promise<readonly Diagnostic[]> {
    const ran = await this.terraform(folder, ["validate", "-json"]);
    try {
      return (JSON.parse(ran.stdout).diagnostics as RawDiagnostic[]).map(diagnostic);
    } catch {
      return [failure("terraform validate", ran)];
    }
  }

  /**
   * Plans against an empty state; what the provider computes for the whole resource is checked too.
   *
   * @returns no plan where there was an error
   */
  async plan(
    folder: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly diagnostics: readonly Diagnostic[]; readonly plan?: PlanDocument }> {
    const args = ["plan", "-json", "-input=false", "-lock=false", "-refresh=false", "-out=plan.bin"];
    const ran = await this.terraform(folder, args, env);
    const diagnostics = streamed(ran);
    if (ran.code !== 0) {
      return { diagnostics: diagnostics.length > 0 ? diagnostics : [failure("terraform plan", ran)] };
    }
    const shown = await this.terraform(folder, ["show", "-json", "plan.bin"], env);
    return { diagnostics, plan: JSON.parse(shown.stdout) };
  }

  /**
   * Builds everything, or changes what stands to what is asked. Nobody else touches it meanwhile, so nothing is refreshed.
   *
   * @param replaced address of a resource that is made anew instead of being changed in place
   */
  async apply(
    folder: string,
    env: Readonly<Record<string, string>>,
    replaced?: string,
  ): Promise<readonly Diagnostic[]> {
    const args = [
      "apply",
      "-json",
      "-input=false",
      "-lock=false",
      "-refresh=false",
      "-auto-approve",
      "-parallelism=20",
      ...(replaced ? [`-replace=${replaced}`] : []),
    ];
    const ran = await this.terraform(folder, args, env, APPLY_SECONDS);
    const diagnostics = streamed(ran);
    if (ran.code === 0 || diagnostics.some(({ severity }) => severity === "error")) return diagnostics;
    const summary = `not there after ${APPLY_SECONDS} s`;
    const late = unfinished(ran).map((address) => ({ severity: "error" as const, summary, detail: "", address }));
    return late.length > 0 ? late : [...diagnostics, failure("terraform apply", ran)];
  }

  /** The attributes of everything that was built, by address. */
  async state(folder: string): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
    const shown = await this.terraform(folder, ["show", "-json"]);
    const resources: { address: string; values: Record<string, unknown> }[] =
      JSON.parse(shown.stdout).values?.root_module?.resources ?? [];
    return new Map(resources.map(({ address, values }) => [address, values]));
  }

  private terraform(folder: string, args: readonly string[], env = {}, timeoutSeconds = PLAN_SECONDS): Promise<Ran> {
    return run("terraform", args, { cwd: folder, env: { ...this.env, ...env }, timeoutSeconds });
  }
}

async function writeModule(folder: string, { document, files }: Module): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "main.tf.json"), JSON.stringify(document, null, 2));
  await Promise.all([...files].map(([name, content]) => writeFile(join(folder, name), content)));
}

interface RawDiagnostic {
  readonly severity: "error" | "warning";
  readonly summary: string;
  readonly detail?: string;
  readonly address?: string;
  readonly range?: { readonly filename: string };
  readonly snippet?: { readonly context?: string | null };
}

const diagnostic = (raw: RawDiagnostic): Diagnostic => ({
  severity: raw.severity,
  summary: raw.summary,
  detail: raw.detail ?? "",
  address: raw.address ?? addressIn(raw),
});

/** Where a diagnostic names only a place in a file. */
function addressIn({ range, snippet }: RawDiagnostic): string {
  const [, module] = /^([^/]+)\//.exec(range?.filename ?? "") ?? [];
  const resource = snippet?.context?.replace(/^resource[. ]"?([^". ]+)"?[. ]"?([^"]+)"?$/, "$1.$2") ?? "";
  return module ? `module.${module}.${resource}` : resource;
}

const failure = (what: string, ran: Ran): Diagnostic => ({
  severity: "error",
  summary: `${what} failed with exit code ${ran.code}`,
  detail: `${ran.stderr}${ran.stdout}`.slice(-1000),
  address: "",
});

/** One line of Terraform's streamed JSON, as far as it is read here. */
interface Line {
  readonly type: string;
  readonly diagnostic: RawDiagnostic;
  readonly hook: { readonly resource: { readonly addr: string } };
}

const linesOf = (ran: Ran): readonly Line[] =>
  ran.stdout
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line) as Line);

const streamed = (ran: Ran): readonly Diagnostic[] =>
  linesOf(ran)
    .filter(({ type }) => type === "diagnostic")
    .map(({ diagnostic: raw }) => diagnostic(raw));

/** The resources that Terraform began to build and did not end. */
function unfinished(ran: Ran): readonly string[] {
  const open = new Set<string>();
  for (const { type, hook } of linesOf(ran)) {
    if (type === "apply_start") open.add(hook.resource.addr);
    if (type === "apply_complete" || type === "apply_errored") open.delete(hook.resource.addr);
  }
  return [...open];
}

/** How `terraform init` gets the provider: the user's own CLI configuration, a local mirror, or the registry. */
async function installationOf(base: string): Promise<{ env: Record<string, string>; origin: string }> {
  const configured = process.env.TF_CLI_CONFIG_FILE;
  if (configured && existsSync(configured)) return { env: {}, origin: "TF_CLI_CONFIG_FILE" };
  // A variable that names a missing file only makes Terraform warn; it is set to nothing, or to what is found here.
  const mirror = await localMirror();
  if (!mirror) {
    const cache = join(CACHE, "terraform", "plugins");
    await mkdir(cache, { recursive: true });
    return { env: { TF_CLI_CONFIG_FILE: "", TF_PLUGIN_CACHE_DIR: cache }, origin: "registry" };
  }
  const config = join(base, "cli.tfrc");
  await writeFile(
    config,
    `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`,
  );
  return { env: { TF_CLI_CONFIG_FILE: config }, origin: "local mirror" };
}

/** A folder laid out as a provider mirror, where Terraform or a system's administrator would put one. */
async function localMirror(): Promise<string | undefined> {
  const optional = await readdir("/opt").catch(() => []);
  const places = [
    process.env.TF_PLUGIN_CACHE_DIR ?? "",
    join(homedir(), ".terraform.d/plugins"),
    join(homedir(), ".terraform.d/plugin-cache"),
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
    ...optional.map((name) => join("/opt", name)),
  ];
  return places.find((place) => place && existsSync(join(place, SOURCE, PROVIDER_VERSION)));
}
