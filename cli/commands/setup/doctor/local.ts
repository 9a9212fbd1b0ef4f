import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../../core/root";
import { run, runPulumi } from "../../../lib/process";
import { check, Missing, ok, skipped, warning, wrong } from "./check";
import { lookAtPlugins, pluginsOf } from "./plugins";

/** What a program printed; undefined if it is not on PATH. */
async function output(program: string, ...args: string[]): Promise<{ ok: boolean; text: string } | undefined> {
  const { code, stdout, stderr } = await (program === "pulumi" ? runPulumi(args, LIMIT) : run(program, args, LIMIT));
  if (code === undefined) return undefined;
  return code === 0 ? { ok: true, text: stdout.trim() } : { ok: false, text: stderr.trim() || `it ended with ${code}` };
}

const LIMIT = { limit: 8 };

/** Compares dotted numbers. */
export const older = (version: string, than: string): boolean =>
  version.replace(/^v/, "").localeCompare(than, "en", { numeric: true }) < 0;

/** The oldest CLI that the flips were tried with. */
const OLDEST_PULUMI = "3.248.0";

/** What this machine brings. */
export const localChecks = [
  check("Node", [], async () => {
    const { engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      engines: { node: string };
    };
    const [, from = "0", to = "99"] = /^>=([\d.]+) <([\d.]+)$/.exec(engines.node) ?? [];
    const { version } = process;
    return older(version, from) || !older(version, to)
      ? wrong(version, `Node ${engines.node} is needed: nodejs.org, or \`nvm install 24\`.`)
      : ok(version);
  }),

  check("pulumi CLI", [], async () => {
    const found = await output("pulumi", "version");
    if (!found)
      return wrong(
        "not on PATH",
        "Install it: pulumi.com/docs/install. `platform plan` works without it, `pulumi up` does not.",
      );
    if (!found.ok) return wrong(found.text, "`pulumi version` fails: install it anew.");
    return older(found.text, OLDEST_PULUMI)
      ? warning(found.text, `Older than ${OLDEST_PULUMI}, with which the flips were tried: update it.`)
      : ok(found.text);
  }),

  check("plugins", ["plan"], async ({ plan }) => {
    const installed = await output("pulumi", "plugin", "ls", "--json");
    if (!installed) return skipped("needs the pulumi CLI");
    return installed.ok
      ? lookAtPlugins(pluginsOf(plan), installed.text)
      : warning(installed.text, "`pulumi plugin ls` fails: the next `pulumi up` downloads what it misses.");
  }),

  check("backend", [], async ({ stack, folder }) => {
    const found = await output("pulumi", "whoami", "--json", "--non-interactive", "--cwd", folder);
    if (!found) return skipped("needs the pulumi CLI");
    if (!found.ok) {
      return wrong(
        "not logged in",
        "pulumi login, pulumi login 's3://<bucket>?region=<region>', or pulumi login --local.",
      );
    }
    const { user, url } = JSON.parse(found.text) as { user: string; url: string };
    const listed = await output("pulumi", "stack", "ls", "--json", "--non-interactive", "--cwd", folder);
    const stacks = listed?.ok
      ? (JSON.parse(listed.text) as { name: string }[]).map(({ name }) => name.split("/").at(-1))
      : [];
    const where = `${user} at ${url}`;
    if (listed?.ok && !stacks.includes(stack))
      return warning(`${where}; it has no stack ${stack} yet`, `pulumi stack init ${stack}`);
    return url.startsWith("file:")
      ? warning(
          `${where}: the state is on this machine alone`,
          "Fine to try things out. For a team: platform init --backend s3, or Pulumi Cloud.",
        )
      : ok(where);
  }),

  check("config", [], async ({ settings, stack, plan }) => {
    if (settings instanceof Missing)
      return wrong(settings.reason, "Mend what is named, or write the file anew: platform init.");
    if (plan instanceof Missing) return wrong(plan.reason, `npm start -- --stack ${stack} shows it in full.`);
    const blocking = plan.notices.filter((notice) => notice.blocking);
    return blocking.length > 0
      ? blocking.map(({ message }) =>
          warning(
            `\`pulumi up\` will stop: ${message.split("\n")[0]}`,
            message.split("\n").slice(1).join("\n") || message,
          ),
        )
      : ok(`${settings.architecture}, ${plan.resources.length} resources`);
  }),

  check("Docker", ["settings"], async ({ settings }) => {
    if (!settings.image.build) return skipped("no image is built here (image.build is false)");
    const server = await output("docker", "version", "--format", "{{.Server.Version}}");
    if (!server) return wrong("docker is not on PATH", "Install Docker, or give an image: image.uri.");
    if (!server.ok) return wrong("the Docker daemon does not answer", "Start it, or give an image: image.uri.");
    const builder = await output("docker", "buildx", "version");
    return builder?.ok
      ? ok(`${server.text}, buildx`)
      : wrong(`${server.text} without buildx`, "Install the buildx plugin.");
  }),
];
