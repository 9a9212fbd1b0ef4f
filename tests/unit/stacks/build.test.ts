import assert from "node:assert/strict";
import { bakedBy, buildArgs, differences } from "../../../stacks/build-args";
import { SettingsError } from "../../../stacks/settings/settings-check";
import { settingsOf } from "./settings/fixtures";

const KEY = "a2V5IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMgbG9uZyEhISE=";

const appOf = (environment: Record<string, string>) => settingsOf({ app: { environment } }).app;

describe("what a build writes into its result", () => {
  it("is the version, and of the environment what browsers get", () => {
    const app = appOf({ RETRIES: "5", NEXT_PUBLIC_B: "2", NEXT_PUBLIC_A: "1" });
    assert.deepEqual(buildArgs(app, "r1"), {
      SITE_VERSION: "r1",
      SITE_PUBLIC: '{"NEXT_PUBLIC_A":"1","NEXT_PUBLIC_B":"2"}',
    });
    assert.deepEqual(buildArgs(appOf({ RETRIES: "5" }), "r1"), { SITE_VERSION: "r1" });
  });

  it("tells two results apart, name by name, and never shows a key", () => {
    const of = (environment: Record<string, string>, platform: string, key: string) =>
      bakedBy(appOf(environment), [platform], key);
    const one = of({ NEXT_PUBLIC_A: "1", RETRIES: "5" }, "linux/arm64", KEY);
    assert.deepEqual(differences(one, of({ NEXT_PUBLIC_A: "1", RETRIES: "6" }, "linux/arm64", KEY)), []);
    assert.deepEqual(differences(one, of({ NEXT_PUBLIC_B: "2" }, "linux/amd64", "other")), [
      "NEXT_PUBLIC_A 1 instead of none",
      "another NEXT_SERVER_ACTIONS_ENCRYPTION_KEY",
      "platform linux/arm64 instead of linux/amd64",
      "NEXT_PUBLIC_B not set instead of 2",
    ]);
    assert.ok(!JSON.stringify(one).includes(KEY));
  });

  it("may be shared between stacks only with a key that is given", () => {
    const shared = { app: { serverActionsKey: "shared" } };
    assert.throws(
      () => settingsOf(shared),
      (error) =>
        error instanceof SettingsError &&
        error.problems.length === 1 &&
        /config set --stack prod --secret --path 'iamvet:secrets\.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY'/.test(
          error.problems[0]?.fix ?? "",
        ),
    );
    assert.equal(
      settingsOf({ ...shared, secrets: { NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: KEY } }).app.serverActionsKey,
      "shared",
    );
  });
});
