// Stands in for `systemctl start|reload pm2-site`: runs the unit's own ExecStart or ExecReload below a root of its own. The environment
// is the unit's and nothing of the caller's but PATH and HOME; the environment file is read for each command and wins, and nothing in it
// is expanded (systemd.exec(5), EnvironmentFile=; ExecReload= gets the same environment, systemd.service(5)).
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const { BOOT_ROOT: root, PATH, HOME } = process.env;
const below = (text) => text.replace(/(^|[ =])\/(?=srv|home|run|var)/g, `$1${root}/`);
const unit = readFileSync(`${root}/etc/systemd/system/pm2-site.service`, "utf8");
const line = (key) => below(new RegExp(`^${key}=-?(.*)$`, "m").exec(unit)[1]);
const variables = (text) => text.map((entry) => /^(\w+)=(.*)$/s.exec(entry).slice(1));
// Within double quotes a line may end, and a backslash goes before what a shell would escape there; before anything else it stays.
const file = [...readFileSync(line("EnvironmentFile"), "utf8").matchAll(/^(\w+)="((?:[^"\\]|\\.)*)"$/gms)];
const env = {
  ...{ PATH, HOME },
  ...Object.fromEntries(variables(line("Environment").split(" "))),
  ...Object.fromEntries(file.map(([, name, value]) => [name, value.replaceAll(/\\(["\\`$])/g, "$1")])),
};
const [program, ...args] = line(process.argv[2] === "reload" ? "ExecReload" : "ExecStart").split(" ");
process.exit(spawnSync(program, args, { env, stdio: "inherit" }).status ?? 1);
