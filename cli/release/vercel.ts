import { join } from "node:path";
import pc from "picocolors";
import type { Release, ReleaseTools } from "./tools";

/** A server and a task migrate by themselves, once per release; Vercel's functions cannot, so it is done from here before they change. */
export async function migrateFromHere(
  { settings, folder, stack }: Release,
  { exec, databaseUrl }: ReleaseTools,
): Promise<void> {
  if (!settings.app.migrate || settings.architecture !== "vercel") return;
  if (settings.vercel.databaseAccess !== "public-tls") {
    console.error(
      pc.yellow(
        `The migrations are not run: with vercel.databaseAccess ${settings.vercel.databaseAccess} the database of ${stack} cannot be reached from here. Run \`npx prisma migrate deploy\` where it can.`,
      ),
    );
    return;
  }
  const app = join(folder, "app");
  await exec("npm", ["ci", "--prefix", app]);
  await exec("npx", ["prisma", "migrate", "deploy"], { cwd: app, env: { DATABASE_URL: await databaseUrl() } });
}
