import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { release } from "../../../../cli/commands/operate/release";
import { keepFiles, publishAssets } from "../../../../cli/commands/operate/release/assets";
import type { Exec, Release, ReleaseTools } from "../../../../cli/commands/operate/release/tools";
import { UserError } from "../../../../core/errors";
import { noticesFor } from "../../../../stacks/notices";
import { checkSettings } from "../../../../stacks/settings/settings-check";

const DIGEST = `sha256:${"a".repeat(64)}`;

const KEY = "a2V5IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMgbG9uZyEhISE=";
const REPOSITORY = "1.dkr.ecr.ap-northeast-2.amazonaws.com/site";

/** What Git says in a clone of a/b whose HEAD is pushed. */
const GIT: Readonly<Record<string, string>> = {
  "--show-toplevel": "/site",
  "--verify": "c".repeat(40),
  remote: "origin\tgit@github.com:a/b.git (fetch)",
  "for-each-ref": "refs/remotes/origin/main",
};

/** Records what a release runs; `fail` names a program that ends badly. What is real is tried by `npm run test:release`. */
function recorder(fail?: string) {
  const ran: string[] = [];
  const secrets: string[] = [];
  const exec: Exec = async (program, args, { env, input } = {}) => {
    const line = [program, ...args].join(" ");
    ran.push(line);
    secrets.push(input ?? "", ...Object.values(env ?? {}));
    if (fail && line.startsWith(fail)) throw new UserError(`${fail} failed`);
    const metadata = args[args.indexOf("--metadata-file") + 1];
    if (args.includes("--metadata-file") && metadata)
      writeFileSync(metadata, JSON.stringify({ "containerimage.digest": DIGEST }));
    const tar = /type=tar,dest=(\S+)/.exec(line)?.[1];
    if (tar) writeFileSync(tar, "archive");
    if (program === "tar") mkdirSync(join(args.at(-1) as string, ".next/static"), { recursive: true });
    if (program === "git") return GIT[args[0] === "rev-parse" ? (args[1] ?? "") : (args[0] ?? "")] ?? "";
    const output = args.find((arg) => arg.startsWith("type=local,dest="))?.slice("type=local,dest=".length);
    if (output && readdirSync(output).length === 0) mkdirSync(join(output, "static"));
    return program === "aws" && args.includes("get-login-password") ? "token-of-ecr\n" : "";
  };
  const tools: ReleaseTools = {
    exec,
    ask: async () => ({ code: 1, stdout: "", stderr: "ERROR: site:abc123: not found" }),
    say: (text) => ran.push(text),
    region: "ap-northeast-2",
    outputs: async () => ({ instanceId: "i-1", recoveryMute: "mute-1" }),
    foundation: async () => ({ imageRepository: REPOSITORY, appSecret: "arn:app", assetBucket: "assets-1" }),
    secret: async () => JSON.stringify({ NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: KEY }),
    archives: {
      find: async () => undefined,
      put: async (bucket, key, _, { sha256 }) => {
        ran.push(`put s3://${bucket}/${key} ${sha256.length}`);
      },
    },
    keepFiles: async (bucket, folder) => {
      ran.push(`files of ${folder} to ${bucket}`);
    },
    onServer: async (id, mute, command) => {
      ran.push(`on ${id}, ${mute} muted: ${command}`);
    },
  };
  return { ran, secrets, tools };
}

const config = (sections: Record<string, unknown>): Release => ({
  stack: "prod",
  project: "iamvet",
  version: "abc123",
  folder: "/site",
  settings: checkSettings(
    "iamvet",
    "prod",
    Object.fromEntries(
      Object.entries({ domain: { name: "iamvet.kr" }, alerts: { emails: ["a@iamvet.kr"] }, ...sections }).map(
        ([key, value]) => [`iamvet:${key}`, typeof value === "string" ? value : JSON.stringify(value)],
      ),
    ),
  ),
});

const order = (ran: readonly string[], ...parts: RegExp[]) => {
  const found = parts.map((part) => ran.findIndex((line) => part.test(line)));
  assert.ok(!found.includes(-1), `missing in ${JSON.stringify(ran, null, 1)}: ${parts[found.indexOf(-1)]}`);
  assert.deepEqual(
    found,
    [...found].sort((a, b) => a - b),
  );
};

describe("platform release", () => {
  it("names an image by the digest of what was pushed", async () => {
    const { ran, secrets, tools } = recorder();
    await release(config({ architecture: "fargate" }), tools);
    assert.ok(secrets.includes(KEY) && !ran.join("\n").includes(KEY), "the key goes by the environment");
    order(
      ran,
      /docker login/,
      /docker buildx build --platform linux\/arm64 .*id=server-actions-key,env=NEXT_SERVER_ACTIONS_ENCRYPTION_KEY .*--push/,
      new RegExp(`image.uri .*site@${DIGEST}`),
      /app.version abc123/,
      /^pulumi up --yes/,
    );
    assert.ok(!ran.join("\n").includes("token-of-ecr"), "the password is among the arguments");
    assert.ok(!ran.some((line) => line.startsWith("on ")));
  });

  it("logs in to the registry by the stack's profile, as it asks everything else of AWS", async () => {
    const { ran, tools } = recorder();
    await release(config({ architecture: "fargate" }), { ...tools, profile: "site-prod" });
    assert.ok(ran.includes("aws ecr get-login-password --region ap-northeast-2 --profile site-prod"), ran.join("\n"));
  });

  it("builds where the stack to promote from is out of reach, as with a backend of its own, and says so", async () => {
    const { ran, tools } = recorder();
    const foundation: ReleaseTools["foundation"] = async (stack) => {
      if (stack === "staging")
        throw new UserError("`pulumi stack export --stack staging` fails: no stack named 'staging' found");
      return tools.foundation(stack);
    };
    await release({ ...config({ architecture: "fargate" }), promoteFrom: "staging" }, { ...tools, foundation });
    order(
      ran,
      /^The image of staging is not promoted to prod: .*no stack named 'staging' found\. It is built from the same commit\./,
      /buildx build .*--push/,
      /^pulumi up/,
    );
  });

  it("uploads an archive with its sum before the update, which installs it", async () => {
    const { ran, secrets, tools } = recorder();
    await release({ ...config({}), bucket: "releases" }, tools);
    order(
      ran,
      /docker buildx build --platform linux\/amd64 .*id=server-actions-key.* --target archive/,
      /put s3:\/\/releases\/iamvet-prod-abc123\.tar\.gz 64/,
      /instance.release.sha256 [0-9a-f]{64}/,
      /^pulumi up/,
    );
    assert.ok(secrets.includes(KEY) && !ran.join("\n").includes(KEY));
    assert.ok(!ran.some((line) => line.startsWith("on ")), "the gate of the update rolls a server of ours out");
  });

  it("releases for the server that a migration is to move to, by the very command that the migration prints", async () => {
    const { settings } = config({ architecture: "monitored-instance", ci: { releaseBucket: "releases" } });
    const around = { stack: "prod", vercelToken: false, uptimeRobotKey: false };
    const printed = noticesFor(settings, around).find(({ message }) => /No release of the app/.test(message))?.message;
    const [, also] = /--also (\S+)$/m.exec(printed ?? "") ?? [];
    const { ran, tools } = recorder();
    const serving = { architecture: "fargate", image: { uri: `${REPOSITORY}@${DIGEST}` } };
    await release({ ...config(serving), bucket: "releases", also: also as "monitored-instance" }, tools);
    assert.ok(ran.some((line) => line.includes("iamvet:instance.release.url s3://releases/iamvet-prod-abc123.tar.gz")));
    assert.ok(ran.some((line) => /iamvet:instance\.release\.sha256 [0-9a-f]{64}/.test(line)));
    assert.ok(
      ran.some((line) => /iamvet:image\.uri/.test(line)),
      "what serves is released as well",
    );
  });

  it("changes nothing beneath a migration that is under way, and says how to end it", async () => {
    const { ran, tools } = recorder();
    const traffic = { canary: "ha-web-tier", percent: 10, from: "fargate" };
    await assert.rejects(release(config({ architecture: "fargate", traffic }), tools), (error: Error) => {
      assert.match(error.message, /from fargate is under way[\s\S]*platform migrate --stack prod --back/);
      return error instanceof UserError;
    });
    assert.deepEqual(ran, []);
  });

  it("keeps the built files of what was built, from the image or the folder, before anything changes", async () => {
    const { ran, tools } = recorder();
    await release(config({ architecture: "fargate", image: { platform: "multi" } }), tools);
    order(
      ran,
      /buildx build .*--push/,
      /buildx build --platform linux\/arm64,linux\/amd64 --output type=local,dest=\S+ -$/,
      /^files of \S+static to assets-1$/,
      /^pulumi config set .*image\.uri/,
      /^pulumi up/,
    );
    const server = recorder();
    await release({ ...config({}), bucket: "releases" }, server.tools);
    order(server.ran, /--target archive/, /^files of \S+\.next\/static to assets-1$/, /^put s3/, /^pulumi up/);
  });

  it("takes the files from the very image, of each of its platforms", async () => {
    const { tools, secrets } = recorder();
    const kept: string[] = [];
    const exec: Exec = async (program, args, options) => {
      const output = args.find((arg) => arg.startsWith("type=local,dest="))?.slice("type=local,dest=".length) ?? "";
      for (const platform of ["linux_amd64", "linux_arm64"])
        mkdirSync(join(output, platform, "static"), { recursive: true });
      return tools.exec(program, args, options);
    };
    const keep = async (_: string, folder: string) => void kept.push(folder.split("/").slice(-2).join("/"));
    const image = `1.dkr.ecr.ap-northeast-2.amazonaws.com/site@${DIGEST}`;
    const platforms = "linux/arm64,linux/amd64";
    await publishAssets("prod", { ...tools, exec, keepFiles: keep }, { image, platforms });
    assert.deepEqual(kept, ["linux_amd64/static", "linux_arm64/static"]);
    assert.ok(secrets.includes(`FROM scratch\nCOPY --from=${image} /app/.next/stati[c] /static\n`));
    // A stack from before the bucket is released as it was.
    const old = recorder();
    await publishAssets("prod", { ...old.tools, foundation: async () => ({}) }, { image, platforms });
    assert.deepEqual(old.ran, []);
  });

  it("writes each file under its own name, compressed, with what a browser must know", async () => {
    const folder = mkdtempSync(join(tmpdir(), "static-"));
    try {
      mkdirSync(join(folder, "chunks/[id]"), { recursive: true });
      writeFileSync(join(folder, "chunks/[id]/a.js"), "1");
      writeFileSync(join(folder, "a.woff2"), "2");
      const sent: Record<string, unknown>[] = [];
      const s3 = { send: async ({ input }: { input: Record<string, unknown> }) => sent.push(input) };
      await keepFiles(s3 as never, "assets-1", folder);
      const about = sent.map(({ Key, ContentType, ContentEncoding }) => [Key, ContentType, ContentEncoding]);
      assert.deepEqual(about.sort(), [
        ["_next/static/a.woff2", "font/woff2", undefined],
        ["_next/static/chunks/[id]/a.js", "text/javascript; charset=utf-8", "gzip"],
      ]);
      assert.ok(sent.every(({ CacheControl }) => CacheControl === "public, max-age=31536000, immutable"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("runs the team's own command on an adopted server, and asks for it", async () => {
    const adopted = config({
      existing: { instanceId: "i-0123456789abcdef0", securityGroupId: "sg-0a1b2c3d", addresses: ["203.0.113.10"] },
    });
    const { ran, tools } = recorder();
    await assert.rejects(release(adopted, tools), /adopted server i-0123456789abcdef0.*--command/);
    assert.deepEqual(ran, []);
    await release({ ...adopted, command: "/srv/deploy.sh" }, tools);
    order(ran, /^pulumi up/, /on i-0123456789abcdef0, mute-1 muted: \/srv\/deploy\.sh/);
  });

  it("deploys on Vercel the very commit that it names, and says so before anything is built", async () => {
    const { ran, tools } = recorder();
    const vercel = (section: object) =>
      config({ architecture: "vercel", vercel: { databaseAccess: "public-tls", ...section } });
    await release(vercel({ repository: "a/b" }), tools);
    order(
      ran,
      /^git rev-parse --verify HEAD/,
      /config set .*:vercel\.ref c{40} /,
      /app\.version abc123/,
      /^pulumi up --yes/,
    );
    assert.ok(!ran.some((line) => /migrate/.test(line)), "the build of the release migrates");

    const far = recorder("git for-each-ref");
    await assert.rejects(release(vercel({ repository: "a/b" }), far.tools), /cccccccccccc is not pushed/);
    assert.ok(
      far.ran.every((line) => line.startsWith("git ")),
      far.ran.join("\n"),
    );

    const built = recorder();
    await release(vercel({ prebuilt: "app" }), built.tools);
    assert.ok(!built.ran.some((line) => /^git|vercel\.ref/.test(line)));
  });

  it("stops at the step that fails, before the update", async () => {
    const { ran, tools } = recorder("docker buildx");
    await assert.rejects(release(config({ architecture: "fargate" }), tools), UserError);
    assert.ok(!ran.some((line) => /pulumi/.test(line)));
  });

  it("says after a failed update what the stack's file asks for, and the way on and back", async () => {
    const { tools } = recorder("pulumi up");
    const served = config({
      architecture: "fargate",
      image: { uri: `${REPOSITORY}@${DIGEST}` },
      app: { version: "old" },
    });
    await assert.rejects(release(served, tools), (error: Error) => {
      assert.match(error.message, /app\.version abc123 \(before: old\)/);
      assert.match(error.message, /release --stack prod --release-version abc123$/m);
      assert.match(error.message, /pulumi config set .*iamvet:app\.version old/);
      return error instanceof UserError;
    });
    // A pipeline's file holds no release, and one that failed before holds the new one: neither is what serves.
    const unknown = [{}, { image: { uri: `${REPOSITORY}@${DIGEST}` }, app: { version: "abc123" } }];
    for (const sections of unknown) {
      await assert.rejects(release(config({ architecture: "fargate", ...sections }), tools), (error: Error) => {
        assert.match(error.message, /release --stack prod --release-version <the version before>$/m);
        assert.doesNotMatch(error.message, /pulumi config/);
        return true;
      });
    }
  });

  it("names the same command again, with all that it was given, also where an adopted server's own fails", async () => {
    const { tools } = recorder();
    const adopted = config({
      existing: { instanceId: "i-0123456789abcdef0", securityGroupId: "sg-0a1b2c3d", addresses: ["203.0.113.10"] },
      app: { version: "old" },
    });
    const onServer = () => Promise.reject(new UserError("ended as Failed"));
    await assert.rejects(release({ ...adopted, command: "echo 'it'" }, { ...tools, onServer }), (error: Error) => {
      assert.match(error.message, /^ended as Failed\n/);
      assert.ok(error.message.includes(`--release-version abc123 --command 'echo '\\''it'\\'''\n`), error.message);
      assert.match(error.message, /pulumi config set .*iamvet:app\.version old/);
      return true;
    });
    const server = recorder("pulumi up");
    await assert.rejects(release({ ...config({}), bucket: "releases" }, server.tools), /abc123 --bucket releases$/m);
  });

  it("takes the key of Server Actions from the environment only where the stack's may not be read", async () => {
    const build = async (given: string | undefined, secret: ReleaseTools["secret"]) => {
      const { secrets, tools } = recorder();
      const before = process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY;
      if (given) process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY = given;
      else delete process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY;
      try {
        await release(config({ architecture: "fargate" }), { ...tools, secret });
        return secrets;
      } finally {
        if (before === undefined) delete process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY;
        else process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY = before;
      }
    };
    const denied = () => Promise.reject(new UserError("may not read the secret"));
    assert.ok((await build("other", recorder().tools.secret)).includes(KEY));
    assert.ok((await build("other", denied)).includes("other"));
    await assert.rejects(build(undefined, denied), /needs the key of Server Actions .*may not read the secret/);
    await assert.rejects(
      build(undefined, async () => "hunter2"),
      (error: Error) => /is no JSON/.test(error.message) && !error.message.includes("hunter2"),
    );
  });

  it("asks for what is missing: a bucket, and a repository that was never built", async () => {
    await assert.rejects(release(config({}), recorder().tools), /--bucket/);
    const { tools } = recorder();
    await assert.rejects(
      release(config({ architecture: "ha-web-tier" }), { ...tools, foundation: async () => ({}) }),
      /no image repository yet/,
    );
  });
});
