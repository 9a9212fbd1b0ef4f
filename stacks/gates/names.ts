import { lookup, Resolver } from "node:dns/promises";
import { isIP } from "node:net";

/** DNS, as the gates ask it. Names are asked afresh each time: nothing here caches. */
export interface Names {
  /** IPv4 addresses of a name. With `servers` exactly those are asked, otherwise the public view. */
  addresses(name: string, servers?: readonly string[]): Promise<readonly string[]>;
  /** Where the given servers say that a name is an alias of (CNAME); none if it is no alias. */
  aliases(name: string, servers: readonly string[]): Promise<readonly string[]>;
  /** Name servers to which the public view delegates a zone. */
  delegation(zone: string): Promise<readonly string[]>;
}

/**
 * @param resolvers servers of the public view as `address` or `address:port`. @default the system's
 * @param timeoutMs for one question. @default 5000
 */
export function liveNames(resolvers: readonly string[] = [], timeoutMs = 5000): Names {
  const resolverOf = (servers: readonly string[]) => {
    const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
    if (servers.length > 0) resolver.setServers(servers);
    return resolver;
  };
  const isAddress = (server: string) => isIP(server) > 0 || /^[\d.]+:\d+$/.test(server) || server.startsWith("[");
  const addressOf = async (server: string) => {
    if (isAddress(server)) return server;
    return resolvers.length > 0
      ? (await resolverOf(resolvers).resolve4(server))[0]
      : (await lookup(server, { family: 4 })).address;
  };
  const exactly = async (servers: readonly string[]) => {
    const found = await Promise.all(servers.map(addressOf));
    return resolverOf(found.filter((server) => server !== undefined));
  };
  return {
    async addresses(name, servers) {
      if (isIP(name)) return [name];
      return (servers ? await exactly(servers) : resolverOf(resolvers)).resolve4(name);
    },
    aliases: async (name, servers) => (await exactly(servers)).resolveCname(name),
    delegation: (zone) => resolverOf(resolvers).resolveNs(zone),
  };
}
