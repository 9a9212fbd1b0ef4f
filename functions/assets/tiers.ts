import { request } from "node:https";

/** How the tiers behind the load balancer are asked for a file. */
export interface TierAccess {
  /** Address of the load balancer itself, such as `https://name.elb.amazonaws.com`. */
  readonly origin: string;
  /** The site's name: the load balancer's certificate holds for it. */
  readonly host: string;
  readonly header: string;
  /** Values of the header, one a tier: the probe rules lead each to its tier, also to one that has no visitors. */
  readonly values: readonly string[];
}

/** What {@link assetHandler} answers to a probe's header: no rule led it to a tier, so that tier is not there. */
export const NO_SUCH_TIER = 421;

/** How often each tier is asked: during a release only some of its targets have a file, and each try may reach another one. */
const TRIES = 6;
/** Milliseconds that one try may take. */
const PATIENCE = 3_000;

/** Asks the tiers, all at once and several times, and takes the first file that one of them has. */
export function tierAsker(access: TierAccess): (path: string) => Promise<Buffer | undefined> {
  return async (path) => {
    let values = access.values;
    for (let tries = 0; tries < TRIES && values.length > 0; tries++) {
      const answers = await Promise.all(values.map((value) => ask(access, value, path)));
      const found = answers.find(({ status }) => status === 200);
      if (found) return found.content;
      values = values.filter((_, index) => answers[index]?.status !== NO_SUCH_TIER);
    }
    return undefined;
  };
}

interface Answer {
  /** 0 for none. */
  readonly status: number;
  readonly content: Buffer;
}

function ask({ origin, host, header }: TierAccess, value: string, path: string): Promise<Answer> {
  return new Promise((resolve) => {
    const none = () => resolve({ status: 0, content: Buffer.alloc(0) });
    const { hostname, port } = new URL(origin);
    const asking = request(
      {
        ...{ hostname, port, path, servername: host, timeout: PATIENCE },
        // A connection of its own: a kept one would stay with one node of the load balancer.
        agent: false,
        // With a name: AWS WAF's common rules refuse a request that has none (NoUserAgent_HEADER).
        headers: { host, [header]: value, "accept-encoding": "identity", "user-agent": "iamvet-platform-assets" },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, content: Buffer.concat(parts) }));
        response.on("error", none);
      },
    );
    asking.on("timeout", () => asking.destroy());
    asking.on("error", none);
    asking.end();
  });
}
