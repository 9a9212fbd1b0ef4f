import { subscribe } from "node:diagnostics_channel";
import type { Server } from "node:http";

/**
 * Lets the process end with its last answer. When it is told to end, Next.js closes the connections that are idle then; one with a
 * request under way would stay open behind its answer for KEEP_ALIVE_TIMEOUT, and the process with it, until it is killed.
 */
export function endWithLastAnswer(): void {
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
