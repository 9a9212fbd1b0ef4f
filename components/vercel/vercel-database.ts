/**
 * How Vercel's functions reach the database. Chosen by config and never silently: each way has a cost or an exposure, which
 * {@link describeVercelDatabase} says in every plan.
 */
export type VercelDatabaseAccess =
  /** The security group admits Vercel's static outbound addresses of this project only (Pro and Enterprise). */
  | { readonly kind: "static-ips"; readonly addresses: readonly string[] }
  /** Any address may connect; TLS is forced, the certificate verified, the password strong. */
  | { readonly kind: "public-tls" }
  /** Vercel Secure Compute: a peered network, the database stays private (Enterprise). */
  | { readonly kind: "private-link"; readonly cidr: string };

/** What the foundation must do for an access, and what people must know. */
export interface VercelDatabaseNeeds {
  /** Setting `publiclyAccessible` of the database; an update in place that waits for nothing. */
  readonly publiclyAccessible: boolean;
  /** Who may connect to PostgreSQL's port. */
  readonly ingress: readonly { readonly cidr: string; readonly description: string }[];
  /** Parameter `rds.force_ssl` of the parameter group; dynamic, so no reboot. */
  readonly forceTls: boolean;
  /** What is exposed, to be said in every plan. */
  readonly exposure: string;
  /** What it costs on Vercel's side, USD a month. */
  readonly monthlyUsd: number;
  /** What people do outside this program. */
  readonly steps: readonly string[];
}

/** Price of static outbound addresses, USD a month per project (vercel.com/pricing; as of 2026-11, from the project's notes). */
const staticIpsMonthlyUsd = 100;

/**
 * Price of Secure Compute, USD a year per network: a list price of 2025 that could not be looked up again. It is part of an
 * Enterprise contract, so that Vercel's offer decides.
 */
const secureComputeYearlyUsd = 6500;

/**
 * What an access asks of database and security group, what it exposes and what it costs.
 * @throws if the addresses are missing or not an IPv4 address or CIDR.
 */
export function describeVercelDatabase(access: VercelDatabaseAccess): VercelDatabaseNeeds {
  switch (access.kind) {
    case "static-ips":
      if (access.addresses.length === 0) {
        throw new Error(
          "vercel.database.addresses: none given. Enable Static IPs for the project's region in " +
            "Vercel (project settings, Connectivity) and list the two addresses shown there.",
        );
      }
      return {
        publiclyAccessible: true,
        ingress: access.addresses.map((address) => ({
          cidr: toCidr(address),
          description: "Vercel static outbound address",
        })),
        forceTls: true,
        exposure:
          `The database has a public address that only ${access.addresses.join(", ")} may reach. Vercel ` +
          "shares its static addresses between customers, so the password and TLS still count.",
        monthlyUsd: staticIpsMonthlyUsd,
        steps: ["Enable Static IPs for this project in Vercel (project settings, Connectivity), builds included."],
      };
    case "public-tls":
      return {
        publiclyAccessible: true,
        ingress: [{ cidr: "0.0.0.0/0", description: "Vercel functions have no fixed addresses" }],
        forceTls: true,
        exposure:
          "The database's port 5432 is open to the internet: TLS is forced and the " +
          "certificate verified, but only the password keeps strangers out.",
        monthlyUsd: 0,
        steps: ["Keep the database's password generated (32 characters or more) and rotated."],
      };
    case "private-link":
      return {
        publiclyAccessible: false,
        ingress: [{ cidr: toCidr(access.cidr), description: "Vercel Secure Compute network" }],
        forceTls: true,
        exposure: "The database stays private: only Vercel's peered network reaches it.",
        monthlyUsd: Math.round(secureComputeYearlyUsd / 12),
        steps: [
          "Create the Secure Compute network in Vercel in the database's region and connect this project to it, builds included.",
          "Let Vercel request VPC peering, and accept it: aws ec2 accept-vpc-peering-connection --vpc-peering-connection-id <pcx-...>",
          "Lead the answers back, in the route table of the database's subnets: aws ec2 " +
            "create-route --route-table-id <rtb-...> --destination-cidr-block " +
            `${toCidr(access.cidr)} --vpc-peering-connection-id <pcx-...>`,
        ],
      };
  }
}

/** Options of {@link serverlessDatabaseUrl}. */
export interface ServerlessDatabaseOptions {
  /**
   * Connections that one function instance may hold. Fluid compute serves several requests from one instance, so a few, not
   * the server's usual ten and more; instances x this must stay below `max_connections`. @default 3
   */
  readonly connectionLimit?: number;
  /** Seconds that a query waits for a free connection before it fails. @default 10 */
  readonly poolTimeoutSeconds?: number;
  /** Seconds to wait for the database to accept a connection. @default 5 */
  readonly connectTimeoutSeconds?: number;
}

/** Connections per function instance unless {@link ServerlessDatabaseOptions.connectionLimit} says otherwise. */
export const defaultConnectionLimit = 3;

/** How a `DATABASE_URL` is written. */
export const DATABASE_URL_FORM = "postgresql://user:password@host:5432/name";

/** Whether a text is the URL of a PostgreSQL database. */
export const isDatabaseUrl = (text: string): boolean =>
  URL.canParse(text) && ["postgresql:", "postgres:"].includes(new URL(text).protocol);

/**
 * `DATABASE_URL` for functions: few connections, short waits, TLS. Other parameters stay. The URL can only demand TLS; the
 * certificate is verified by the site's own connection pool, which knows the authorities of RDS.
 * @throws if the URL is not one of PostgreSQL. The message never contains the URL, as it holds the password.
 */
export function serverlessDatabaseUrl(databaseUrl: string, options: ServerlessDatabaseOptions = {}): string {
  const { connectionLimit = defaultConnectionLimit, poolTimeoutSeconds = 10, connectTimeoutSeconds = 5 } = options;
  if (!Number.isInteger(connectionLimit) || connectionLimit < 1) {
    throw new Error(`vercel.database.connectionLimit: ${connectionLimit}. Use a whole number from 1 up.`);
  }
  if (!isDatabaseUrl(databaseUrl)) {
    throw new Error(
      `DATABASE_URL is not the URL of a PostgreSQL database. Write it as ${DATABASE_URL_FORM}, password percent-encoded.`,
    );
  }
  const url = new URL(databaseUrl);
  const parameters = {
    connection_limit: connectionLimit,
    pool_timeout: poolTimeoutSeconds,
    connect_timeout: connectTimeoutSeconds,
    sslmode: "require",
  };
  for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, String(value));
  return url.toString();
}

function toCidr(address: string): string {
  const [, ip, bits = "32"] = /^(\d{1,3}(?:\.\d{1,3}){3})(?:\/(\d{1,2}))?$/.exec(address) ?? [];
  if (ip === undefined || ip.split(".").some((part) => Number(part) > 255) || Number(bits) > 32) {
    throw new Error(
      `vercel.database: ${address} is not an IPv4 address or CIDR, for example 203.0.113.7 or 10.1.0.0/16.`,
    );
  }
  return `${ip}/${bits}`;
}
