import { Command } from "commander";
import { UserError } from "../../../core/errors";
import { type Block, code, type Inline, literal, muted, section, strong, table, text } from "../../../output/document";
import { toMarkdown } from "../../../output/markdown";
import { toTerminal } from "../../../output/terminal";
import { type Setting, sectionDescriptions, settingsReference } from "../../../stacks/settings/settings-reference";

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
      console.log(json ? JSON.stringify(found, null, 2) : markdown ? markdownOf(found) : settingsText(found));
    });
}

function pick(all: readonly Setting[], section: string | undefined): readonly Setting[] {
  if (!section) return all;
  const name = section.replace(/^iamvet:/, "");
  const found = all.filter(({ key }) => key === name || key.startsWith(`${name}.`) || key.startsWith(`${name}[]`));
  if (found.length > 0) return found;
  throw new UserError(`There is no setting ${section}. There is: ${sectionNames(all).join(", ")}.`);
}

const sectionOf = ({ key }: Setting) => key.split(/[.[]/)[0] as string;
const sectionNames = (all: readonly Setting[]) => [...new Set(all.map(sectionOf))];

function defaultOf({ required, default: fallback }: Setting): Inline {
  if (required) return strong("required");
  return fallback === undefined ? "" : literal(typeof fallback === "string" ? fallback : JSON.stringify(fallback));
}

/** One section for each key of the config at the top, with a table of all keys under it. */
const sectionBlocks = (settings: readonly Setting[]): Block[] =>
  sectionNames(settings).map((name) =>
    section(name, [
      text(sectionDescriptions()[name] ?? ""),
      table(
        [
          { title: "key", width: Math.max(...settings.map(({ key }) => key.length)) + 2 },
          { title: "default", width: 22 },
          { title: "what it decides", width: 0 },
          { title: "allowed", width: 0 },
        ],
        settings
          .filter((setting) => sectionOf(setting) === name)
          .map((setting) => [literal(setting.key), defaultOf(setting), setting.description, muted(setting.allowed)]),
        { ruled: true },
      ),
    ]),
  );

/** The settings in the terminal. */
const settingsText = (settings: readonly Setting[]): string =>
  toTerminal({
    title: "Settings",
    blocks: [
      ...sectionBlocks(settings),
      section("Set one", [code([`pulumi config set --path iamvet:${settings[0]?.key.replace("[]", "[0]")} <value>`])]),
    ],
  });

/** docs/configuration.md; a unit test fails when the page in the repository is another one. */
export const markdownOf = (settings: readonly Setting[]): string =>
  toMarkdown({
    title: "Configuration reference",
    blocks: [
      text(
        "Written by `npm run platform -- settings --markdown` from the schema in `stacks/settings/`; a test fails when " +
          "it is out of date. ",
        "Keys stand in `Pulumi.<stack>.yaml` under `config:` with the namespace `iamvet:`, and are set by ",
        "`pulumi config set --path iamvet:<key> <value>` (with `--secret` for anything secret). A mistake is told before " +
          "anything is created.",
      ),
      ...sectionBlocks(settings),
    ],
  });
