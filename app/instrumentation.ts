/** Called by Next.js once per process, before its first request. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === "nodejs") (await import("./lib/ending")).endWithLastAnswer();
}
