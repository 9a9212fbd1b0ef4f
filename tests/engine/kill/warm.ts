import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Finished, type Project, STACK } from "../harness/stack";
import type { Listening, Told } from "./host";

/** An update that nobody kills need not write its state down at each step, which was half of the engine's work. */
const UNKILLED = ["PULUMI_EXPERIMENTAL=true", "PULUMI_SKIP_CHECKPOINTS=true"];

/** Runs `up` after `up` of a project with a program that stays loaded (host.ts). */
export class Warm {
  private host?: Promise<{ readonly child: ChildProcess; readonly port: number }>;

  constructor(private readonly project: Project) {}

  private async begin() {
    const { env, folder } = this.project;
    const child = fork(join(__dirname, "host.ts"), { cwd: folder, env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const [{ port }] = (await once(child, "message")) as [Listening];
    return { child, port };
  }

  async up(): Promise<Finished> {
    this.host ??= this.begin();
    const { child, port } = await this.host;
    child.send({ epoch: String(this.project.env.ENGINE_EPOCH) } satisfies Told);
    const up = ["pulumi", "up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive"];
    const hosted = [`--client=127.0.0.1:${port}`, "--exec-kind=auto.inline"];
    const finished = await this.project.start("env", ...UNKILLED, ...up, ...hosted).done;
    // What a program that failed has left behind, a wait or a request, must not meet the next one.
    if (finished.code !== 0) await this.stop();
    return finished;
  }

  async stop(): Promise<void> {
    const { host } = this;
    this.host = undefined;
    (await host)?.child.kill();
  }
}
