import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planStack } from "../../cli/planner";
import { type Exec, type Release, type ReleaseTools, release } from "../../cli/release";
import { keepFiles, publishAssets } from "../../cli/release/assets";
import { renderReview } from "../../cli/review";
import { parseLogin, placeOf } from "../../cli/session";
import { UsageError } from "../../cli/stack-files";
import type { Plan } from "../../insight/plan";
import { checkSettings } from "../../stacks/settings-check";

const DIGEST = `sha256:${"a".repeat(64)}`;

/** Records what a release runs; `fail` names a program that ends badly. */
function recorder(fail?: string) {
  const ran: string[] = [];
  const secrets: string[] = [];
  const exec: Exec = async (program, args, { env, input } = {}) => {
    const line = [program, ...args].join(" ");
    ran.push(line);
    secrets.push(input ?? "", ...Object.values(env ?? {}));
    if (fail && line.startsWith(fail)) throw new UsageError(`${fail} failed`);
    const metadata = args[args.indexOf("--metadata-file") + 1];
    if (args.includes("--metadata-file") && metadata)
      writeFileSync(metadata, JSON.stringify({ "containerimage.digest": DIGEST }));
    const output = args.find((arg) => arg.startsWith("type=local,dest="))?.slice("type=local,dest=".length);
    if (output && readdirSync(output).length === 0) mkdirSync(join(output, "static"));
    return program === "aws" && args.includes("get-login-password") ? "token-of-ecr\n" : "";
  };
  const tools: ReleaseTools = {
    exec,
    outputs: async () => ({
      imageRepository: "1.dkr.ecr.ap-northeast-2.amazonaws.com/site",
      assetBucket: "assets-1",
      instanceId: "i-1",
      recoveryMute: "mute-1",
    }),
    sha256: async () => "b".repeat(64),
    keepFiles: async (bucket, folder) => {
      ran.push(`files of ${folder} to ${bucket}`);
    },
    databaseUrl: async () => "postgresql://u:hunter2@h:5432/d",
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
    const { ran, tools } = recorder();
    await release(config({ architecture: "fargate" }), tools);
    order(
      ran,
      /docker login/,
      /docker buildx build --push --platform linux\/arm64/,
      new RegExp(`image.uri .*site@${DIGEST}`),
      /app.version abc123/,
      /^pulumi up --yes/,
    );
    assert.ok(!ran.join("\n").includes("token-of-ecr"), "the password is among the arguments");
    assert.ok(!ran.some((line) => line.startsWith("on ")));
  });

  it("uploads an archive with its sum, and installs it with the recovery muted", async () => {
    const { ran, tools } = recorder();
    await release({ ...config({}), bucket: "releases" }, tools);
    order(
      ran,
      /npm run build/,
      /aws s3 cp .* s3:\/\/releases\/iamvet-prod-abc123\.tar\.gz/,
      /instance.release.sha256 b{64}/,
      /^pulumi up/,
      /on i-1, mute-1 muted: \/usr\/local\/sbin\/site-boot release/,
    );
  });

  it("keeps the built files of what was built, from the image or the folder, before anything changes", async () => {
    const { ran, tools } = recorder();
    await release(config({ architecture: "fargate", image: { platform: "multi" } }), tools);
    order(
      ran,
      /buildx build --push/,
      /buildx build --platform linux\/arm64,linux\/amd64 --output type=local,dest=\S+ -$/,
      /^files of \S+static to assets-1$/,
      /^pulumi config set .*image\.uri/,
      /^pulumi up/,
    );
    const server = recorder();
    await release({ ...config({}), bucket: "releases" }, server.tools);
    order(server.ran, /npm run build/, /^files of \/site\/app\/\.next\/static to assets-1$/, /^pulumi up/);
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
    await publishAssets({ ...tools, exec, keepFiles: keep }, { image, platforms });
    assert.deepEqual(kept, ["linux_amd64/static", "linux_arm64/static"]);
    assert.ok(secrets.includes(`FROM scratch\nCOPY --from=${image} /app/.next/static /static\n`));
    // A stack from before the bucket is released as it was.
    const old = recorder();
    await publishAssets({ ...old.tools, outputs: async () => ({}) }, { image, platforms });
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
    order(ran, /^pulumi up/, /on i-1, mute-1 muted: \/srv\/deploy\.sh/);
  });

  it("migrates once from here for Vercel, where the database can be reached", async () => {
    const vercel = (databaseAccess: string) =>
      config({
        architecture: "vercel",
        vercel: {
          repository: "a/b",
          databaseAccess,
          staticIps: databaseAccess === "static-ips" ? ["203.0.113.7"] : [],
        },
      });
    const { ran, secrets, tools } = recorder();
    await release(vercel("public-tls"), tools);
    order(ran, /npx prisma migrate deploy/, /^pulumi up/);
    assert.equal(ran.filter((line) => /migrate deploy/.test(line)).length, 1);
    assert.ok(secrets.some((value) => value.includes("hunter2")) && !ran.join().includes("hunter2"));
    const far = recorder();
    await release(vercel("static-ips"), far.tools);
    assert.ok(!far.ran.some((line) => /migrate/.test(line)));
  });

  it("stops at the step that fails, before the update", async () => {
    const { ran, tools } = recorder("docker buildx");
    await assert.rejects(release(config({ architecture: "fargate" }), tools), UsageError);
    assert.ok(!ran.some((line) => /pulumi/.test(line)));
  });

  it("asks for what is missing: a bucket, and a repository that was never built", async () => {
    await assert.rejects(release(config({}), recorder().tools), /--bucket/);
    const { tools } = recorder();
    await assert.rejects(
      release(config({ architecture: "ha-web-tier" }), { ...tools, outputs: async () => ({}) }),
      /no image repository yet/,
    );
  });
});

describe("platform review", function () {
  this.timeout(60_000);

  it("tells cost, resources and verdict of each stack that changes", async () => {
    const reviewed = (one: Plan[], other: Plan[]) => renderReview(one, other, () => ({ region: "ap-northeast-2" }));
    const before = await planStack("prod");
    const after = await planStack("prod", { architecture: "ha-web-tier" });
    const text = reviewed([before], [after]);
    assert.match(text, /### prod: fargate → ha-web-tier/);
    assert.match(text, /\| \d+ created, \d+ updated, 0 replaced, \d+ deleted \| \$?[\d.]+/);
    assert.match(text, /^\+ aws:autoscaling\/group:Group/m);
    assert.ok(!text.includes("\u001b"));
    assert.match(reviewed([before], [before]), /### prod: no change/);
    assert.match(reviewed([before], []), /its file is gone/);
    assert.match(reviewed([], [after]), /prod: new/);
  });
});

describe("a session on a stack", () => {
  const access = {} as Parameters<typeof placeOf>[0];

  it("goes to the server where there is one, and says where there is none", async () => {
    assert.equal((await placeOf(access, { instanceId: "i-1" }, "prod")).target, "i-1");
    await assert.rejects(
      placeOf(access, { architecture: "vercel" }, "prod"),
      /no server or task to go through \(vercel\)/,
    );
  });

  it("reads a login with escaped characters, and shows nothing of a secret that it cannot read", () => {
    assert.deepEqual(parseLogin('{"DATABASE_URL": "postgresql://u%40x:p%3Aw@h:5432/d?sslmode=verify-full"}'), {
      user: "u@x",
      password: "p:w",
      database: "d",
    });
    for (const secret of ["hunter2", '{"password": "hunter2"}', '{"DATABASE_URL": "hunter2"}']) {
      assert.throws(
        () => parseLogin(secret),
        (error) => error instanceof UsageError && !error.message.includes("hunter2"),
      );
    }
  });
});
