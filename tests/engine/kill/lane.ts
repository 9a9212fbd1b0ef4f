import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Cloud, Stored } from "../harness/cloud";
import { deleteAsTold } from "../harness/killing";
import { signal } from "../harness/processes";
import { commandsIn, type Finished, Project, STACK, type StackState, settings } from "../harness/stack";
import { type Held, visit } from "../harness/visits";
import { DOMAIN, dns } from "../harness/world";
import { changeOf, type Family, type Wanted } from "./families";
import { type Case, caseText, changes, counter, type Phase, type Request, same } from "./requests";
import { Warm } from "./warm";

/** What became of one kill. */
export interface Outcome {
  /** What is wrong with the stack after the `up` that followed; empty if it is whole. */
  readonly wrong: readonly string[];
  /** What the engine still believes to be under way: `pulumi refresh` clears it. */
  readonly pending: readonly string[];
  /** What exists and no state knows of, by type. What costs or stands in the way is wrong as well. */
  readonly orphans: readonly string[];
  /** Requests of visitors meanwhile. */
  readonly visits: number;
  readonly seconds: number;
}

/** An outcome, and what the updates after the kill said. */
export interface Made {
  readonly outcome: Outcome;
  readonly output: string;
}

/** Seconds that a visitor's resolver keeps an answer: what the stack asks for, and a load balancer's alias has. */
const TTL = { up: 30, alias: 60 } as const;

/**
 * What spares engine and program work that a kill cannot tell: copies of a state beside the one that counts, memory collected early, and,
 * from Node 22 on, the compilation of the same files.
 */
const LEAN = {
  PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
  GOGC: "400",
  NODE_COMPILE_CACHE: join(tmpdir(), "platform-kill-compiled"),
};
const LEAN_PROGRAM = `--import ${pathToFileURL(join(__dirname, "lean.mjs")).href}`;

/** What costs money or stands in the way while nobody knows of it. */
const COSTS =
  /^aws:(ecs\/service|autoscaling\/group|ec2\/(instance|eip|natGateway)|lb\/loadBalancer|rds\/instance|route53\/record):/;
/** One that proves a name to a certificate authority is overwritten by whoever asks the next time, and costs nothing. */
const isBad = ({ type, inputs }: Stored): boolean => COSTS.test(type) && !inputs.allowOverwrite;

/** What a kill at a request leaves. */
interface Left {
  readonly restore: () => void;
  /** What the visitor's resolver holds then. */
  readonly held: Held;
}

/**
 * A stack that is changed again and again from one state. A case costs two updates, the killed one and the one that follows; or one, where
 * the change is made once, and stopped at each request for a copy of what SIGKILL would leave there: the backend's files, the stack's file,
 * the cloud, its time and what resolvers hold.
 */
export class Lane {
  private readonly warm: Warm;

  private constructor(
    private readonly project: Project,
    private readonly family: Family,
    private readonly restore: () => void,
    /** What can be killed in the change, in its order. */
    readonly cases: readonly Case[],
    private readonly left: ReadonlyMap<string, Left>,
  ) {
    this.warm = new Warm(project);
  }

  /** Builds the stack, changes it once and counts. @param copied whether kills are copies of what they leave */
  static async start(family: Family, copied: boolean): Promise<Lane> {
    const { from } = changeOf(family);
    const project = await Project.start();
    Object.assign(project.env, LEAN, { NODE_OPTIONS: `${project.env.NODE_OPTIONS} ${LEAN_PROGRAM}` });
    // The engine keeps a log for its makers where there is a folder for it.
    const logs = join(String(project.env.PULUMI_HOME), "logs");
    rmSync(logs, { recursive: true, force: true });
    writeFileSync(logs, "");
    project.configure(config(from));
    const first = await project.up();
    if (first.code !== 0) throw new Error(`the first up of ${family} ended with ${first.code}\n${first.output}`);
    const restore = project.save();
    const held = { address: "", until: 0 };
    const end = visit(project.services, ttlOf(family), held);
    const cases: Case[] = [];
    const left = new Map<string, Left>();
    const { child, done } = begin(project, family);
    const forget = watch(project, (request, phase) => {
      const one = { request, phase };
      cases.push(one);
      if (!copied) return;
      // Its group is all that writes files, and the cloud hears nothing while it is copied.
      process.kill(-(child.pid as number), "SIGSTOP");
      left.set(caseText(one), { restore: project.save(), held: { ...held } });
      process.kill(-(child.pid as number), "SIGCONT");
    });
    const { code, output } = await done;
    forget();
    const { lost } = await end();
    if (code !== 0) throw new Error(`${family} ended with ${code}\n${output}`);
    if (lost.length > 0) throw new Error(`${lost.length} visits failed though nobody was killed: ${lost[0]}`);
    return new Lane(project, family, restore, cases, left);
  }

  stop(): void {
    void this.warm.stop();
    this.project.stop();
  }

  /** Kills engine, program and `migrate` at once, at one request; then `up`. */
  async kill(one: Case): Promise<Made> {
    const started = Date.now();
    const { project, warm } = this;
    const { from, takenBack } = changeOf(this.family);
    const left = this.left.get(caseText(one));
    (left?.restore ?? this.restore)();
    const end = visit(project.services, ttlOf(this.family), left && { ...left.held });
    try {
      const hit = left !== undefined || (await killed(project, this.family, one));
      await project.pulumi("cancel", "--yes", "--stack", STACK);
      if (takenBack) project.configure(config(from));
      const up = left ? () => warm.up() : () => project.up();
      const { code, output, refreshed } = await finished(project, up, takenBack ? config(from) : undefined);
      const { requests, lost } = await end();
      const { missing, orphans } = compare(project.state(), project.cloud);
      const wrong = [
        ...(hit ? [] : ["the request did not come"]),
        ...(code === 0 ? [] : [`up: ${reason(output)}`]),
        ...lost.slice(0, 1).map((why) => `${lost.length} of ${requests} visits failed: ${why}`),
        ...missing.map((what) => `lost: ${what}`),
        ...orphans.filter((one) => isBad(one) && !told(one, output)).map(({ type }) => `orphan: ${type}`),
      ];
      const pending = project.state().pending.map(({ type, resource }) => `${type} ${resource.urn.split("::").at(-1)}`);
      if (refreshed) pending.push("refreshed");
      const seconds = Math.round((Date.now() - started) / 1000);
      return {
        outcome: { wrong, orphans: orphans.map(({ type }) => type), pending, visits: requests, seconds },
        output,
      };
    } finally {
      await end();
    }
  }
}

const ttlOf = (family: Family): number =>
  changeOf(family).from.architecture === "monitored-instance" ? TTL.up : TTL.alias;

/** Patient enough for a machine that does other things, and with no longer waits than the order of a flip needs. */
const config = ({ architecture, domain }: Wanted) =>
  settings(architecture, {
    ...(domain && { "iamvet:domain": { ...domain, zoneName: DOMAIN, ttl: 30 } }),
    "iamvet:gates": {
      healthyCount: 2,
      intervalSeconds: 1,
      timeoutSeconds: 900,
      drainSeconds: 5,
      resolvers: [dns.server],
    },
  });

/** Begins the change as a person would. */
function begin(project: Project, family: Family) {
  const { to, by } = changeOf(family);
  if (by === "migrate") {
    const how = ["--to", to.architecture, "--steps", "100", "--bake", "2s", "--yes", "-C", project.folder];
    return project.start("node", "cli/bin.mjs", "migrate", "--stack", STACK, ...how);
  }
  project.configure(config(to));
  return project.start("pulumi", "up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive");
}

/**
 * One `up`; one that says how to go on before the change can be taken back is obeyed, and then the change is taken back. What the engine
 * had deleted when it was killed, and the file wants again, it takes for there: it says that an operation is pending, and that `pulumi
 * refresh` repairs that, which is obeyed too.
 */
async function finished(
  project: Project,
  up: () => Promise<Finished>,
  back: Readonly<Record<string, unknown>> | undefined,
) {
  const told: string[] = [];
  const run = async (does: Promise<Finished>) => {
    const { code, output } = await does;
    told.push(output);
    return code;
  };
  let code = await run(up());
  const commands = commandsIn(told.join("\n"));
  if (code !== 0 && back && commands.length > 0) {
    for (const command of commands) code = await run(/^pulumi up /.test(command) ? up() : project.shell(command));
    project.configure(back);
    code = await run(up());
  }
  // Once what stood in its way is deleted by the command that it has printed, it goes on.
  if (code !== 0 && deleteAsTold(project.cloud, told.join("\n")).length > 0) code = await run(up());
  const refreshed = back !== undefined && /pending operations[\s\S]*`pulumi refresh`/.test(told.join("\n"));
  if (refreshed) {
    code = await run(project.pulumi("refresh", "--yes", "--skip-preview", "--stack", STACK));
    if (code === 0) code = await run(up());
  }
  return { code, output: told.join("\n"), refreshed };
}

async function killed(project: Project, family: Family, one: Case): Promise<boolean> {
  const { child, done } = begin(project, family);
  let hit = false;
  const forget = watch(project, async (request, phase) => {
    if (hit || phase !== one.phase || !same(request, one.request)) return;
    hit = true;
    signal(child, "SIGKILL");
    await done;
    if (phase === "before") throw new Error("nobody is there any more");
  });
  await done;
  forget();
  return hit;
}

type Heard = (request: Request, phase: Phase) => Promise<void> | void;

/** Hears every request that changes something. @returns stops */
function watch({ cloud, vercel }: Project, heard: Heard): () => void {
  const count = { before: counter(), after: counter() };
  const called = (by: Request["by"]) => async (type: string, phase: Phase) => {
    if (!changes(type)) return;
    try {
      await heard(count[phase]({ by, op: "call", type, name: "" }), phase);
    } catch {
      // Whoever asked is gone: the request has no effect and no answer.
      await new Promise(() => {});
    }
  };
  const callers = { program: called("program"), migrate: called("migrate"), engine: called("engine") };
  cloud.before = (op, type, name) => heard(count.before({ by: "engine", op, type, name }), "before");
  cloud.after = ({ op, type, name }) => heard(count.after({ by: "engine", op, type, name }), "after");
  cloud.asked = (action, phase, app) => callers[app === "program" ? app : "migrate"](action, phase);
  // By a provider that is part of the program and that the engine runs; the names of what Vercel made differ from run to run.
  vercel.asked = (label, phase) => callers.engine(label.replace(/(certs)\/[^/]+$/, "$1/…"), phase);
  return () => {
    cloud.before = cloud.after = cloud.asked = vercel.asked = () => {};
  };
}

/** What the state and the cloud do not both have. */
function compare({ resources }: StackState, cloud: Cloud): { missing: string[]; orphans: Stored[] } {
  const own = resources.filter(({ id, external, type }) => id && !external && !type.startsWith("pulumi:"));
  const known = new Set(own.map(({ type, id }) => `${type} ${id}`));
  const there = new Set([...cloud.resources.values()].map(idOf));
  return {
    missing: own
      .filter(({ type, id }) => isKept(type) && !there.has(`${type} ${id}`))
      .map(({ urn }) => urn.split("::").slice(2).join(" ")),
    orphans: [...cloud.resources.values()].filter((one) => !known.has(idOf(one))),
  };
}

/** Whether an `up` has printed the command that deletes it. */
const told = ({ id }: Stored, output: string): boolean =>
  output.split("\n").some((line) => /^ +aws /.test(line) && line.includes(id));

const idOf = ({ type, id }: Stored) => `${type} ${id}`;
/** Dynamic providers keep nothing in the cloud of the tests. */
const isKept = (type: string) => !type.startsWith("pulumi-nodejs:");

/** The first error of an update, on one line. */
const reason = (output: string): string =>
  (/error: (?!update failed)(.{0,200})/s.exec(output)?.[1] ?? output.slice(-200)).replace(/\s+/g, " ").trim();
