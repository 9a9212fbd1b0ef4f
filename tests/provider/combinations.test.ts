import assert from "node:assert/strict";
import { readStackFile } from "../../cli/stack-files";
import { checkSettings } from "../../stacks/settings-check";
import { settingsReference } from "../../stacks/settings-reference";
import { combinations } from "./combinations";

const root = `${__dirname}/../..`;

/** Settings that no resource depends on, so that no combination has to try them. */
const WITHOUT_RESOURCES: readonly { readonly key: RegExp; readonly reason: string }[] = [
  { key: /^usage\./, reason: "figures for the estimate of cost" },
  { key: /^gates\./, reason: "how long the program waits, not what it builds" },
];

/** The config of a combination as the engine would hand it out. */
function configOf({ stack, architecture, config = {} }: (typeof combinations)[number]): Record<string, string> {
  const file = readStackFile(root, stack);
  const changed = { ...config, ...(architecture ? { architecture } : {}) };
  const raw = Object.entries(changed).map(([key, value]) => [
    `${file.project}:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return { ...file.config, ...Object.fromEntries(raw) };
}

/** Every key that a config sets, as the reference of settings writes it. */
function keysOf(value: unknown, key: string): string[] {
  if (Array.isArray(value)) return [key, ...value.flatMap((item) => keysOf(item, `${key}[]`))];
  if (typeof value !== "object" || value === null) return [key];
  return [key, ...Object.entries(value).flatMap(([name, item]) => keysOf(item, `${key}.${name}`))];
}

describe("the combinations that the real provider checks", () => {
  it("are valid configs", function () {
    this.timeout(60_000);
    for (const combination of combinations) {
      assert.doesNotThrow(() => checkSettings("iamvet", combination.stack, configOf(combination)), combination.name);
    }
  });

  it("have names of their own", () => {
    const names = combinations.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });

  it("try every key of a stack's config", () => {
    const tried = new Set(
      combinations.flatMap((combination) =>
        Object.entries(configOf(combination)).flatMap(([key, value]) => {
          const [project, name = ""] = key.split(":");
          if (project !== "iamvet") return [];
          return keysOf(/^[[{]/.test(value) ? JSON.parse(value) : value, name);
        }),
      ),
    );
    const untried = settingsReference()
      .map(({ key }) => key)
      .filter((key) => !tried.has(key) && !WITHOUT_RESOURCES.some((row) => row.key.test(key)));
    assert.deepEqual(untried, [], "add each of these to a combination in tests/provider/combinations.ts");
  });
});
