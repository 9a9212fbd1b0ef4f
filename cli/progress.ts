import ora from "ora";

/** Shows that something is under way, on standard error and only to a person: a pipe gets the result alone. */
export async function withProgress<T>(text: string, work: () => Promise<T>): Promise<T> {
  const spinner = ora({ text, stream: process.stderr, isSilent: !process.stderr.isTTY }).start();
  try {
    return await work();
  } finally {
    spinner.stop();
  }
}
