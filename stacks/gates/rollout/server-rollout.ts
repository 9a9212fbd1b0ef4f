import type { Rollout } from "../../../core/web-tier";
import type { MigrationRun } from "../migration";
import { indent, never, notYet } from "../wait";
import type { Watch } from ".";

type Asked = Extract<Rollout, { kind: "server" }>;

/** What a server's release is asked and begun by. */
export interface ServerCloud {
  /** What the server says of itself: `<instance id> <boot parameter:version>`. */
  record(asked: Asked): Promise<string | undefined>;
  /** The command of the document that runs on the server now, and for which boot parameter. */
  underWay(asked: Asked): Promise<{ readonly command: string; readonly parameter?: string } | undefined>;
  /** Whether Systems Manager can reach the server: not before its first boot, and not while it is stopped. */
  online(asked: Asked): Promise<boolean>;
  /** @returns the id of the command */
  install(asked: Asked): Promise<string>;
  installed(asked: Asked, command: string): Promise<MigrationRun>;
  /** Keeps the recovery out. @returns what puts the parameter back as it was */
  mute(asked: Asked): Promise<() => Promise<void>>;
}

/**
 * Installs the release on a server whose own record does not name it, with the recovery kept out meanwhile. The record is written by the
 * server at the end of its first boot and of each release, so it is true after a restore and after a command that a hand has sent, too.
 */
export function watchServer(asked: Asked, cloud: ServerCloud, log: (message: string) => void): Watch {
  const wanted = `${asked.instanceId} ${asked.parameter}`;
  let command: string | undefined;
  let running = false;
  let unmute: (() => Promise<void>) | undefined;
  return {
    async look() {
      const record = await cloud.record(asked);
      if (record === wanted) {
        running = false;
        return { done: true };
      }
      const runs = `the server's own record says ${record ?? "nothing"}, not ${wanted}`;
      if (!command) {
        const other = await cloud.underWay(asked);
        if (other && other.parameter !== asked.parameter) return notYet(`${other.command} installs another release`);
        if (!other && !(await cloud.online(asked)))
          return notYet(
            `Systems Manager does not reach ${asked.instanceId} (yet). A first boot tries again by itself; on the ` +
              `server \`journalctl -u site-boot\` says why it does, \`systemctl restart site-boot\` does so at once`,
          );
        if (asked.mute) unmute ??= await cloud.mute(asked);
        command = other?.command ?? (await cloud.install(asked));
        running = true;
        log(`${asked.instanceId} installs the release of ${asked.parameter} (${command})`);
        return notYet(`${command} has begun`);
      }
      const run = await cloud.installed(asked, command);
      if (run.state === "running") return notYet(`${command} is running`);
      running = false;
      if (run.state === "succeeded") return never(`${command} ended well, and ${runs}`);
      return never([`${command}: ${run.why}; ${runs}`, ...(run.output ? [indent(run.output)] : [])].join("\n"));
    },
    // One that goes on is not to meet the recovery either: the mute ends by itself, later than the command can.
    end: async () => (running ? undefined : unmute?.()),
  };
}
