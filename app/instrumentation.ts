import type { Server } from "node:http";

/**
 * Called by Next.js once, before the first request. When the process is told to end, Next.js closes the connections that are idle then;
 * one with a request under way would stay open behind its answer for KEEP_ALIVE_TIMEOUT, and the process with it, until it is killed.
 */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { subscribe } = await import("node:diagnostics_channel");
  let ending = false;
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.once(signal, () => {
      ending = true;
    });
  }
  subscribe("http.server.response.finish", (message) => {
    if (ending) setImmediate(() => (message as { server: Server }).server.closeIdleConnections());
  });
}
