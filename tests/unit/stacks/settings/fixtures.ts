import assert from "node:assert/strict";
import type { Settings } from "../../../../stacks/settings/schema";
import { checkSettings, type RawConfig, SettingsError } from "../../../../stacks/settings/settings-check";

/** The least that a stack's config says. */
const LEAST = { domain: { name: "iamvet.kr" }, alerts: { emails: ["ops@iamvet.kr"] } };

/** A stack's config with these sections, as Pulumi hands it out; a key with a colon is of another namespace than the project's. */
export const rawConfig = (sections: object = {}): RawConfig =>
  Object.fromEntries(
    Object.entries({ ...LEAST, ...sections }).map(([key, value]) => [
      key.includes(":") ? key : `iamvet:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );

export const settingsOf = (sections: object = {}, stack = "prod"): Settings =>
  checkSettings("iamvet", stack, rawConfig(sections));

/** What is wrong with these sections. */
export function problems(sections: object, stack = "prod"): SettingsError["problems"] {
  try {
    settingsOf(sections, stack);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

/** A mistake, the only one that is to be found, and what is said of it. */
export type Refusal = readonly [title: string, sections: object, key: string, allowed: RegExp, fix?: RegExp];

/** A test for each. */
export function refuse(rows: readonly Refusal[]): void {
  for (const [title, sections, key, allowed, fix = /^pulumi config (set|rm) --stack prod/] of rows) {
    it(`refuse ${title}`, () => {
      const [problem, ...more] = problems(sections);
      assert.deepEqual(more, []);
      assert.equal(problem?.key, `iamvet:${key}`);
      assert.match(problem.allowed, allowed);
      assert.match(problem.fix, fix);
      assert.doesNotMatch(JSON.stringify(problem), /hunter2/);
    });
  }
}
