import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/**
 * Commands of the CLI that may run the program, no preview, and not in order to change something. Whatever else it is, a command line that
 * is read wrongly among them, acts: an update without its gates is the worse mistake.
 */
const OTHERS: ReadonlySet<string> = new Set(["refresh", "destroy", "down", "dn"]);

/** Flags of the CLI that take the argument after them. */
const WITH_VALUE =
  /^(-C|--cwd|-s|--stack|--color|-v|--verbose|--profiling|--memprofilerate|--tracing|--tracing-header|--otel-traces)$/;

/**
 * Whether the engine that runs this program is to change something: no preview, and none of `pulumi refresh --run-program` and
 * `pulumi destroy --run-program`. Those run the program with the same answer of `isDryRun` as an update, and give it the state's old
 * outputs, so what a gate would start then nobody has asked for. The engine tells the program of it in no way; its command line does.
 */
export const updating = (commandLine = commandOfEngine): boolean =>
  !pulumi.runtime.isDryRun() && forUpdate(commandLine);

/** Whether it runs for an update, which it may only preview: what would be wrong to change is said then, and then alone. */
export const forUpdate = (commandLine = commandOfEngine): boolean => !OTHERS.has(commandLine() ?? "");

/** The command of the nearest `pulumi` above this process; undefined where there is none to see. */
const commandOfEngine = (): string | undefined => pulumiCommand(engine()?.args ?? []);

/** The CLI that runs this program; by what it was started as where its file is not to be seen, and by its name where nothing is. */
export function engineProgram(): string {
  const found = engine();
  if (!found) return "pulumi";
  try {
    // It may have been started by a path from another folder than this one.
    return readlinkSync(`/proc/${found.pid}/exe`);
  } catch {
    return found.args[0] as string;
  }
}

/** The nearest `pulumi` with a command above this process. */
function engine(): { readonly pid: number; readonly args: readonly string[] } | undefined {
  for (let pid = process.ppid; pid > 1; ) {
    const seen = look(pid);
    if (!seen) return undefined;
    if (pulumiCommand(seen.args)) return { pid, args: seen.args };
    pid = seen.parent;
  }
  return undefined;
}

/** The command in the arguments of a `pulumi`; undefined for another program. */
export function pulumiCommand(args: readonly string[]): string | undefined {
  if (!/^pulumi(\.exe)?$/.test(basename(args[0] ?? ""))) return undefined;
  return args.find((arg, index) => index > 0 && !arg.startsWith("-") && !WITH_VALUE.test(args[index - 1] ?? ""));
}

/** A process's parent and arguments, from Linux' `/proc`, or by `ps`. */
function look(pid: number): { readonly parent: number; readonly args: readonly string[] } | undefined {
  try {
    const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return { parent: Number(parent), args: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0") };
  } catch {
    try {
      const line = execFileSync("ps", ["-o", "ppid=,args=", "-p", String(pid)], { encoding: "utf8" }).trim();
      const [parent = "", ...args] = line.split(/\s+/);
      return { parent: Number(parent), args };
    } catch {
      return undefined;
    }
  }
}
