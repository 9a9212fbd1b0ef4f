import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claim } from "../../../../../cli/commands/move/migrate/running";
import { StackEdit } from "../../../../../cli/commands/move/migrate/stack-edit";
import { positionOf } from "../../../../../cli/commands/move/migrate/steps";
import { contextOf } from "../../../insight/fixtures";
import { at } from "./fake-stack";

describe("migrate: the stack's file", () => {
  it("is read as the program reads it, with the same defaults", () => {
    const under = { canary: "vercel", percent: 10, from: "fargate" } as const;
    const { settings } = contextOf({ architecture: "fargate", traffic: under });
    assert.deepEqual(positionOf(settings), at("fargate", { ...under, revision: 0 }));
    assert.deepEqual(positionOf(contextOf().settings), at("monitored-instance", { revision: 0 }));
  });

  const folder = mkdtempSync(join(tmpdir(), "migrate-"));
  const path = join(folder, "Pulumi.prod.yaml");
  after(() => rmSync(folder, { recursive: true }));
  const text = [
    "# Production",
    "encryptionsalt: v1:abc",
    "config:",
    "  aws:region: ap-northeast-2",
    "  iamvet:architecture: fargate # since May",
    "  iamvet:domain:",
    "    name: iamvet.kr",
    "    redirectFrom: [www.iamvet.kr]",
    "  # sizes",
    '  iamvet:secrets: {KEY: {secure: "v1:x"}}',
    "",
  ].join("\n");
  const open = (content = text) => {
    writeFileSync(path, content);
    return new StackEdit(folder, "prod", "iamvet");
  };

  it("writes the position and leaves everything else, comments included", () => {
    const edit = open();
    edit.write(at("fargate", { canary: "vercel", percent: 10, from: "fargate" }));
    const added = "  iamvet:traffic:\n    canary: vercel\n    percent: 10\n    from: fargate\n    revision: 7\n";
    assert.equal(readFileSync(path, "utf8"), text + added);
    edit.write(at("vercel", { revision: 12 }));
    assert.equal(
      readFileSync(path, "utf8"),
      `${text.replace("architecture: fargate", "architecture: vercel")}  iamvet:traffic:\n    revision: 12\n`,
    );
    assert.deepEqual(readdirSync(folder), ["Pulumi.prod.yaml"], "nothing is left beside it");
  });

  it("writes the architecture where the file names none", () => {
    open("config:\n  aws:region: x\n").write(at("vercel"));
    assert.match(readFileSync(path, "utf8"), /iamvet:architecture: vercel/);
  });

  it("writes into a file without a config, and into keys without the project's name", () => {
    open("encryptionsalt: v1:abc\n").write(at("vercel"));
    assert.match(
      readFileSync(path, "utf8"),
      /config:\n {2}iamvet:architecture: vercel\n {2}iamvet:traffic:\n {4}revision: 7/,
    );
    open("config:\n  architecture: fargate\n").write(at("vercel"));
    assert.match(readFileSync(path, "utf8"), /^config:\n {2}architecture: vercel\n/);
  });

  it("keeps what somebody else has changed meanwhile, as a release does", () => {
    const edit = open();
    writeFileSync(path, text.replace("name: iamvet.kr", "name: iamvet.kr\n    ttl: 60"));
    edit.write(at("vercel"));
    assert.match(readFileSync(path, "utf8"), /architecture: vercel # since May[\s\S]*ttl: 60/);
  });

  it("does not write over a position that somebody else has changed", () => {
    const edit = open();
    const changed = text.replace("architecture: fargate", "architecture: ha-web-tier");
    writeFileSync(path, changed);
    assert.throws(() => edit.write(at("vercel")), /The architecture or the traffic in .* was changed by somebody else/);
    assert.equal(readFileSync(path, "utf8"), changed);
  });

  it("is claimed by one run at a time; a run that is gone does not count", () => {
    const release = claim(path);
    assert.throws(() => claim(path), /Another `platform migrate`/);
    release();
    claim(path)();
  });
});
