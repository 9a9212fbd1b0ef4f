import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { emulator } from "../emulator/cli";
import type { Moto } from "../emulator/moto";
import { type Finished, type Project, projectFor, STACK, settings } from "../engine/harness/stack";
import { REGION } from "../engine/harness/world";
import { skipIf } from "../skip";
import { Docker } from "./docker";

const KEY = Buffer.from("0123456789abcdef0123456789abcdef").toString("base64");
const keySum = createHash("sha256").update(KEY).digest("hex");

/**
 * An app of two files in place of the site, whose build takes a minute: it proves that its build has the key and the arguments. The real
 * Dockerfile is built by `npm run test:container`.
 */
const DOCKERFILE = `FROM scratch AS build
COPY busybox /bin/busybox
COPY busybox /bin/sh
COPY server.js /app/server.js
COPY server.js /app/.next/static/chunks/site.js
ARG SITE_VERSION
ARG SITE_PUBLIC
RUN --mount=type=secret,id=server-actions-key \\
    /bin/busybox sha256sum < /run/secrets/server-actions-key > /app/key && echo "$SITE_VERSION $SITE_PUBLIC" > /app/built
FROM scratch AS archive
COPY --from=build /app /
FROM build
`;

/**
 * The command itself, the real engine and program, the real docker buildx, BuildKit and registry, the real AWS CLI. Stand-ins: moto for S3,
 * Secrets Manager and ECR's login, the providers' stand-in of `npm run test:engine` for all that `pulumi up` makes, an app of two files.
 */
class World {
  private constructor(
    readonly project: Project,
    readonly docker: Docker,
    readonly moto: Moto,
  ) {}

  static async start(suite: Mocha.Context): Promise<World> {
    skipIf(suite, Docker.missing());
    const moto = await emulator(suite);
    const project = await projectFor(suite);
    const world = new World(project, new Docker(), moto);
    await world.docker.start();
    rmSync(join(project.folder, "app"));
    mkdirSync(join(project.folder, "app"));
    copyFileSync(execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim(), world.app("busybox"));
    writeFileSync(world.app("Dockerfile"), DOCKERFILE);
    writeFileSync(world.app("server.js"), "// the site\n");
    const secret = await world.aws("secretsmanager", "create-secret", "--name", "app", "--secret-string", world.secret);
    await world.aws("s3api", "create-bucket", "--bucket", "releases", ...location);
    const told: Readonly<Record<string, (name: string, urn: string) => object>> = {
      "aws:ecr/repository:Repository": (_, urn) => ({ repositoryUrl: `${world.docker.registry}/${stackOf(urn)}` }),
      "aws:secretsmanager/secret:Secret": (name) => (name === "app-secret" ? { arn: secret.ARN } : {}),
    };
    project.cloud.after = async ({ op, type, name, urn }) => {
      const made = op === "create" && type === "aws:s3/bucket:Bucket" && name.startsWith("assets-");
      const stored = op !== "delete" && project.cloud.of(type).find((one) => one.urn === urn);
      if (stored) Object.assign(stored.outputs, told[type]?.(name, urn));
      if (made && stored) await world.aws("s3api", "create-bucket", "--bucket", stored.outputs.bucket, ...location);
    };
    return world;
  }

  private readonly secret = JSON.stringify({ NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: KEY });

  app(file: string): string {
    return join(this.project.folder, "app", file);
  }

  /** Runs the command as a person would. */
  release(version: string, ...args: string[]): Promise<Finished> {
    const services = ["S3", "SECRETS_MANAGER", "ECR", "STS", "EC2"].map((name) => `AWS_ENDPOINT_URL_${name}`);
    Object.assign(
      this.project.env,
      this.docker.env,
      Object.fromEntries(services.map((name) => [name, this.moto.endpoint])),
    );
    const at = ["-C", this.project.folder, "--release-version", version];
    const stack = args.includes("--stack") ? [] : ["--stack", STACK];
    return this.project.start("node", "cli/bin.mjs", "release", ...at, ...stack, ...args).done;
  }

  /** The built files that the stack keeps of all releases. */
  async kept(): Promise<string> {
    const bucket = this.project.cloud.of("aws:s3/bucket:Bucket").find(({ name }) => name.startsWith("assets-"));
    return JSON.stringify(await this.aws("s3api", "list-objects-v2", "--bucket", bucket?.outputs.bucket));
  }

  async aws(...args: string[]): Promise<Record<string, string>> {
    const env = { ...process.env, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: REGION };
    const text = execFileSync("aws", ["--endpoint-url", this.moto.endpoint, "--region", REGION, ...args], { env });
    return text.length > 0 ? JSON.parse(text.toString()) : {};
  }

  /** What the stack's file asks for. */
  config(stack = STACK): Record<string, Record<string, unknown>> {
    return parse(readFileSync(join(this.project.folder, `Pulumi.${stack}.yaml`), "utf8")).config;
  }

  /** Changes that `pulumi up` made since. */
  changes(since: number): string[] {
    return this.project.cloud.calls.slice(since).map(({ op, name }) => `${op} ${name}`);
  }

  /** Releases what never gets well; returns what the command said. */
  async goesBack(tier: string, serving: string, version: string): Promise<string> {
    const { rollouts } = this.project.cloud;
    rollouts.bad.add(version);
    const { code, output } = await this.release(version);
    assert.equal(code, 2, output);
    assert.match(output, new RegExp(`The release was not rolled out on ${tier}`));
    assert.equal(rollouts.serving(tier), serving, "the old release serves");
    return output;
  }

  /** Releases the same version again, whose cause is mended. */
  async goesOn(tier: string, version: string): Promise<void> {
    const { rollouts } = this.project.cloud;
    rollouts.bad.clear();
    const { code, output } = await this.release(version);
    assert.equal(code, 0, output);
    assert.match(output, /nothing is built/);
    assert.equal(rollouts.serving(tier), version);
  }

  async stop(): Promise<void> {
    this.project?.stop();
    await this.docker.stop();
    this.moto.stop();
  }
}

const location = ["--create-bucket-configuration", `LocationConstraint=${REGION}`];
const stackOf = (urn: string) => urn.split("::")[0]?.replace("urn:pulumi:", "") ?? "";

/** Where parts of an output stand, in this order. */
function inOrder(output: string, ...parts: RegExp[]): void {
  let at = 0;
  for (const part of parts) {
    const found = output.slice(at).search(part);
    assert.notEqual(found, -1, `${part} does not come next in:\n${output}`);
    at += found;
  }
}

const image = { platform: "x86_64" };
const app = (further: object = {}) => ({ environment: { NEXT_PUBLIC_API: "https://api.iamvet.kr" }, ...further });

describe("platform release of an image (real engine, buildx, BuildKit, registry; the app is two files)", function () {
  this.timeout(600_000);
  let world: World;
  before(async function () {
    world = await World.start(this);
    world.project.configure(settings("fargate", { "iamvet:image": image, "iamvet:app": app() }));
  });
  after(() => world?.stop());

  it("refuses a version that no tag or build takes, before anything, with one that works", async () => {
    const { code, output } = await world.release("1.4.0");
    assert.equal(code, 2);
    assert.match(output, /--release-version 1-4-0$/m);
    assert.deepEqual(world.changes(0), []);
  });

  it("says what to do where there is no foundation yet, and goes on once an update has built it", async () => {
    const { code, output } = await world.release("r1");
    assert.equal(code, 2, output);
    assert.match(output, /has no image repository yet: run `pulumi up/);
    assert.notEqual((await world.project.up()).code, 0, "an update stops for want of an image");
  });

  it("builds with the key, pushes, asks for the digest, and only then updates", async () => {
    world.project.services.health.version = "r1";
    const { code, output } = await world.release("r1");
    assert.equal(code, 0, output);
    inOrder(output, /pushing manifest/, /Updating \(test\)/, /^Released r1 on test\.$/m);
    const digest = await world.docker.digest(STACK, "r1");
    const uri = `${world.docker.registry}/${STACK}@${digest}`;
    assert.deepEqual([world.config()["iamvet:image"]?.uri, world.config()["iamvet:app"]?.version], [uri, "r1"]);
    const tasks = world.project.cloud.of("aws:ecs/taskDefinition:TaskDefinition");
    assert.match(await world.kept(), /"_next\/static\/chunks\/site\.js"/);
    assert.ok(tasks.length > 0 && tasks.every(({ inputs }) => inputs.containerDefinitions.includes(uri)));
    assert.ok(!output.includes(KEY) && !JSON.stringify(world.config()).includes(KEY));
  });

  it("is a no-op for the same version a second time", async () => {
    const calls = world.project.cloud.calls.length;
    writeFileSync(world.app("server.js"), "// the site, changed without a new version\n");
    const before = await world.docker.digest(STACK, "r1");
    const { code, output } = await world.release("r1");
    assert.equal(code, 0, output);
    assert.match(output, /is there already: nothing is built/);
    assert.doesNotMatch(output, /pushing manifest/);
    assert.equal(await world.docker.digest(STACK, "r1"), before);
    assert.deepEqual(world.changes(calls), []);
  });

  it("does not give one version two contents", async () => {
    world.project.configure({
      ...settings("fargate", { "iamvet:image": image, "iamvet:app": { environment: { NEXT_PUBLIC_API: "other" } } }),
    });
    const { code, output } = await world.release("r1");
    assert.equal(code, 2);
    assert.match(output, /built with other values: NEXT_PUBLIC_API https:\/\/api\.iamvet\.kr instead of other/);
  });

  it("ends red where the rollout does, with the old release serving, and names the way on and back", async () => {
    world.project.configure(
      settings("fargate", {
        "iamvet:image": {
          ...image,
          uri: `${world.docker.registry}/${STACK}@${await world.docker.digest(STACK, "r1")}`,
        },
        "iamvet:app": app({ version: "r1" }),
      }),
    );
    // Once at its migrations, once in its rollout, which ECS takes back.
    world.project.cloud.migrationsFail = true;
    const first = await world.release("r2");
    assert.equal(first.code, 2, first.output);
    world.project.cloud.migrationsFail = false;
    inOrder(
      first.output,
      /Pulumi\.test\.yaml asks for the new release now/,
      /app\.version r2 \(before: r1\)/,
      /release --stack test --release-version r2$/m,
      /pulumi config set .*iamvet:app\.version r1/,
    );
    assert.match(
      await world.goesBack("fargate", "r1", "r2"),
      /release --stack test --release-version <the version before>$/m,
    );
    await world.goesOn("fargate", "r2");
  });

  describe("promoted to another stack", () => {
    const production = (further: object, environment = app().environment) => ({
      ...settings("fargate", { "iamvet:image": image, "iamvet:app": { environment, ...further } }),
      "iamvet:secrets": { NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: KEY },
    });

    before(async () => {
      await world.project.must("stack", "init", "prod");
      world.project.configure(production({ serverActionsKey: "shared" }), "prod");
      // What serves is the other stack's; the cloud's stand-in has one site alone.
      world.project.cloud.resources.clear();
      assert.notEqual((await world.project.pulumi("up", "--yes", "--skip-preview", "--stack", "prod")).code, 0);
    });

    it("is the same digest, without a build, where the stacks share the key and all that is baked", async () => {
      const { code, output } = await world.release("r2", "--stack", "prod", "--promote-from", STACK);
      assert.equal(code, 0, output);
      const digest = await world.docker.digest("prod", "r2");
      assert.equal(digest, await world.docker.digest(STACK, "r2"));
      inOrder(output, new RegExp(`Promoted ${digest} from test`), /Updating \(prod\)/, /Released r2 on prod/);
      assert.doesNotMatch(output, /exporting to image/);
      assert.equal(world.config("prod")["iamvet:image"]?.uri, `${world.docker.registry}/prod@${digest}`);
      const again = await world.release("r2", "--stack", "prod", "--promote-from", STACK);
      assert.deepEqual([again.code, /nothing is built/.test(again.output)], [0, true], again.output);
    });

    it("is built from the same commit where they do not, with all reasons in one message", async () => {
      for (const version of ["r1", "never"]) {
        world.project.configure(production({}, { NEXT_PUBLIC_API: "https://prod" } as never), "prod");
        world.project.services.health.version = version;
        const { code, output } = await world.release(version, "--stack", "prod", "--promote-from", STACK);
        assert.equal(code, 0, output);
        const message = /^The image of test is not promoted to prod: .*$/m.exec(output)?.[0] ?? output;
        assert.match(message, /a key of Server Actions of its own .*It is built from the same commit\./);
        assert.match(
          message,
          version === "never" ? /test has no image never/ : /NEXT_PUBLIC_API .* instead of https:\/\/prod/,
        );
        assert.match(output, /pushing manifest/);
      }
    });
  });
});

describe("platform release of a server's archive (real engine, buildx and BuildKit; moto for S3)", function () {
  this.timeout(600_000);
  let world: World;
  before(async function () {
    world = await World.start(this);
    world.project.configure(
      settings("monitored-instance", {
        "iamvet:app": app(),
        "iamvet:ci": { releaseBucket: "releases" },
        "iamvet:instance": {},
      }),
    );
    assert.notEqual((await world.project.up()).code, 0, "an update stops for want of a release");
  });
  after(() => world?.stop());

  const download = async (version: string) => {
    const file = join(world.project.folder, `${version}.tar.gz`);
    await world.aws("s3api", "get-object", "--bucket", "releases", "--key", `iamvet-test-${version}.tar.gz`, file);
    const folder = join(world.project.folder, `unpacked-${version}`);
    mkdirSync(folder);
    execFileSync("tar", ["--extract", "--gzip", "--file", file, "--directory", folder]);
    const sum = createHash("sha256").update(readFileSync(file)).digest("hex");
    return { sum, read: (name: string) => readFileSync(join(folder, name), "utf8") };
  };

  it("is built by the Dockerfile for the server's platform, with the key, and installed by the update", async () => {
    world.project.services.health.version = "r1";
    const { code, output } = await world.release("r1");
    assert.equal(code, 0, output);
    inOrder(output, /exporting to client tarball/, /Updating \(test\)/, /Released r1 on test/);
    const { sum, read } = await download("r1");
    assert.match(await world.kept(), /"_next\/static\/chunks\/site\.js"/);
    assert.equal(read("key").split(" ")[0], keySum);
    assert.equal(read("built"), 'r1 {"NEXT_PUBLIC_API":"https://api.iamvet.kr"}\n');
    assert.deepEqual(world.config()["iamvet:instance"]?.release, {
      url: "s3://releases/iamvet-test-r1.tar.gz",
      sha256: sum,
    });
  });

  it("is used again for the same version, and never written over", async () => {
    const calls = world.project.cloud.calls.length;
    const { code, output } = await world.release("r1");
    assert.equal(code, 0, output);
    assert.match(output, /is there already: nothing is built/);
    assert.deepEqual(world.changes(calls), []);
  });

  it("ends red for one that the server takes back, with the old one serving, and goes on once it is mended", async () => {
    writeFileSync(world.app("server.js"), "// the next site\n");
    const output = await world.goesBack("monitored-instance", "r1", "r2");
    assert.match(output, /pulumi config set .*iamvet:instance\.release\.url s3:\/\/releases\/iamvet-test-r1\.tar\.gz/);
    await world.goesOn("monitored-instance", "r2");
  });
});

describe("platform release to a group of instances (real engine, buildx, BuildKit, registry; the app is two files)", function () {
  this.timeout(600_000);
  let world: World;
  before(async function () {
    world = await World.start(this);
    world.project.configure({
      ...settings("ha-web-tier", { "iamvet:image": image, "iamvet:app": app() }),
      "iamvet:haWebTier": { instanceType: "t3.small" },
    });
    assert.notEqual((await world.project.up()).code, 0, "an update stops for want of an image");
  });
  after(() => world?.stop());

  it("rolls it out, takes a bad one back with the old one serving, and rolls it out once it is mended", async () => {
    const { code, output } = await world.release("r1");
    assert.equal(code, 0, output);
    assert.equal(world.project.cloud.rollouts.serving("ha-web-tier"), "r1");
    writeFileSync(world.app("server.js"), "// the next site\n");
    await world.goesBack("ha-web-tier", "r1", "r2");
    await world.goesOn("ha-web-tier", "r2");
  });
});
