import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { markdownOf } from "../../../../cli/commands/look/settings";
import { sections } from "../../../../stacks/settings/schema";
import { type Setting, sectionDescriptions, settingsReference } from "../../../../stacks/settings/settings-reference";

const ROOT = join(__dirname, "../../../..");
const sectionOf = ({ key }: Setting) => key.split(/[.[]/)[0] as string;

describe("the reference of the settings", () => {
  const all = settingsReference();
  const found = (key: string) => all.find((setting) => setting.key === key);

  it("covers every section of the schema", () => {
    const covered = new Set(all.map(sectionOf));
    assert.deepEqual([...covered], Object.keys(sections));
  });

  it("says of each key what it decides and what is allowed", () => {
    assert.deepEqual(
      all.filter(({ description, allowed }) => description === "" || allowed === "").map(({ key }) => key),
      [],
    );
  });

  it("tells the default, also one that is converted first or that is no value", () => {
    assert.equal(found("fargate.cpu")?.default, 512);
    assert.equal(found("database.engineVersion")?.default, "18");
    assert.equal(found("domain.zoneName")?.default, "the name itself");
    assert.equal(found("domain.name")?.required, true);
    assert.equal(found("domain.ttl")?.required, false);
  });

  it("is declared in Pulumi.yaml, section by section, with what it decides and a default where none is required", () => {
    const { config } = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as {
      config: Record<string, { type: string; description: string; default?: unknown }>;
    };
    assert.deepEqual(
      Object.fromEntries(Object.entries(config).map(([name, { description }]) => [name, description])),
      sectionDescriptions(),
    );
    const required = new Set(all.filter((one) => one.required && one.key.split(".").length === 2).map(sectionOf));
    for (const [name, { default: fallback }] of Object.entries(config)) {
      assert.equal(fallback === undefined, required.has(name), name);
    }
  });

  it("is what docs/configuration.md shows", () => {
    const page = readFileSync(join(ROOT, "docs/configuration.md"), "utf8");
    const write = "npm run --silent platform -- settings --markdown > docs/configuration.md";
    assert.equal(page, `${markdownOf(all)}\n`, `stale: ${write}`);
  });
});
