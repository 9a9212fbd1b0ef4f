import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { attempt, LIMITS, podman, type Ran, run } from "../container/tools";
import { until } from "../drill/harness/processes";
import { skipIf } from "../skip";

/** Commands that a server of these tests has from the machine that they run on. */
const NEEDED = [
  "podman",
  "runc",
  "nginx",
  "openssl",
  "curl",
  "ss",
  "runuser",
  "flock",
  "python3",
  "findmnt",
  "jq",
  "systemd-run",
];

/** Why these tests cannot run here, if so. */
export function missing(): string | undefined {
  if (process.getuid?.() !== 0) return "a server with systemd is run as root here";
  const path = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
  const lacking = NEEDED.filter((name) => !path.some((folder) => existsSync(join(folder, name))));
  if (lacking.length > 0)
    return `${lacking.join(", ")} not here (apt-get install podman runc nginx iproute2 jq systemd)`;
  return existsSync("/usr/lib/systemd/systemd") ? undefined : "systemd is not installed (apt-get install systemd)";
}

const OPAQUE = "import os, sys; [os.setxattr(path, 'trusted.overlay.opaque', b'y') for path in sys.argv[1:]]";

/**
 * A server: a container in which systemd is process 1, with this machine's programs (its root, below a layer of the box's own, which is
 * thrown away), users, services and logs of its own, and no network but its own loopback. What runs in it is real: systemd, Nginx, Node.js,
 * PM2, flock, runuser.
 */
export class Box {
  private readonly dir = mkdtempSync(join(tmpdir(), "box-"));
  private readonly root = join(this.dir, "root");
  private readonly name = `iamvet-box-${process.pid}-${Math.floor(Math.random() * 1e6)}`;

  /** A server for a suite, which is left out where it cannot run. */
  static async start(suite: Mocha.Context): Promise<Box> {
    skipIf(suite, missing());
    const box = new Box();
    try {
      await run("mount", ["-t", "tmpfs", "tmpfs", box.dir]);
      for (const part of ["upper", "work", "root"]) mkdirSync(join(box.dir, part));
      // Nothing of this machine's running state is the server's: folders that hide what lies below them (overlayfs.rst, "opaque").
      const own = ["tmp", "run", "root", "var/log/nginx", "var/lib/containers"].map((name) =>
        join(box.dir, "upper", name),
      );
      for (const folder of own) mkdirSync(folder, { recursive: true });
      await run("python3", ["-c", OPAQUE, ...own]);
      await run("chmod", ["1777", own[0] as string]);
      const layers = `lowerdir=/,upperdir=${join(box.dir, "upper")},workdir=${join(box.dir, "work")}`;
      await run("mount", ["-t", "overlay", "overlay", "-o", layers, box.root]);
      await podman(
        ...[
          "run",
          "--detach",
          "--name",
          box.name,
          "--hostname",
          "server",
          "--systemd=always",
          "--cgroupns=host",
          "--network",
          "none",
        ],
        ...["--cap-add", "SYS_ADMIN,SYS_PTRACE,NET_ADMIN", ...LIMITS],
        ...["--rootfs", box.root, "/usr/lib/systemd/systemd"],
      );
      const up = async () => /running|degraded/.test((await box.try("systemctl is-system-running")).stdout);
      if (!(await until(up, 60_000, 500)))
        throw new Error(`systemd does not come up: ${(await box.try("systemctl")).output}`);
      return box;
    } catch (error) {
      await box.stop();
      throw error;
    }
  }

  /** Runs a script of bash in the box, whatever comes of it. */
  try(script: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const set = Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
    return attempt("podman", ["--runtime", "runc", "exec", ...set, this.name, "bash", "-c", script]);
  }

  /** Runs a script of bash in the box. @throws Error with its last words when it fails */
  async do(script: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { code, stdout, output } = await this.try(script, env);
    if (code !== 0) throw new Error(`${script.slice(0, 200)}: ended with ${code}: ${output.slice(-3000)}`);
    return stdout.trim();
  }

  write(path: string, text: string, mode = 0o644): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
  }

  /** Copies a folder of this machine into the box, which does not see what lies below /tmp or /root here. */
  bring(from: string, to: string): void {
    cpSync(from, join(this.root, to), { recursive: true, verbatimSymlinks: true });
  }

  /** Every file below some folders with its size and the sum of its content: what a manifest before and after is made of. */
  async manifest(...folders: string[]): Promise<string[]> {
    const listed = await this.do(`find ${folders.join(" ")} -type f -print0 | sort -z | xargs -0r sha256sum`);
    return listed.split("\n").filter(Boolean);
  }

  async stop(): Promise<void> {
    await attempt("podman", ["--runtime", "runc", "rm", "--force", "--time", "2", this.name]);
    await attempt("umount", ["--lazy", this.root]);
    await attempt("umount", ["--lazy", this.dir]);
    rmSync(this.dir, { recursive: true, force: true });
  }
}
