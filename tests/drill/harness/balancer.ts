import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { planStack } from "../../../cli/planner/planner";
import type { Plan } from "../../../core/plan-format";
import { list, ofType, record, text } from "../../../core/plan-reader";
import { endGroup, freePort, run, start, until } from "./processes";

/** What the plan says of targets and their load balancer, in seconds and answers in a row. */
export interface Numbers {
  readonly healthPath: string;
  readonly interval: number;
  readonly timeout: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  readonly slowStart: number;
  /** Deregistration delay. */
  readonly drain: number;
  readonly idle: number;
  /** Tasks that the service keeps at least. */
  readonly count: number;
  /** Threshold of the alarm on the 95th percentile of answers, in seconds. */
  readonly latencyAlarm: number;
}

/** The numbers of production behind the load balancer, read from its plan and from nowhere else. */
export async function numbersOfThePlan(): Promise<Numbers> {
  return numbersOf(await planOfTheDrill());
}

/** Production behind the load balancer. */
export const planOfTheDrill = (): Promise<Plan> => planStack("prod", { architecture: "fargate" });

export function numbersOf(plan: Plan): Numbers {
  const targets = inputs(plan, "fargate-targets");
  const check = targets.healthCheck as Record<string, unknown>;
  const number = (value: unknown, what: string): number => {
    if (typeof value !== "number") throw new Error(`The plan does not tell ${what}`);
    return value;
  };
  return {
    healthPath: String(check.path),
    interval: number(check.interval, "the interval of health checks"),
    timeout: number(check.timeout, "the time-out of health checks"),
    healthyThreshold: number(check.healthyThreshold, "the healthy threshold"),
    unhealthyThreshold: number(check.unhealthyThreshold, "the unhealthy threshold"),
    slowStart: number(targets.slowStart, "the slow start"),
    drain: number(targets.deregistrationDelay, "the deregistration delay"),
    idle: number(inputs(plan, "load-balancer-balancer").idleTimeout, "the idle time-out"),
    count: number(inputs(plan, "fargate-service").desiredCount, "the number of tasks"),
    latencyAlarm: number(inputs(plan, "fargate-latency").threshold, "the latency alarm's threshold"),
  };
}

function inputs(plan: Plan, name: string): Readonly<Record<string, unknown>> {
  const found = plan.resources.find((resource) => resource.name === name);
  if (!found) throw new Error(`The plan has no ${name}`);
  return found.inputs;
}

/** What stands before the targets, where a drill needs more than these. */
export interface Front {
  /** Certificate and key in one file: with it the load balancer is spoken to by TLS. */
  readonly certificate: string;
  /** Port of the function that answers for built files, behind a load balancer's way of calling it. */
  readonly functionPort: number;
  /** Listener rules that lead to the function or to the targets, in the order in which they are met. */
  readonly rules: readonly string[];
}

/**
 * The listener rules of a plan in HAProxy's words, in their order.
 *
 * @param token stands for the secret one of the probe rules
 * @param without name of a rule to leave out, to show that the drill notices
 */
export function rulesOf(plan: Plan, token: string, without?: string): string[] {
  const found = ofType(plan, "aws:lb/listenerRule:ListenerRule")
    .filter(({ name, inputs }) => name !== without && record(list(inputs.actions)[0]).type === "forward")
    .sort((one, other) => Number(one.inputs.priority) - Number(other.inputs.priority));
  return found.map(({ inputs }) => {
    const { httpHeader, pathPattern } = record(list(inputs.conditions)[0]);
    const header = text(record(httpHeader).httpHeaderName);
    const path = text(list(record(pathPattern).values)[0])?.replace(/\*$/, "");
    const condition = header ? `req.hdr(${header}) -m str fargate.${token}` : `path_beg ${path}`;
    const backend = JSON.stringify(inputs.actions).includes("asset-server-targets") ? "function" : "targets";
    return `use_backend ${backend} if { ${condition} }`;
  });
}

/** What the load balancer thinks of a target. */
export type TargetState = "unused" | "checking" | "healthy" | "unhealthy" | "draining";

/**
 * HAProxy in the place of the load balancer: round robin over the targets, active checks with the plan's numbers, connections to
 * targets kept and used again, and no second try, as an Application Load Balancer makes none.
 */
export class Balancer {
  port = 0;
  private child?: ChildProcess;
  private readonly draining = new Set<string>();

  /** @param checks false leaves the active checks out, to show that the drill notices */
  constructor(
    private readonly dir: string,
    private readonly numbers: Numbers,
    readonly slots: readonly string[],
    private readonly checks: boolean,
    private readonly env: NodeJS.ProcessEnv,
    private readonly front?: Front,
  ) {}

  async start(): Promise<void> {
    this.port ||= await freePort();
    const file = join(this.dir, "haproxy.cfg");
    writeFileSync(file, this.config());
    await run("haproxy", ["-c", "-q", "-f", file]);
    this.child = start("haproxy", ["-db", "-f", file], { env: this.env });
    if (
      !(await until(
        () =>
          this.ask("show info").then(
            (text) => text.includes("Uptime"),
            () => false,
          ),
        10_000,
      ))
    ) {
      throw new Error("HAProxy did not start");
    }
  }

  async stop(): Promise<void> {
    if (this.child) await endGroup(this.child);
  }

  /** A new target: it is asked whether it is well, and gets no visitor before it was, as often as the plan wants. */
  async register(slot: string, port: number): Promise<void> {
    this.draining.delete(slot);
    await this.ask(`set server targets/${slot} addr 127.0.0.1 port ${port}`);
    // A server that leaves maintenance counts as healthy: so it first stands without visitors, and down.
    await this.ask(`set server targets/${slot} state drain`);
    if (this.checks) await this.ask(`set server targets/${slot} health down`);
  }

  /** Lets visitors come to a target that {@link state} calls healthy. */
  async open(slot: string): Promise<void> {
    await this.ask(`set server targets/${slot} state ready`);
  }

  /** No new request from now on; those under way go on. */
  async drain(slot: string): Promise<void> {
    this.draining.add(slot);
    await this.ask(`set server targets/${slot} state drain`);
  }

  async remove(slot: string): Promise<void> {
    this.draining.delete(slot);
    await this.ask(`set server targets/${slot} state maint`);
  }

  async state(slot: string): Promise<TargetState> {
    const rows = (await this.ask("show stat")).split("\n").map((line) => line.split(","));
    const status = rows.find(([backend, name]) => backend === "targets" && name === slot)?.[17] ?? "";
    if (status.startsWith("MAINT")) return "unused";
    if (this.draining.has(slot)) return "draining";
    if (status.startsWith("DOWN")) return "unhealthy";
    return status === "UP" || status === "DRAIN" || status === "no check" ? "healthy" : "checking";
  }

  private ask(command: string): Promise<string> {
    return new Promise((done, fail) => {
      const socket = createConnection(join(this.dir, "haproxy.sock"));
      let text = "";
      socket.setEncoding("utf8");
      socket.on("data", (chunk) => {
        text += chunk;
      });
      socket.on("end", () => done(text));
      socket.on("error", fail);
      socket.end(`${command}\n`);
    });
  }

  private config(): string {
    const { interval, timeout, healthyThreshold, unhealthyThreshold, idle, slowStart, healthPath } = this.numbers;
    const check = this.checks
      ? `check inter ${interval}s fall ${unhealthyThreshold} rise ${healthyThreshold} slowstart ${slowStart}s`
      : "";
    return [
      "global",
      `  stats socket ${join(this.dir, "haproxy.sock")} mode 600 level admin`,
      "  maxconn 4000",
      "defaults",
      "  mode http",
      "  retries 0",
      "  http-reuse always",
      "  option http-keep-alive",
      // For checks too: a hanging process accepts nothing any more once its queue is full, and a check's time-out has to cover that.
      `  timeout connect ${timeout}s`,
      `  timeout client ${idle}s`,
      `  timeout server ${idle}s`,
      `  timeout check ${timeout}s`,
      "frontend site",
      `  bind 127.0.0.1:${this.port}${this.front ? ` ssl crt ${this.front.certificate}` : ""}`,
      ...(this.front?.rules ?? []).map((rule) => `  ${rule}`),
      "  default_backend targets",
      "backend targets",
      "  balance roundrobin",
      "  option httpchk",
      `  http-check send meth GET uri ${healthPath} ver HTTP/1.1 hdr Host localhost`,
      "  http-check expect status 200",
      ...this.slots.map((slot) => `  server ${slot} 127.0.0.1:9 disabled ${check}`),
      ...(this.front ? ["backend function", `  server function 127.0.0.1:${this.front.functionPort}`] : []),
      "",
    ].join("\n");
  }
}
