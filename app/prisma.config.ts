import type { PrismaConfig } from "prisma";

/**
 * Read by the Prisma CLI only (`prisma generate`, `prisma migrate deploy`); the site itself connects in lib/db.ts. Only types
 * are imported, since a release holds this file but no Prisma CLI.
 */
export default {
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  // Undefined during `prisma generate`, which needs no database.
  datasource: { url: process.env.DATABASE_URL ?? "" },
} satisfies PrismaConfig;
