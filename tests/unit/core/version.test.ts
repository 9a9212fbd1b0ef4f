import assert from "node:assert/strict";
import fc from "fast-check";
import { renderBootConfig } from "../../../components/tiers/boot-config";
import { artifactVersion, VERSION, versionFrom } from "../../../core/version";
import { checkSettings, SettingsError } from "../../../stacks/settings/settings-check";

const version = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/).filter((name) => !name.startsWith("dpl_"));
/** Whatever a person may type, forms of versions, tags and commits among it. */
const typed = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: fc.constantFrom(..."dpl_-.+/v1a9Z "), maxLength: 80 }),
  fc.stringMatching(/^[0-9a-f]{40}$/),
);

const config = (app: object) => ({
  "iamvet:domain": '{"name": "iamvet.kr"}',
  "iamvet:alerts": '{"emails": ["ops@iamvet.kr"]}',
  "iamvet:app": JSON.stringify(app),
});

function problemsOf(value: unknown) {
  try {
    checkSettings("iamvet", "prod", config({ version: value }));
    return [];
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.problems;
  }
}

/**
 * The grammars of those who read a version, each as its owner writes it. Next.js itself is asked by `npm run test:release`.
 * - OCI distribution spec 1.1, "Pulling manifests": `<reference>` as a tag.
 * - Vercel: nextjs.org/docs/app/api-reference/config/next-config-js/deploymentId and vercel.com/docs/skew-protection: at most 32
 *   characters of base62, `-` and `_`, not starting with `dpl_`.
 */
const readers: Readonly<Record<string, RegExp>> = {
  "an OCI tag": /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/,
  "Next.js' deploymentId": /^[a-zA-Z0-9_-]*$/,
  "Vercel's deployment id": /^(?!dpl_)[a-zA-Z0-9_-]{1,32}$/,
};

describe("the name of a release", () => {
  it("is accepted by everybody who reads it", () => {
    fc.assert(
      fc.property(version, (name) => {
        for (const [reader, grammar] of Object.entries(readers)) assert.match(name, grammar, reader);
        assert.deepEqual(problemsOf(name), []);
        const boot = renderBootConfig("instance", {
          ...{ region: "ap-northeast-2", domain: "iamvet.kr", port: 3000, healthPath: "/", tier: "t", version: name },
          ...{ environment: {}, secrets: {}, agentConfigParameter: "agent", acmeEmail: "ops@iamvet.kr" },
          release: { url: `s3://releases/${name}.tar.gz`, sha256: "0".repeat(64) },
        });
        assert.equal(JSON.parse(boot).version, name);
        assert.equal(artifactVersion(`s3://releases/${name}.tar.gz`), artifactVersion(`a.b/c:${name}`));
      }),
    );
  });

  it("is refused in another form with one message, whose command works", () => {
    fc.assert(
      fc.property(typed, (text) => {
        assert.match(versionFrom(text), VERSION);
        if (VERSION.test(text)) return;
        const [problem, ...others] = problemsOf(text);
        assert.deepEqual([problem?.key, others], ["iamvet:app.version", []]);
        const proposed = /'iamvet:app\.version' (\S+)$/.exec(problem?.fix ?? "")?.[1] ?? "";
        assert.match(proposed, VERSION);
        assert.deepEqual(problemsOf(proposed), []);
      }),
      { examples: [[""], ["dpl_"], ["dpl_dpl_x"], ["-_-"], ["한국어"]] },
    );
  });

  it("is proposed as a person would write it", () => {
    const sha = "15761e9d0c5b4f3a2b1c0d9e8f7a6b5c4d3e2f1a";
    for (const [text, proposed] of [
      ["1.4.0", "1-4-0"],
      ["v1.2.3+build.7", "v1-2-3-build-7"],
      [sha, sha.slice(0, 12)],
      ["dpl_Abc", "Abc"],
      ["feature/login page", "feature-login-page"],
      [1.4, "1-4"],
    ] as const) {
      assert.match(problemsOf(text)[0]?.fix ?? "", new RegExp(`app\\.version' ${proposed}$`));
    }
  });

  it("is read from an image or an archive in an allowed form", () => {
    const registry = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/iamvet";
    assert.equal(artifactVersion(`${registry}@sha256:${"ab".repeat(32)}`), "abababababab");
    assert.equal(artifactVersion(`${registry}:1.4.0`), "1-4-0");
    assert.equal(artifactVersion("s3://iamvet-releases/iamvet-prod-15761e9d0c5b.tar.gz"), "iamvet-prod-15761e9d0c5b");
    assert.equal(artifactVersion(undefined), "unversioned");
    fc.assert(fc.property(fc.string(), (artifact) => VERSION.test(artifactVersion(artifact))));
  });
});
