import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UsageError } from "./stack-files";

/**
 * Outputs of a deployed stack, by the user's own `pulumi`; secret ones stay hidden.
 *
 * @throws {UsageError} without the CLI, without a login, and for a stack that is not deployed
 */
export async function stackOutputs(folder: string, stack: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { stdout } = await promisify(execFile)(
      "pulumi",
      ["stack", "output", "--json", "--stack", stack, "--cwd", folder, "--non-interactive"],
      { timeout: 30_000, env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } },
    );
    return JSON.parse(stdout) as Record<string, unknown>;
  } catch (error) {
    const { code, stderr = "" } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT") {
      throw new UsageError(
        "The outputs of the stack are read by `pulumi`, which is not on PATH: see pulumi.com/docs/install.",
      );
    }
    const reason =
      stderr
        .trim()
        .split("\n")
        .at(-1)
        ?.replace(/^error: /, "") ?? "";
    throw new UsageError(`\`pulumi stack output --stack ${stack}\` fails: ${reason || "it did not answer"}`);
  }
}
