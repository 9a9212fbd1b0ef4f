import type { Settings } from "../settings/schema";

/** Where the app of an existing server and its logs lie: as the stack says, else where its user and process manager have them. */
export function pathsOf({ appUser, appName, processManager, ...given }: Settings["existing"]) {
  const home = appUser === "root" ? "/root" : `/home/${appUser}`;
  // In the names of its logs PM2 writes a hyphen for what is no letter, digit, dot or hyphen (tried with 7.0.4).
  const logs = `${home}/.pm2/logs/${appName.replaceAll(/[^A-Za-z0-9.-]/g, "-")}`;
  return {
    ecosystem: given.ecosystem ?? `${home}/app/${processManager === "docker" ? "compose.yaml" : "ecosystem.config.js"}`,
    appLog: given.appLog ?? `${logs}-out.log`,
    appErrorLog: given.appErrorLog ?? `${logs}-error.log`,
  };
}
