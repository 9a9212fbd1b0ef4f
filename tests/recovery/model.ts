import { parse } from "yaml";
import { renderRunbook } from "../../components/aws/runbook";
import { type Memory, NOTHING_KNOWN } from "../../functions/watcher/judge";
import type { Answer, Observed } from "../../functions/watcher/observed";
import { toldBy } from "../../functions/watcher/run-state";
import { type WatcherEvent, watcher } from "../../functions/watcher/watcher-handler";
import { type AutomationDocument, execute, type Performed, type Ran, type Step } from "./executor";
import type { Published, Scripts } from "./scripts";

/**
 * What may be the matter, each by itself; `fault` is of the site, the others are of all that is around it. With a disk that is `filled`
 * the site still answers.
 */
export interface Case {
  readonly fault: "none" | "filled" | "app" | "nginx" | "disk" | "hung" | "hardware";
  /** The machine swaps itself to death: nothing answers, commands do not end, and the agent reports all the same. */
  readonly thrashing: boolean;
  /** Systems Manager reaches the server, as long as that lives. */
  readonly reachable: boolean;
  readonly checks: "ok" | "instance" | "system";
  readonly firstBoot: boolean;
  readonly armed: boolean;
  readonly muted: boolean;
  readonly databaseDown: boolean;
  readonly elasticIp: boolean;
  /** Another run is under way, and stays so. */
  readonly locked: boolean;
  readonly dnsWrong: boolean;
  readonly certificateExpired: boolean;
  readonly groupClosed: boolean;
  readonly blind: boolean;
  /** What the evidence makes of a sound server: names its app stopped, as with a wrong name of it, or never ends. */
  readonly reading: "right" | "wrong" | "none";
  /** EC2 has no room for a server that was stopped, for the first half of the hour. */
  readonly noCapacity: boolean;
  /** A volume is encrypted by a key of the account's own. */
  readonly customerKey: boolean;
}

/** A rung that was taken, and whether the site answered at that moment. */
export interface Taken {
  readonly rung: string;
  readonly minute: number;
  readonly answered: boolean;
  /** The server was still booting for the first time. */
  readonly firstBoot: boolean;
}

export interface Hour {
  readonly taken: readonly Taken[];
  readonly runs: number;
  readonly outcomes: readonly string[];
  readonly answersInTheEnd: boolean;
  /** Minute of the hour from which the site answered, if it did not before. */
  readonly backAfter?: number;
  readonly published: readonly Published[];
  readonly memory: Memory;
}

export const MAX_PER_HOUR = 3;
const EVERY = 5;
const SERVER = "198.51.100.10";
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const START = Date.parse("2026-11-30T12:00:00Z");
const ago = (minutes: number) => iso(START - minutes * MINUTE);
const iso = (time: number) => new Date(time).toISOString();

/** Steps that take something away from whoever is served. */
export const DESTRUCTIVE: readonly string[] = ["freeDisk", "restartApp", "restartNginx", "reboot", "stop"];

/** One hour of a modelled server in a modelled account: the watcher, and the automation's document as it is deployed. */
export class Account {
  private now = START;
  private readonly broken: Record<"app" | "nginx" | "filled" | "disk" | "hung" | "hardware" | "thrashing", boolean>;
  private stopped = false;
  private readonly taken: Taken[] = [];
  private readonly runs: Record<string, unknown>[] = [];
  private readonly outcomes: string[] = [];
  private readonly published: Published[] = [];
  private memory: Memory;
  private readonly watch: (event: WatcherEvent) => Promise<string>;
  private launched: number;
  private backAfter: number | undefined;

  constructor(
    private readonly at: Case,
    private readonly scripts: Scripts,
    private readonly document: AutomationDocument = deployed,
  ) {
    this.launched = at.firstBoot ? START - 5 * MINUTE : START - 48 * 60 * MINUTE;
    const is = (fault: Case["fault"]) => at.fault === fault;
    this.broken = {
      app: is("app"),
      nginx: is("nginx"),
      filled: is("filled"),
      disk: is("disk"),
      hung: is("hung"),
      hardware: is("hardware"),
      thrashing: at.thrashing,
    };
    this.memory = at.armed ? { ...NOTHING_KNOWN, armedAt: ago(60 * 24) } : NOTHING_KNOWN;
    if (at.locked) this.runs.push(aRun("another", START - MINUTE, "InProgress"));
    this.watch = watcher({
      site: "www.example.com",
      addresses: [SERVER],
      maxPerHour: MAX_PER_HOUR,
      pause: async () => {},
      look: async () => this.look(),
      recall: async () => this.memory,
      keep: async (memory) => {
        this.memory = memory;
      },
      run: async (id) => this.runState(id),
      start: async (_document, trigger) => this.begin(trigger),
      publish: async (Subject, Message) => void this.published.push({ Subject, Message }),
      log: () => {},
    });
  }

  /** An alarm at once, then a look every five minutes for an hour. */
  async hour(): Promise<Hour> {
    const answeredAtFirst = this.answers();
    for (let look = 0; look < 60 / EVERY; look++) {
      this.now = Math.max(this.now, START + look * EVERY * MINUTE);
      const trigger = look === 0 ? "monitored-instance-app-process" : "schedule";
      await this.watch({ Trigger: trigger, Document: "recover" });
      await this.finish();
      if (!answeredAtFirst && this.answers()) this.backAfter ??= (this.now - START) / MINUTE;
    }
    return {
      taken: this.taken,
      runs: this.outcomes.length,
      outcomes: this.outcomes,
      answersInTheEnd: this.answers(),
      ...(this.backAfter === undefined ? {} : { backAfter: this.backAfter }),
      published: this.published,
      memory: this.memory,
    };
  }

  /** A run as a person, or an account of before the watcher, starts it: nobody asked. */
  async start(trigger: string): Promise<Hour> {
    this.begin(trigger);
    await this.finish();
    return {
      taken: this.taken,
      runs: this.outcomes.length,
      outcomes: this.outcomes,
      answersInTheEnd: this.answers(),
      published: this.published,
      memory: this.memory,
    };
  }

  // --- the server ---

  private lives(): boolean {
    return !this.broken.hung && !this.broken.hardware && !this.broken.thrashing && !this.stopped;
  }

  /** Whether a visitor who comes to the server is served. */
  answers(): boolean {
    const { app, nginx, disk } = this.broken;
    return this.lives() && !app && !nginx && !disk && !this.at.databaseDown;
  }

  private atTheServer(): Answer {
    if (this.at.groupClosed || this.at.blind || !this.lives()) return { error: "ETIMEDOUT" };
    if (this.broken.nginx) return { error: "ECONNREFUSED" };
    const certificate = this.at.certificateExpired
      ? { certificate: "CERT_HAS_EXPIRED", daysLeft: -1 }
      : { daysLeft: 60 };
    const { app, disk } = this.broken;
    return { ...certificate, status: app ? 502 : disk ? 500 : this.at.databaseDown ? 503 : 200 };
  }

  private look(): Observed {
    const { at } = this;
    return {
      now: iso(this.now),
      mute: at.muted ? iso(START + 120 * MINUTE) : "off",
      name: at.dnsWrong ? { error: "ETIMEDOUT" } : this.atTheServer(),
      address: this.atTheServer(),
      server: {
        state: this.stopped ? "stopped" : "running",
        launchedAt: iso(this.launched),
        systemCheck: at.checks === "system" ? "impaired" : "ok",
        ...(at.checks === "system" ? { systemImpairedSince: ago(3) } : {}),
        instanceCheck: at.checks === "instance" ? "impaired" : "ok",
        volumeCheck: "ok",
        managed: at.reachable && !this.broken.hung && !this.broken.hardware && !this.stopped,
      },
      around: {
        control: !at.blind,
        resolved: at.dnsWrong ? ["192.0.2.1"] : [SERVER],
        open: !at.groupClosed,
        keepsAddress: at.elasticIp,
        customerKey: at.customerKey,
        database: at.databaseDown ? "stopped" : "available",
      },
    };
  }

  /** What recover.sh would say, by its contract. */
  private evidence(): string {
    const { app, nginx, disk } = this.broken;
    if (this.now - this.launched < 10 * MINUTE) return "remedy=wait cause=first-boot detail=cloud-init runs";
    if (disk || this.broken.filled) return "remedy=free-disk cause=disk-full detail=/ is 100 % full";
    if (this.at.databaseDown) return "remedy=wait cause=database-unavailable detail=the database does not answer";
    if (app) return "remedy=restart-app cause=app-stopped detail=PM2 runs, but not the app";
    if (this.at.reading === "wrong") return "remedy=restart-app cause=app-stopped detail=PM2 runs, but not the app";
    if (nginx) return "remedy=restart-nginx cause=nginx-stopped detail=the app answers, Nginx does not run";
    if (this.at.certificateExpired) return "remedy=human cause=certificate detail=the certificate is not valid";
    return "remedy=none cause=none detail=the site answers";
  }

  private command(step: string): Performed {
    if (!this.at.reachable || !this.lives()) return this.after(180, { ok: false, outputs: {} });
    const fine = { ok: true, outputs: { Output: "" } };
    if (step === "evidence" && this.at.reading === "none") return this.after(180, { ok: false, outputs: {} });
    if (step === "evidence") return this.after(10, { ok: true, outputs: { Output: this.evidence() } });
    // On the server curl minds the certificate.
    const ok = this.answers() && !this.at.certificateExpired;
    if (step === "check") return this.after(ok ? 5 : 60, { ...fine, ok });
    if (step === "free-disk") this.broken.disk = this.broken.filled = false;
    if (step === "restart-app") this.broken.app = false;
    if (step === "restart-nginx") this.broken.nginx = false;
    return this.after(15, fine);
  }

  private boot(): void {
    for (const part of ["app", "nginx", "hung", "thrashing"] as const) this.broken[part] = false;
  }

  // --- the account ---

  private after<T>(seconds: number, result: T): T {
    this.now += seconds * SECOND;
    return result;
  }

  private begun: string | undefined;

  private begin(trigger: string): string {
    this.begun = trigger;
    return `run-${this.outcomes.length + 1}`;
  }

  private runState(id: string) {
    const found = this.runs.find((run) => run.AutomationExecutionId === id);
    return { ended: found !== undefined, ...toldBy((found?.Outputs ?? {}) as Record<string, string[]>) };
  }

  private async finish(): Promise<void> {
    const trigger = this.begun;
    if (trigger === undefined) return;
    this.begun = undefined;
    const id = `run-${this.outcomes.length + 1}`;
    const startedAt = this.now;
    const parameters = {
      "automation:EXECUTION_ID": id,
      InstanceId: "i-0123456789abcdef0",
      MuteParameter: "mute",
      TopicArn: "topic",
      Trigger: trigger,
      MaxRunsPerHour: String(MAX_PER_HOUR),
    };
    const times: number[] = [];
    const { status, values } = await execute(this.document, parameters, async (step, ran) => {
      times[ran.length] = this.now;
      return this.perform(step, id, startedAt, ran, times);
    });
    const outcome = values["report.Outcome"] ?? "failed";
    this.outcomes.push(outcome);
    this.runs.push(aRun(id, startedAt, status, reported(values)));
  }

  private async perform(step: Step, id: string, startedAt: number, ran: readonly Ran[], times: readonly number[]) {
    if (DESTRUCTIVE.includes(step.name)) {
      const firstBoot = this.now - this.launched < 20 * MINUTE;
      this.taken.push({ rung: step.name, minute: (this.now - START) / MINUTE, answered: this.answers(), firstBoot });
    }
    const done = { ok: true, outputs: {} };
    if (step.action === "aws:sleep") return this.after(60, done);
    if (step.action === "aws:runCommand") return this.command((step.inputs.Parameters as { Step: string }).Step);
    if (step.action === "aws:invokeLambdaFunction") {
      const answer = await this.watch(step.inputs.InputPayload as WatcherEvent);
      return this.after(20, { ok: true, outputs: { StatusCode: "200", Payload: JSON.stringify(answer) } });
    }
    if (step.action === "aws:executeAwsApi") {
      this.boot();
      return this.after(1, done);
    }
    if (step.action === "aws:changeInstanceState") {
      const { DesiredState } = step.inputs;
      const refused = DesiredState === "running" && this.at.noCapacity && this.now < START + 30 * MINUTE;
      if (refused) return this.after(5, { ...done, ok: false });
      this.stopped = DesiredState === "stopped";
      if (!this.stopped) {
        this.boot();
        this.broken.hardware = false;
        this.launched = this.now;
      }
      return this.after(120, done);
    }
    const me = aRun(id, startedAt, "InProgress");
    const { published, ...result } = await this.scripts.run(step, {
      now: iso(this.now),
      mute: this.at.muted ? iso(START + 120 * MINUTE) : "off",
      runs: [me, ...this.runs],
      run: { DocumentName: "recover", StepExecutions: recorded(ran, times) },
    });
    this.published.push(...published);
    return this.after(2, result);
  }
}

/** The document as it is deployed. */
export const deployed = parse(renderRunbook("recover.automation.yaml")) as AutomationDocument;

const aRun = (id: string, started: number, status: string, Outputs: Readonly<Record<string, string[]>> = {}) => ({
  AutomationExecutionId: id,
  AutomationExecutionStatus: status,
  ExecutionStartTime: iso(started),
  Outputs,
});

/** A run's outputs as AWS lists them: those of its report. */
export const reported = (values: Readonly<Record<string, string>>): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (name.startsWith("report.") ? [[name, [value]]] : [])),
  );

/** Steps as AWS records them: branches among them, outputs as lists. */
export const recorded = (ran: readonly Ran[], times: readonly number[]) =>
  ran.map(({ step, ok, outputs }, index) => ({
    StepName: step.name,
    StepStatus: ok ? "Success" : "Failed",
    ExecutionStartTime: iso(times[index] ?? times.findLast((time) => time !== undefined) ?? 0),
    Outputs: Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, [value]])),
  }));
