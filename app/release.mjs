// After `next build`: completes `.next/standalone`, so that this one folder is the release: of an image, and of a server's archive
// (stages `run` and `archive` of the Dockerfile).
import { cpSync, existsSync, rmSync } from "node:fs";

const release = ".next/standalone";
// What the standalone server leaves out (static files), and what an instance needs besides it.
for (const [from, to] of [
  [".next/static", ".next/static"],
  ["public", "public"],
  ["prisma", "prisma"],
  ["prisma.config.ts", "prisma.config.ts"],
  ["ecosystem.config.cjs", "ecosystem.config.cjs"],
  ["nginx", "nginx"],
]) {
  if (existsSync(from)) cpSync(from, `${release}/${to}`, { recursive: true });
}
// A developer's settings never belong into a release.
for (const file of [".env", ".env.local", ".env.production"]) rmSync(`${release}/${file}`, { force: true });
