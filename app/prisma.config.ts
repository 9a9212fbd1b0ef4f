import { defineConfig } from "prisma/config";

/** Read by the Prisma CLI only (`prisma generate`, `prisma migrate deploy`); the site itself connects in lib/db.ts. */
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  // Undefined during `prisma generate`, which needs no database.
  datasource: { url: process.env.DATABASE_URL ?? "" },
});
