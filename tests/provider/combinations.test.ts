import assert from "node:assert/strict";
import { readStackFile } from "../../cli/lib/stack-files";
import { tiersOf } from "../../stacks/settings/conflict";
import { architectures } from "../../stacks/settings/schema";
import { checkSettings } from "../../stacks/settings/settings-check";
import { type SchemaNode, settingsReference, settingsSchema } from "../../stacks/settings/settings-reference";
import { combinations, randomCombinations } from "./combinations";
import { choicesOf, matters, randomConfigs } from "./random";

const root = `${__dirname}/../..`;

/** The config of a combination as the engine would hand it out. */
function configOf({ stack, architecture, config = {} }: (typeof combinations)[number]): Record<string, string> {
  const file = readStackFile(root, stack);
  const changed = { ...config, ...(architecture ? { architecture } : {}) };
  const raw = Object.entries(changed).map(([key, value]) => [
    key.includes(":") ? key : `${file.project}:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return { ...file.config, ...Object.fromEntries(raw) };
}

const parsed = (value: string) => (/^[[{]/.test(value) ? JSON.parse(value) : value);

/** The sections of a combination's config that decide anything about its resources. */
function sectionsOf(combination: (typeof combinations)[number]): [name: string, value: unknown][] {
  const settings = checkSettings("iamvet", combination.stack, configOf(combination));
  return Object.entries(configOf(combination)).flatMap(([key, value]) => {
    const [project, name = ""] = key.split(":");
    return project === "iamvet" && matters(name, tiersOf(settings)) ? [[name, parsed(value)]] : [];
  });
}

/** Every key and value that a config sets, as the reference of settings writes the key: `["fargate.cpu", 512]`. */
function valuesIn(value: unknown, key: string): [key: string, value: unknown][] {
  if (Array.isArray(value)) return [[key, value], ...value.flatMap((item) => valuesIn(item, `${key}[]`))];
  if (typeof value !== "object" || value === null) return [[key, value]];
  return [[key, value], ...Object.entries(value).flatMap(([name, item]) => valuesIn(item, `${key}.${name}`))];
}

/** Every key that has few values, with each of them. */
function choicesIn(key: string, node: SchemaNode): [key: string, value: unknown][] {
  const own = (choicesOf(node) ?? []).map((value): [string, unknown] => [key, value]);
  const inside = Object.entries(node.properties ?? {}).flatMap(([name, inner]) => choicesIn(`${key}.${name}`, inner));
  return [...own, ...inside, ...(node.items ? choicesIn(`${key}[]`, node.items) : [])];
}

describe("the combinations that the real provider checks", () => {
  const set = combinations.flatMap(sectionsOf).flatMap(([name, value]) => valuesIn(value, name));

  it("have names of their own", () => {
    const names = combinations.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });

  it("try every key of a stack's config", () => {
    const tried = new Set(set.map(([key]) => key));
    const untried = settingsReference()
      .map(({ key }) => key)
      .filter((key) => !tried.has(key) && matters(key.split(".")[0] ?? "", architectures));
    assert.deepEqual(untried, [], "add each of these to a combination in tests/provider/combinations.ts");
  });

  it("try every value of every choice", () => {
    const tried = new Set(set.map(([key, value]) => `${key}: ${value}`));
    const untried = Object.entries(settingsSchema())
      .filter(([name]) => matters(name, architectures))
      .flatMap(([name, node]) => choicesIn(name, node))
      .map(([key, value]) => `${key}: ${value}`)
      .filter((choice) => !tried.has(choice));
    assert.deepEqual(untried, [], "add each of these to a combination in tests/provider/combinations.ts");
  });
});

describe("random combinations", () => {
  it("are the same for the same seed, and others for another", () => {
    const configs = (seed: number) => randomConfigs(seed, ["staging"]);
    assert.deepEqual(configs(5), configs(5));
    assert.notDeepEqual(configs(5), configs(6));
  });

  it("become valid by following the advice of the settings' own messages", function () {
    this.timeout(120_000);
    for (let seed = 100; seed < 110; seed++) {
      for (const combination of randomCombinations(seed)) {
        assert.doesNotThrow(() => checkSettings("iamvet", combination.stack, configOf(combination)), combination.name);
      }
    }
  });
});
