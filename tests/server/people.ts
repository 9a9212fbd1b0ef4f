import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "../drill/harness/processes";
import type { Box } from "./box";

const TOOLS = join(__dirname, "..", "drill", "tools");
/** Where PM2 is in a box, on nobody's PATH. */
const PM2 = "/usr/lib/pm2-of-the-tests";
export const HOST = "www.example.com";

/** A small app that answers as Next.js does, under its title. It is away from its database while the file `away` lies beside it. */
const APP = `process.title = "next-server (v16.0.0)";
const fs = require("node:fs");
process.chdir(__dirname);
for (const line of fs.existsSync(".env") ? fs.readFileSync(".env", "utf8").split("\\n") : []) {
  const at = line.indexOf("=");
  if (at > 0) process.env[line.slice(0, at)] ??= line.slice(at + 1);
}
require("node:http").createServer((request, response) => {
  const away = fs.existsSync("away");
  if (request.url === "/settings") return response.end(JSON.stringify({ pid: process.pid, ...process.env }));
  if (request.url === "/api/health-external" && away) {
    console.error(new Date().toISOString() + " connect ECONNREFUSED 10.0.0.5:5432");
    response.statusCode = 503;
  }
  response.statusCode = Number(/^\\/answers\\/(\\d+)/.exec(request.url)?.[1] ?? response.statusCode);
  if (request.url === "/api/health-external" && fs.existsSync("broken")) response.statusCode = 500;
  response.end("ok");
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

/** How PM2 came to a server: where it lies in a home, and what the shell of a log-in says of it. */
export const INSTALLATIONS = {
  nvm: {
    bin: ".nvm/versions/node/v20.20.2/bin",
    // As Ubuntu's .bashrc: what follows is for interactive shells alone.
    bashrc: 'case $- in *i*) ;; *) return ;; esac\\n. "$HOME/.nvm/nvm.sh"',
  },
  fnm: {
    bin: ".local/share/fnm/node-versions/v20.20.2/installation/bin",
    bashrc: 'case $- in *i*) ;; *) return ;; esac\\nexport PATH="$HOME/.local/share/fnm/aliases/default/bin:$PATH"',
  },
  volta: { bin: ".volta/bin", bashrc: 'export VOLTA_HOME="$HOME/.volta"\\nexport PATH="$VOLTA_HOME/bin:$PATH"' },
  opt: { bin: "/opt/node-20/bin", bashrc: "true" },
} as const;
export type Installation = keyof typeof INSTALLATIONS;

export interface Person {
  readonly user: string;
  readonly app: string;
  readonly port: number;
  readonly home: string;
  /** A command of PM2, as this person would type it. */
  pm2(command: string): Promise<string>;
  /** What the app says of itself: its process and its environment. */
  settings(): Promise<Readonly<Record<string, string>>>;
  /** Parameters of the command document for this app. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Puts PM2 into the box, on nobody's PATH. */
export async function bringPm2(box: Box): Promise<void> {
  const env = { ...process.env, NODE_OPTIONS: "" };
  if (!existsSync(join(TOOLS, "node_modules")))
    await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: TOOLS, env });
  box.bring(join(TOOLS, "node_modules"), `${PM2}/node_modules`);
}

/** Somebody who runs an app under a PM2 of their own, installed in one of the usual ways. */
export async function person(box: Box, user: string, installation: Installation, port: number): Promise<Person> {
  const { bin, bashrc } = INSTALLATIONS[installation];
  const home = `/home/${user}`;
  const folder = bin.startsWith("/") ? bin : `${home}/${bin}`;
  const app = `shop-${user}`;
  await box.do(`
    useradd --create-home --shell /bin/bash ${user}
    mkdir -p ${folder} ${home}/app ${home}/.nvm ${home}/.local/share/fnm/aliases
    cp --no-clobber "$(command -v node)" ${folder}/node
    ln -sf ${PM2}/node_modules/pm2/bin/pm2 ${folder}/pm2
    ln -s ../node-versions/v20.20.2/installation ${home}/.local/share/fnm/aliases/default
    printf '${bashrc}\\n' >>${home}/.bashrc
    echo 'export PATH="$HOME/.nvm/versions/node/v20.20.2/bin:$PATH"' >${home}/.nvm/nvm.sh
    printf 'export FROM_LOGIN=yes\\n' >>${home}/.profile`);
  box.write(`${home}/app/server.js`, APP);
  box.write(`${home}/app/worker.js`, "setInterval(() => {}, 1000);\n");
  box.write(`${home}/app/.env`, `SECRET_OF_THE_APP=only-in-memory-${user}\n`, 0o600);
  box.write(
    `${home}/app/ecosystem.config.js`,
    `module.exports = { apps: [
      { name: "${app}", script: "server.js", cwd: __dirname, time: true, env: { PORT: ${port}, FROM_ECOSYSTEM: "yes" } },
      { name: "worker", script: "worker.js", cwd: __dirname },
    ] };`,
  );
  await box.do(`chown -R ${user}: ${home}`);
  const as = (command: string) =>
    box.do(
      `runuser -u ${user} -- env HOME=${home} USER=${user} bash -lc 'export PATH=${folder}:$PATH; cd ~/app; ${command}'`,
    );
  return {
    ...{ user, app, port, home },
    pm2: (command) => as(`pm2 ${command}`),
    settings: async () => JSON.parse(await box.do(`curl --silent --fail http://127.0.0.1:${port}/settings`)),
    parameters: {
      ...{
        AppName: app,
        AppPort: String(port),
        AppUser: user,
        Ecosystem: `${home}/app/ecosystem.config.js`,
        HealthWait: "15",
      },
      ...{ HealthPath: "/api/health-external", ProcessPath: "/api/health-external", SiteUrl: "" },
      ...{
        LogFiles: `${home}/.pm2/logs/${app}-out.log ${home}/.pm2/logs/${app}-error.log`,
        AppErrorLog: `${home}/.pm2/logs/${app}-error.log`,
      },
    },
  };
}
