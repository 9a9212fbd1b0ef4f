import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { VercelAppArgs } from "../../../../components/vercel/vercel-app";
import type { Probe } from "../../../../core/web-tier";

interface Seen {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

let seen: Seen[] = [];

const repository = { kind: "repository", type: "github", repo: "acme/site" } as const;
const valid = (): VercelAppArgs => ({
  domain: "example.com",
  redirectFrom: ["www.example.com"],
  zoneId: "Z1",
  plan: "pro",
  source: repository,
  rootDirectory: "app",
  databaseRegion: "ap-northeast-2",
  environment: { NODE_ENV: "production" },
  secrets: {
    DATABASE_URL: pulumi.secret("postgresql://app:pw@db.example.com:5432/site"),
    SESSION_KEY: pulumi.secret("s3cret"),
  },
  version: "2026-11-24-1",
  healthPath: "/api/health-external",
  database: { kind: "public-tls" },
});

/** Builds the component, waits until its probe and everything behind it is registered, and returns both. */
async function build(change: Partial<VercelAppArgs> = {}) {
  const { VercelApp } = await import("../../../../components/vercel/vercel-app.js");
  const app = new VercelApp("site", { ...valid(), ...change });
  const [probe, target] = await value(pulumi.all([app.probe, app.target]));
  return { app, probe: probe as Probe, target };
}
const value = <T>(output: pulumi.Output<T>) =>
  new Promise<pulumi.Unwrap<T>>((resolve) => output.apply((v) => resolve(v as pulumi.Unwrap<T>)));
const ofType = (part: string) => seen.filter(({ type }) => type.endsWith(part));
const variable = (key: string, target = "production") =>
  ofType(":ProjectEnvironmentVariable").find(({ name }) => name === `site-${target}-${key}`)?.inputs;
/** A secret as the engine sees it, opened. */
const open = (found: unknown) => (found as { value?: unknown } | undefined)?.value ?? found;

describe("VercelApp", () => {
  // Inside, as hooks of a file would be hooks of every file: mocks are global.
  before(() =>
    pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          seen.push({ type, name, inputs });
          return {
            id: `${name}-id`,
            state: {
              ...inputs,
              ...(type === "vercel:index/project:Project" && { name: "site-1a2b" }),
              ...(type === "vercel:index/projectDomain:ProjectDomain" && { verifications: [] }),
              ...(type === "vercel:index/deployment:Deployment" && { url: "site-1a2b.vercel.app" }),
              ...(type === "vercel:index/projectProtectionBypass:ProjectProtectionBypass" && {
                secret: "b".repeat(32),
              }),
              ...(type.endsWith(":RandomPassword") && { result: "t".repeat(48) }),
              ...(type.endsWith(":FunctionUrl") && { functionUrl: "https://abc.lambda-url.example/" }),
              ...(type.endsWith(":LogGroup") && { name: "site-log-1a2b" }),
              ...(type.endsWith(":CertificateOrder") && { challenges: { "example.com": "c1" } }),
              ...(type.startsWith("aws:iam") && { arn: `arn:aws:iam::111122223333:${name}` }),
            },
          };
        },
        call: ({ token }) =>
          token.includes("getEndpointVerification")
            ? { verificationCode: "code-1" }
            : token.includes("getPrebuiltProject")
              ? { output: { "../.vercel/output/config.json": "1~abc" }, path: "../" }
              : { recommendedIpv4s: ["198.51.100.7", "198.51.100.8"], recommendedCname: "abc.vercel-dns-017.com" },
      },
      "iamvet",
      "test",
      false,
    ),
  );
  beforeEach(() => {
    seen = [];
  });

  it("creates a Next.js project next to the database", async () => {
    await build();
    const [project] = ofType(":Project");
    assert.equal(project?.inputs.framework, "nextjs");
    assert.equal(project?.inputs.rootDirectory, "app");
    assert.match(String(project?.inputs.buildCommand), /prisma generate/);
    assert.deepEqual(project?.inputs.resourceConfig, {
      fluid: true,
      functionDefaultRegions: ["icn1"],
      functionDefaultTimeout: 60,
      functionDefaultCpuType: "standard",
    });
    assert.equal(project?.inputs.previewDeploymentsDisabled, true);
    assert.deepEqual(project?.inputs.gitProviderOptions, { createDeployments: false });
  });

  it("gives production the common keys, marks secrets as sensitive and tells the app its tier and release", async () => {
    await build();
    assert.deepEqual(
      ofType(":ProjectEnvironmentVariable")
        .map(({ inputs }) => [inputs.key, inputs.sensitive])
        .sort(),
      [
        ["DATABASE_POOL_SIZE", false],
        ["DATABASE_URL", true],
        ["NODE_ENV", false],
        ["SESSION_KEY", true],
        ["SITE_TIER", false],
        ["SITE_VERSION", false],
      ],
    );
    assert.equal(open(variable("SITE_TIER")?.value), "vercel");
    assert.equal(open(variable("SITE_VERSION")?.value), "2026-11-24-1");
    assert.match(String(open(variable("DATABASE_URL")?.value)), /connection_limit=3/);
    for (const { inputs } of ofType(":ProjectEnvironmentVariable")) assert.deepEqual(inputs.targets, ["production"]);
  });

  it("serves the domain and redirects the other names to it", async () => {
    await build();
    const domains = ofType(":ProjectDomain").map(({ inputs }) => [
      inputs.domain,
      inputs.redirect,
      inputs.redirectStatusCode,
    ]);
    assert.deepEqual(domains, [
      ["example.com", undefined, undefined],
      ["www.example.com", "example.com", 308],
    ]);
  });

  it("has the certificate issued by its TXT records before anybody points DNS to Vercel", async () => {
    await build();
    const records = ofType(":Record").map(({ inputs }) => [inputs.name, inputs.type, inputs.records]);
    assert.deepEqual(records.sort(), [
      ["_acme-challenge.example.com", "TXT", ["c1"]],
      ["_acme-challenge.www.example.com", "TXT", ["no proof asked"]],
      ["_vercel.example.com", "TXT", ["no proof asked"]],
    ]);
    assert.deepEqual(ofType(":Certificate")[0]?.inputs.domains, ["example.com", "www.example.com"]);
  });

  it("fulfils the contract: addresses as target, and a probe that proves name, tier and release", async () => {
    const { probe, target } = await build();
    assert.deepEqual(target, { kind: "addresses", ipv4: ["198.51.100.7", "198.51.100.8"] });
    assert.deepEqual(probe, {
      connectTo: "198.51.100.7",
      addresses: ["198.51.100.7", "198.51.100.8"],
      port: 443,
      servername: "example.com",
      host: "example.com",
      path: "/api/health-external",
      headers: {},
      expectTier: "vercel",
      expectVersion: "2026-11-24-1",
    });
  });

  it("is a name of Vercel's where a CNAME was chosen, and is probed all the same", async () => {
    const { probe, target } = await build({ recordType: "CNAME" });
    assert.deepEqual(target, { kind: "cname", name: "abc.vercel-dns-017.com" });
    assert.equal(probe.connectTo, "198.51.100.7");
  });

  it("expects no release where every push goes live by itself", async () => {
    const { probe } = await build({ source: { ...repository, deployOnPush: true } });
    assert.equal(probe.expectVersion, undefined);
    assert.deepEqual(ofType(":Project")[0]?.inputs.gitProviderOptions, { createDeployments: true });
  });

  it("lets the gate through a protection that covers the site's own domain", async () => {
    const { probe } = await build({ protection: "all" });
    assert.deepEqual(probe.headers, { "x-vercel-protection-bypass": "b".repeat(32) });
  });

  it("speaks of protection in the provider's own words, not those of the SDK's documentation", async () => {
    const words = { none: "none", standard: "standard_protection_new", all: "all_deployments" } as const;
    for (const protection of ["none", "standard", "all"] as const) {
      seen = [];
      await build({ protection });
      assert.deepEqual(ofType(":Project")[0]?.inputs.vercelAuthentication, { deploymentType: words[protection] });
    }
    seen = [];
    await build({ protection: "password", protectionPassword: pulumi.secret("open sesame") });
    assert.deepEqual(open(ofType(":Project")[0]?.inputs.passwordProtection), {
      deploymentType: "standard_protection_new",
      password: "open sesame",
    });
  });

  it("uploads a prebuilt site instead of letting Vercel build", async () => {
    await build({ source: { kind: "prebuilt", path: ".." } });
    const [deployment] = ofType(":Deployment");
    assert.deepEqual(deployment?.inputs.files, { "../.vercel/output/config.json": "1~abc" });
    assert.equal(deployment?.inputs.ref, undefined);
    assert.equal(ofType(":Project")[0]?.inputs.gitRepository, undefined);
  });

  it("has the database migrated by the build of a production deployment, which Vercel serves only if it ends well", async () => {
    await build({ migrate: "build" });
    assert.equal(
      ofType(":Project")[0]?.inputs.buildCommand,
      '{ [ "$VERCEL_ENV" != production ] || npx prisma migrate deploy; } && npx prisma generate && npx next build',
    );
    assert.deepEqual(ofType(":Migration"), []);
  });

  it("migrates from here for a site that comes built, with the URL as a secret, once a deployment", async () => {
    const databaseUrl = pulumi.secret("postgresql://app:pw@db.example.com:5432/site");
    const source = { kind: "prebuilt", path: ".." } as const;
    const releaseOf = async (change: Partial<VercelAppArgs>) => {
      seen = [];
      await build({ source, migrate: { folder: "app", databaseUrl }, ...change });
      const [migration] = ofType(":Migration");
      assert.equal(migration?.inputs.folder, "app");
      assert.equal(
        (migration?.inputs.databaseUrl as { value?: string })?.value,
        "postgresql://app:pw@db.example.com:5432/site",
      );
      assert.doesNotMatch(String(ofType(":Project")[0]?.inputs.buildCommand), /migrate/);
      return open(migration?.inputs.release);
    };
    const first = await releaseOf({});
    assert.equal(await releaseOf({}), first);
    assert.notEqual(await releaseOf({ version: "2026.11.24-2" }), first);
    seen = [];
    await build({ source });
    assert.deepEqual(ofType(":Migration"), []);
  });

  it("deploys again when a variable changes, and not when nothing does", async () => {
    const fingerprint = async (change: Partial<VercelAppArgs>) => {
      seen = [];
      await build(change);
      const meta = open(ofType(":Deployment")[0]?.inputs.meta) as { environment: unknown };
      return open(meta.environment);
    };
    const first = await fingerprint({});
    assert.equal(await fingerprint({}), first);
    assert.notEqual(await fingerprint({ environment: { NODE_ENV: "test" } }), first);
    assert.notEqual(await fingerprint({ secrets: { SESSION_KEY: pulumi.secret("rotated") } }), first);
  });

  it("keeps previews apart from production, with the same keys", async () => {
    const preview = {
      environment: { NODE_ENV: "production" },
      secrets: { DATABASE_URL: pulumi.secret("postgresql://a:b@preview/d"), SESSION_KEY: pulumi.secret("other") },
    };
    await build({ preview });
    assert.match(String(open(variable("DATABASE_URL", "preview")?.value)), /@preview\//);
    assert.deepEqual(variable("SESSION_KEY", "preview")?.targets, ["preview"]);
    assert.equal(ofType(":Project")[0]?.inputs.previewDeploymentsDisabled, false);
    await assert.rejects(
      build({ preview: { environment: { EXTRA: "1" }, secrets: {} } }),
      /Missing: NODE_ENV, DATABASE_URL, SESSION_KEY.*Not in production: EXTRA/s,
    );
  });

  it("trusts this project's production functions and nobody else", async () => {
    await build({ oidc: { teamSlug: "acme", policy: "{}" } });
    const [issuer] = ofType(":OpenIdConnectProvider");
    assert.equal(issuer?.inputs.url, "https://oidc.vercel.com/acme");
    assert.deepEqual(issuer?.inputs.clientIdLists, ["https://vercel.com/acme"]);
    const trust = JSON.parse(String(ofType(":Role")[0]?.inputs.assumeRolePolicy));
    assert.deepEqual(trust.Statement[0].Condition, {
      StringEquals: {
        "oidc.vercel.com/acme:aud": "https://vercel.com/acme",
        "oidc.vercel.com/acme:sub": ["owner:acme:project:site-1a2b:environment:production"],
      },
    });
    assert.match(String(open(variable("AWS_ROLE_ARN")?.value)), /site-identity-role/);
  });

  it("names the role where the functions may take it, and deploys anew so that they learn of it", async () => {
    const preview = {
      environment: valid().environment,
      secrets: { DATABASE_URL: pulumi.secret("postgresql://a:b@c:5432/d"), SESSION_KEY: pulumi.secret("other") },
    };
    const fingerprint = async (oidc: Partial<VercelAppArgs>) => {
      seen = [];
      await build({ preview, ...oidc });
      return open((open(ofType(":Deployment")[0]?.inputs.meta) as { environment: unknown }).environment);
    };
    const without = await fingerprint({});
    assert.equal(await fingerprint({ oidc: { teamSlug: "acme", environments: ["preview"] } }), without);
    assert.equal(variable("AWS_ROLE_ARN"), undefined);
    assert.match(String(open(variable("AWS_ROLE_ARN", "preview")?.value)), /site-identity-role/);
    assert.notEqual(await fingerprint({ oidc: { teamSlug: "acme" } }), without);
    assert.equal(variable("AWS_ROLE_ARN", "preview"), undefined);
  });

  it("brings the log to CloudWatch where that is asked for, with an alarm on errors", async () => {
    assert.deepEqual((await build()).app.logGroups, []);
    const { app } = await build({ logDrain: { alarmActions: { page: [], warning: ["arn:topic"] } } });
    assert.equal(await value(pulumi.output(app.logGroups[0] ?? "")), "site-log-1a2b");
    assert.equal(app.collectors[0]?.kind, "logs");
    assert.deepEqual(
      app.signals.map(({ severity, subject }) => [severity, subject]),
      [["warning", "errors"]],
    );
    await value(pulumi.output(app.signals[0]?.arn ?? ""));
    // The receiver's code is bundled first, which takes its time in a process that did not do it before.
    while (ofType(":LogDrain").length === 0) await new Promise((done) => setTimeout(done, 20));
    const [drain] = ofType(":LogDrain");
    assert.equal(drain?.inputs.endpoint, "https://abc.lambda-url.example/");
    assert.deepEqual(drain?.inputs.projectIds, ["site-project-id"]);
    assert.deepEqual(open(drain?.inputs.headers), { Authorization: `Bearer ${"t".repeat(48)}` });
    assert.deepEqual(ofType(":MetricAlarm")[0]?.inputs.alarmActions, ["arn:topic"]);
  });

  it("refuses before the first resource what cannot work", async () => {
    const refused: [Partial<VercelAppArgs>, RegExp][] = [
      [{ plan: "hobby" }, /vercel\.commercial.*Set vercel\.commercial to false.*vercel\.plan to pro/],
      [{ plan: "pro", database: { kind: "private-link", cidr: "10.0.0.0/16" } }, /enterprise/],
      [{ databaseRegion: "ap-south-2" }, /no region at ap-south-2/],
      [{ regions: ["sel1"] }, /sel1\. Vercel's regions are/],
      [{ protection: "password" }, /config set --secret/],
      [{ environment: { SESSION_KEY: "x" } }, /Both a plain value and a secret: SESSION_KEY/],
    ];
    for (const [change, message] of refused) {
      seen = [];
      await assert.rejects(build(change), message);
      assert.deepEqual(
        seen.filter(({ type }) => !type.startsWith("iamvet:")),
        [],
      );
    }
  });
});
