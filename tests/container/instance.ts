import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bootScript } from "../../components/tiers/boot-config";
import { readIfThere } from "../drill/harness/processes";
import { attempt, LIMITS, type Ran, run } from "./tools";

/**
 * Stands in for docker by podman, with docker's behaviour where podman's differs: a read-only root is read-only everywhere, and a
 * tmpfs begins empty. `awslogs` is docker's own. The container has this test's name, since others may run on this machine.
 */
const DOCKER = `#!/bin/bash
command=$1 args=()
shift
case $command in
  login) exec cat >/dev/null ;;
  pull) exec podman image exists "\${@: -1}" ;;
  run) args=(--pull=never --read-only-tmpfs=false ${LIMITS.join(" ")} $CONTAINER_OPTIONS) ;;
esac
while [ $# -gt 0 ]; do
  case $1 in
    --log-driver | --log-opt) shift ;;
    --tmpfs) shift; case $1 in *:*) args+=(--tmpfs "$1,notmpcopyup") ;; *) args+=(--tmpfs "$1:notmpcopyup") ;; esac ;;
    site) args+=("$CONTAINER_NAME") ;;
    *) args+=("$1") ;;
  esac
  shift
done
exec podman --runtime runc "$command" "\${args[@]}"
`;

/** What else an instance has: its metadata, AWS, its package manager and its service manager. */
const COMMANDS: Readonly<Record<string, string>> = {
  docker: DOCKER,
  curl: `#!/bin/bash
case "$*" in
  *api/token*) echo token ;;
  *placement/region*) echo ap-northeast-2 ;;
  *boot-parameter*) echo boot:1 ;;
esac`,
  aws: `#!/bin/bash
case "$*" in
  *get-parameter*) cat "$CONFIG_FILE" ;;
  *get-secret-value*) cat "$SECRET_FILE" ;;
  *get-login-password*) echo password ;;
esac`,
  dnf: "#!/bin/bash",
  systemctl: "#!/bin/bash",
};

export interface InstanceOptions {
  readonly folder: string;
  readonly image: string;
  readonly port: number;
  readonly databaseUrl: string;
  /** Options of podman for what is not the unit's, such as names of other machines. */
  readonly further: readonly string[];
}

/** An instance behind the load balancer: its boot script has run, and its unit is started and stopped as systemd does. */
export class Instance {
  readonly name = `iamvet-test-${process.pid}-site`;
  private readonly root: string;

  constructor(readonly options: InstanceOptions) {
    this.root = join(options.folder, "root");
  }

  /** Runs the boot script, which writes the unit. */
  async boot(): Promise<void> {
    const { folder, image, port, databaseUrl } = this.options;
    const agent = join(this.root, "opt/aws/amazon-cloudwatch-agent/bin");
    for (const made of [join(folder, "bin"), join(this.root, "run"), agent]) mkdirSync(made, { recursive: true });
    const program = (file: string, text: string) => {
      writeFileSync(file, `${text}\n`);
      chmodSync(file, 0o755);
    };
    for (const [name, text] of Object.entries(COMMANDS)) program(join(folder, "bin", name), text);
    program(join(agent, "amazon-cloudwatch-agent-ctl"), "#!/bin/bash");
    writeFileSync(join(folder, "site-boot"), bootScript("container"));
    writeFileSync(
      join(folder, "config.json"),
      JSON.stringify({
        ...{ region: "ap-northeast-2", domain: "example.com", port, tier: "ha-web-tier", version: "v1-4-0", image },
        environment: { DATABASE_POOL_SIZE: "40" },
        secrets: { DATABASE_URL: { secretArn: "arn:database", key: "DATABASE_URL" } },
        ...{ logGroups: { app: "app" }, targetGroupArn: "arn:targets", drainSeconds: 35 },
      }),
    );
    writeFileSync(join(folder, "secret.json"), JSON.stringify({ DATABASE_URL: databaseUrl }), { mode: 0o600 });
    await this.siteBoot("boot");
    // What the unit does that it has left.
    await this.siteBoot("setup");
  }

  /** `site-boot` with arguments. */
  async siteBoot(...args: string[]): Promise<string> {
    return run("bash", [join(this.options.folder, "site-boot"), ...args], { env: this.env });
  }

  get unitFile(): string {
    return join(this.root, "etc/systemd/system/site.service");
  }

  /** Values of a key of the unit, each whole. */
  unit(key: string): string[] {
    const text = readFileSync(this.unitFile, "utf8").replaceAll(/\\\n\s*/g, "");
    return [...text.matchAll(new RegExp(`^${key}=-?(.*)$`, "gm"))].map(([, value]) => value as string);
  }

  /** What systemd does to start the unit; the promise is the container's end. */
  async start(): Promise<{ readonly ended: Promise<Ran> }> {
    for (const line of this.unit("ExecStartPre")) await this.systemd(line);
    return { ended: this.systemd(this.unit("ExecStart")[0] ?? "") };
  }

  /** What systemd does to stop the unit. */
  async stop(): Promise<void> {
    for (const line of this.unit("ExecStop")) await this.systemd(line);
  }

  async remove(): Promise<void> {
    await attempt("podman", ["rm", "--force", "--time", "0", this.name]);
  }

  /** Runs a line of the unit: variables of its environment files are put in, no shell has a part in it. */
  private systemd(line: string): Promise<Ran> {
    const variables = this.unit("EnvironmentFile")
      .map((file) => readIfThere(join(this.root, file)))
      .flatMap((text) =>
        [...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name as string, value as string] as const),
      );
    const values = new Map(variables);
    const [program = "", ...args] = line
      .split(" ")
      .map((word) => word.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => values.get(name) ?? ""))
      .map((word) => (word.startsWith("/run/") ? join(this.root, word) : word));
    const installed = program.endsWith("site-boot") ? join(this.root, program) : (program.split("/").at(-1) as string);
    return attempt(installed, args, { env: this.env });
  }

  private get env(): NodeJS.ProcessEnv {
    const { folder, further } = this.options;
    return {
      ...process.env,
      PATH: `${join(folder, "bin")}:${process.env.PATH}`,
      BOOT_ROOT: this.root,
      CONFIG_FILE: join(folder, "config.json"),
      SECRET_FILE: join(folder, "secret.json"),
      CONTAINER_OPTIONS: further.join(" "),
      CONTAINER_NAME: this.name,
    };
  }
}
