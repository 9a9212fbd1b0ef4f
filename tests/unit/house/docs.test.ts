import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { commands } from "../../../cli/commands";
import { settingsReference } from "../../../stacks/settings/settings-reference";

const ROOT = join(__dirname, "../../..");

/** Pages that people read: every one that git knows. */
const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path && existsSync(join(ROOT, path)))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));

/** Scripts that a page can mean: the project's, and those of a package in its folder. */
const scriptsOf = (page: string): string[] =>
  ["package.json", join(dirname(page), "package.json")]
    .filter((file) => existsSync(join(ROOT, file)))
    .flatMap((file) =>
      Object.keys((JSON.parse(readFileSync(join(ROOT, file), "utf8")) as { scripts: object }).scripts),
    );

/** Commands as a page writes them: in code, with a line's end, a quote or a comment after them. */
function written(text: string, start: RegExp): string[] {
  return [...text.matchAll(new RegExp(`${start.source}([^\`\\n#|]*)`, "g"))].map((match) => (match[1] ?? "").trim());
}

describe("the pages", () => {
  it("lead with every link to a file that is there, and to a heading that is there", () => {
    const broken: string[] = [];
    for (const { path, text } of pages) {
      for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [file = "", anchor] = target.split("#");
        const found = file === "" ? join(ROOT, path) : resolve(ROOT, dirname(path), file);
        if (!existsSync(found)) broken.push(`${path}: ${target}`);
        else if (anchor && !headings(readFileSync(found, "utf8")).includes(anchor)) broken.push(`${path}: ${target}`);
      }
    }
    assert.deepEqual(broken, []);
  });

  it("name no folder or file in code that is not there", () => {
    const missing = pages.flatMap(({ path, text }) =>
      [
        ...text.matchAll(
          /`((?:core|output|components|stacks|cli|insight|functions|runbooks|policy|tests|docs|examples)\/[\w./-]*)`/g,
        ),
      ]
        .map(([, name = ""]) => name)
        .filter((name) => !existsSync(join(ROOT, name)))
        .map((name) => `${path}: ${name}`),
    );
    assert.deepEqual(missing, []);
  });

  it("write every `npm run` with a script that is there", () => {
    const unknown = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/npm run (?:--silent )?([\w:-]+)(?! --prefix)/g)]
        .filter(([whole, name = ""]) => !scriptsOf(path).includes(name) && !text.includes(`${whole} --prefix`))
        .map(([, name]) => `${path}: npm run ${name}`),
    );
    assert.deepEqual(unknown, []);
  });

  it("write every command with arguments and options that it takes", async () => {
    const wrong: string[] = [];
    for (const { path, text } of pages) {
      const lines = [
        ...written(text, /npm run (?:--silent )?platform -- /),
        ...written(text, /npm start (?:--silent )?-- /).map((rest) => `plan ${rest}`),
      ];
      for (const line of lines) {
        const [name = "", ...words] = (line.split(/ && | > | \| /)[0] ?? "").split(/\s+/);
        if (name.startsWith("-")) continue;
        const entry = commands[name];
        if (!entry) {
          wrong.push(`${path}: platform ${name}`);
          continue;
        }
        const command = await entry.load();
        for (const word of words.filter((word) => word.startsWith("-"))) {
          const option = word.split("=")[0] as string;
          if (!takes(command, option)) wrong.push(`${path}: platform ${name} ${option}`);
        }
      }
    }
    assert.deepEqual(wrong, []);
  });

  it("name in the comment behind a command only options that it takes", async () => {
    const wrong: string[] = [];
    for (const { path, text } of pages) {
      for (const [, name = "", comment = ""] of text.matchAll(/platform -- (\w[\w-]*)[^\n#]*# ([^\n]*)/g)) {
        const command = await commands[name]?.load();
        for (const [option] of comment.matchAll(/(?<=^|[\s(])--[a-z][\w-]*/g))
          if (!command || !takes(command, option)) wrong.push(`${path}: platform ${name} ${option}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it("write every settings key as the schema has it", () => {
    const keys = settingsReference().map(({ key }) => key);
    const known = (name: string) =>
      keys.some(
        (key) => key === name || key.startsWith(`${name}.`) || name.startsWith(`${key}.`) || key === `${name}[]`,
      );
    const sections = new Set(keys.map((key) => key.split(".")[0]));
    const wrong = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/iamvet:([a-zA-Z]+(?:\.\w+)*)|`([a-z][a-zA-Z]+\.(?!ts\b)[a-z]\w*)(?=[`:])/g)]
        .map(([, set, told]) => set ?? told ?? "")
        .filter((name) => name !== "index")
        .filter((name) => sections.has(name.split(".")[0]) || !name.includes("."))
        .filter((name) => !known(name))
        .map((name) => `${path}: ${name}`),
    );
    assert.deepEqual(wrong, []);
  });

  it("are the same pages in Korean as in English, where there are both", () => {
    for (const { path } of pages.filter((page) => page.path.startsWith("docs/ko/"))) {
      assert.ok(existsSync(join(ROOT, "docs", relative("docs/ko", path))), path);
    }
  });

  it("have the same sections and the same commands in Korean as in English", () => {
    const parts = (text: string) => ({
      sections: [...text.matchAll(/^#+ /gm)].map(([mark]) => mark),
      commands: [...text.matchAll(/^(?:npm|pulumi|platform) [^#\n]*/gm)].map(([command]) =>
        command.replace(" --language ko", "").trim(),
      ),
    });
    for (const { path, text } of pages.filter(
      ({ path }) => path.startsWith("docs/ko/") && !path.endsWith("README.md"),
    )) {
      const english = pages.find((page) => page.path === `docs/${relative("docs/ko", path)}`);
      assert.deepEqual(parts(text), parts(english?.text ?? ""), path);
    }
  });
});

/** GitHub's anchors: lower case, punctuation gone, spaces as dashes. */
function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );
}

function takes(command: Command, option: string): boolean {
  const own = command.options.some(({ long, short }) => long === option || short === option);
  return own || command.commands.some((inner) => takes(inner, option));
}
