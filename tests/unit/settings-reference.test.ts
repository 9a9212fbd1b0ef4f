import assert from "node:assert/strict";
import { sections } from "../../stacks/settings";
import { settingsReference } from "../../stacks/settings-reference";

describe("the reference of the settings", () => {
  const all = settingsReference();
  const found = (key: string) => all.find((setting) => setting.key === key);

  it("covers every section of the schema", () => {
    const covered = new Set(all.map(({ key }) => key.split(/[.[]/)[0]));
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
});
