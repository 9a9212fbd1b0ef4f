import { lookup } from "node:dns/promises";
import { request } from "node:https";
import type { TLSSocket } from "node:tls";
import type { Answer } from "./observed";

const PATIENCE = 8_000;

/** What is asked: the site's health path, always with its real name (SNI), wherever the question goes. */
export interface Question {
  readonly name: string;
  readonly path: string;
  /** @default 443 */
  readonly port?: number;
  /** Milliseconds for one answer, from the first packet to the status line. @default 8000 */
  readonly patience?: number;
}

/** Asks as a visitor does. A certificate that is not valid is told, and does not hide whether the site answers behind it. */
export function ask({ name, path, port = 443, patience = PATIENCE }: Question, at: string): Promise<Answer> {
  return new Promise((resolve) => {
    let shown: Answer = {};
    const asking = request(
      {
        host: at,
        servername: name,
        port,
        path,
        headers: { host: port === 443 ? name : `${name}:${port}`, "user-agent": "site-watcher" },
        agent: false,
        rejectUnauthorized: false,
        family: 4,
        signal: AbortSignal.timeout(patience),
      },
      (response) => {
        resolve({ ...shown, status: response.statusCode ?? 0 });
        response.destroy();
      },
    );
    asking.on("socket", (socket) =>
      socket.once("secureConnect", () => {
        shown = readCertificate(socket as TLSSocket);
      }),
    );
    asking.on("error", (error: NodeJS.ErrnoException) =>
      resolve({
        ...shown,
        error:
          error.name === "TimeoutError" || error.name === "AbortError" ? "ETIMEDOUT" : (error.code ?? error.message),
      }),
    );
    asking.end();
  });
}

function readCertificate(socket: TLSSocket): Answer {
  const ends = Date.parse(socket.getPeerCertificate().valid_to);
  const wrong = socket.authorizationError as unknown as string | NodeJS.ErrnoException | undefined;
  const certificate = typeof wrong === "object" ? (wrong.code ?? wrong.message) : wrong;
  return {
    ...(certificate && { certificate }),
    ...(Number.isNaN(ends) ? {} : { daysLeft: (ends - Date.now()) / 86_400_000 }),
  };
}

/** Whether anything else answers from here: Amazon's own echo of an address, which has nothing to do with the site. */
export const askControl = async (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(PATIENCE), redirect: "manual" }).then(
    ({ status }) => status < 500,
    () => false,
  );

/** Addresses of a name; none if it resolves to nothing. */
export const resolveName = (name: string): Promise<string[]> =>
  lookup(name, { family: 4, all: true }).then(
    (all) => all.map(({ address }) => address),
    () => [],
  );
