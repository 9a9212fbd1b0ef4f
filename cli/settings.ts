import { Command } from "commander";
import pc from "picocolors";
import { type Setting, sectionDescriptions, settingsReference } from "../stacks/settings-reference";
import { UsageError } from "./stack-files";
import { newTable } from "./table";

interface Options {
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** `platform settings`: every key of a stack's config, from the schema itself. */
export function settingsCommand(): Command {
  return new Command("settings")
    .description("List the keys of a stack's config: what each decides, what is allowed, its default.")
    .argument("[section]", "only this section or key, for example fargate or database.multiAz")
    .option("--json", "print as JSON")
    .option("--markdown", "print as the page docs/configuration.md")
    .action((section: string | undefined, { json, markdown }: Options) => {
      const found = pick(settingsReference(), section);
      console.log(json ? JSON.stringify(found, null, 2) : markdown ? markdownOf(found) : tableOf(found));
    });
}

function pick(all: readonly Setting[], section: string | undefined): readonly Setting[] {
  if (!section) return all;
  const name = section.replace(/^iamvet:/, "");
  const found = all.filter(({ key }) => key === name || key.startsWith(`${name}.`) || key.startsWith(`${name}[]`));
  if (found.length > 0) return found;
  throw new UsageError(`There is no setting ${section}. There is: ${sectionNames(all).join(", ")}.`);
}

const sectionOf = ({ key }: Setting) => key.split(/[.[]/)[0] as string;
const sectionNames = (all: readonly Setting[]) => [...new Set(all.map(sectionOf))];

function defaultOf({ required, default: fallback }: Setting): string {
  if (required) return "required";
  return fallback === undefined ? "-" : typeof fallback === "string" ? fallback : JSON.stringify(fallback);
}

function tableOf(settings: readonly Setting[]): string {
  const width = Math.min(process.stdout.columns ?? 140, 160);
  const table = newTable({
    head: ["key", "default", "what it decides, and what is allowed"],
    style: { compact: false },
    wordWrap: true,
    colWidths: [32, 20, Math.max(40, width - 58)],
  });
  for (const setting of settings) {
    table.push([setting.key, defaultOf(setting), `${setting.description}\n${pc.dim(setting.allowed)}`]);
  }
  return `${table.toString()}\n\nSet one: pulumi config set --path iamvet:${settings[0]?.key.replace("[]", "[0]")} <value>`;
}

/** docs/configuration.md; a unit test fails when the page in the repository is another one. */
export function markdownOf(settings: readonly Setting[]): string {
  const sections = sectionDescriptions();
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ").replaceAll("<", "&lt;");
  const code = (text: string) => (text === "required" ? "**required**" : text === "-" ? "" : `\`${text}\``);
  return [
    "# Configuration reference",
    "",
    "Written by `npm run platform -- settings --markdown` from the schema in `stacks/settings.ts`; a test fails when it is out of date.",
    "Keys stand in `Pulumi.<stack>.yaml` under `config:` with the namespace `iamvet:`, and are set by",
    "`pulumi config set --path iamvet:<key> <value>` (with `--secret` for anything secret). A mistake is told before anything is created.",
    ...sectionNames(settings).flatMap((section) => [
      "",
      `## ${section}`,
      "",
      sections[section] ?? "",
      "",
      "| key | default | what it decides | allowed |",
      "| --- | --- | --- | --- |",
      ...settings
        .filter((setting) => sectionOf(setting) === section)
        .map(
          (setting) =>
            `| \`${setting.key}\` | ${code(defaultOf(setting))} | ${cell(setting.description)} | ${cell(setting.allowed)} |`,
        ),
    ]),
  ].join("\n");
}
