import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import type { S3Client } from "@aws-sdk/client-s3";
import type { ALBEvent, ALBResult } from "aws-lambda";
import { planStack } from "../../../cli/planner/planner";
import { type Asset, assetKey, toAsset } from "../../../core/asset";
import type { Plan, PlannedResource } from "../../../core/plan-format";
import { assetHandler } from "../../../functions/assets/asset-handler";
import { inMemory } from "../../../functions/assets/cache";
import { type AssetStore, s3Store } from "../../../functions/assets/store";
import { availabilityOf } from "../../../insight/availability/availability";
import { costOf } from "../../../insight/cost/cost";

const KEY = "_next/static/chunks/app-0a1b.js";
const SCRIPT = Buffer.from(`console.log("${"long ".repeat(200)}")`);

/** A handler over a bucket in memory; what it wrote and asked is told. */
function world(
  files: Record<string, Buffer> = {},
  tiers: Record<string, Buffer> = {},
  broken: Partial<AssetStore> = {},
) {
  const kept = new Map<string, Asset>(Object.entries(files).map(([key, content]) => [key, toAsset(key, content)]));
  const asked: string[] = [];
  const logged: string[] = [];
  const handler = assetHandler({
    store: {
      read: async (key) => kept.get(key),
      write: async (key, content) => {
        kept.set(key, toAsset(key, content));
        return toAsset(key, content);
      },
      address: async (key) => `https://bucket.example/${key}?X-Amz-Signature=1`,
      ...broken,
    },
    askTiers: async (path) => {
      asked.push(path);
      return tiers[path];
    },
    probeHeader: "x-site-probe",
    log: (text) => logged.push(text),
  });
  return { kept, asked, logged, get: (path: string, more: Partial<ALBEvent> = {}) => handler(event(path, more)) };
}

/** As in the ELB user guide, "Lambda functions as targets", Receive events from the load balancer. */
const event = (path: string, more: Partial<ALBEvent> = {}): ALBEvent => ({
  requestContext: { elb: { targetGroupArn: "arn:aws:elasticloadbalancing:r:1:targetgroup/assets/0" } },
  httpMethod: "GET",
  path,
  queryStringParameters: {},
  headers: { "accept-encoding": "gzip, deflate, br", host: "iamvet.kr", "user-agent": "Mozilla/5.0" },
  body: "",
  isBase64Encoded: false,
  ...more,
});

const contentOf = ({ body = "", isBase64Encoded, headers }: ALBResult): string => {
  assert.equal(isBase64Encoded, true);
  const bytes = Buffer.from(body, "base64");
  return (headers?.["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
};

describe("the function that answers for built files", () => {
  it("answers from the bucket, compressed for who takes that, to be kept for ever", async () => {
    const { get, asked } = world({ [KEY]: SCRIPT });
    const answer = await get(`/${KEY}`, { queryStringParameters: { dpl: "v1" } });
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.statusDescription, "200 OK");
    const { etag, ...headers } = answer.headers ?? {};
    assert.deepEqual(headers, {
      "cache-control": "public, max-age=31536000, immutable",
      "content-encoding": "gzip",
      "content-type": "text/javascript; charset=utf-8",
      vary: "accept-encoding",
      "x-content-type-options": "nosniff",
    });
    assert.equal(contentOf(answer), SCRIPT.toString());
    assert.deepEqual(asked, []);

    for (const refused of ["", "identity", "br", "gzip;q=0, deflate", "gzip; q=0.0"]) {
      const plain = await get(`/${KEY}`, { headers: { "accept-encoding": refused } });
      assert.equal(plain.headers?.["content-encoding"], undefined, refused);
      assert.equal(contentOf(plain), SCRIPT.toString());
      assert.equal(plain.headers?.etag, etag);
    }
    const again = await get(`/${KEY}`, { headers: { "if-none-match": `"other", ${etag}` } });
    assert.equal(again.statusCode, 304);
    assert.equal(again.body, "");
    assert.equal((await get(`/${KEY}`, { headers: { "if-none-match": '"other"' } })).statusCode, 200);
  });

  it("answers HEAD without a body, and refuses what is neither GET nor HEAD", async () => {
    const { get } = world({ [KEY]: SCRIPT });
    const head = await get(`/${KEY}`, { httpMethod: "HEAD" });
    assert.deepEqual([head.statusCode, head.body, head.isBase64Encoded], [200, "", false]);
    assert.equal(head.headers?.["content-type"], "text/javascript; charset=utf-8");
    for (const httpMethod of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const { statusCode, headers } = await get(`/${KEY}`, { httpMethod });
      assert.deepEqual([statusCode, headers?.allow, headers?.["cache-control"]], [405, "GET, HEAD", "no-store"]);
    }
  });

  it("reads and answers multi-value headers where the target group has them", async () => {
    const { get } = world({ [KEY]: SCRIPT });
    const several = { multiValueHeaders: { "accept-encoding": ["br", "gzip"] } };
    const answer = await get(`/${KEY}`, { headers: undefined, ...several } as Partial<ALBEvent>);
    assert.equal(answer.headers, undefined);
    assert.deepEqual(answer.multiValueHeaders?.["content-encoding"], ["gzip"]);
    const probe = { multiValueHeaders: { "x-site-probe": ["fargate.token"] } };
    assert.equal((await get(`/${KEY}`, { headers: undefined, ...probe } as Partial<ALBEvent>)).statusCode, 421);
  });

  it("takes keys below _next/static alone, whatever the path is written like", async () => {
    assert.equal(assetKey("/_next/static/chunks/app/%5Bslug%5D/page-1.js"), "_next/static/chunks/app/[slug]/page-1.js");
    assert.equal(assetKey("/_next/static/media/%EA%B8%80.woff2"), "_next/static/media/글.woff2");
    const wrong = [
      ...[
        "/",
        "/_next/static",
        "/_next/static/",
        "/_next/static//a.js",
        "/_next/static/a/",
        "/_next/image",
        "/other.js",
      ],
      ...[
        "/_next/static/../server/a.js",
        "/_next/static/./a.js",
        "/_next/static/%2e%2e/secret",
        "/_next/static/..%2Fa",
      ],
      ...[
        "/_next/static/a%5C..%5Cb",
        "/_next/static/%00",
        "/_next/static/a%0Ab",
        "/_next/static/%",
        "/_next/static/%E0%A4",
      ],
      ...[
        "//_next/static/a.js",
        "_next/static/a.js",
        `/_next/static/${"a".repeat(1025)}`,
        "/%5Fnext/../_next/static/a.js",
      ],
    ];
    const { get, asked } = world({}, Object.fromEntries(wrong.map((path) => [path, SCRIPT])));
    for (const path of wrong) {
      assert.equal(assetKey(path), undefined, path);
      assert.equal((await get(path)).statusCode, 404, path);
    }
    assert.deepEqual(asked, []);
  });

  it("asks the tiers for what is missing, as the browser wrote it, and keeps what they have", async () => {
    const path = "/_next/static/chunks/%5Bid%5D-2.css";
    const { get, asked, kept } = world({}, { [path]: Buffer.from("a{}") });
    const answer = await get(path, { queryStringParameters: { dpl: "v2" } });
    assert.deepEqual([answer.statusCode, contentOf(answer)], [200, "a{}"]);
    assert.equal(answer.headers?.["content-type"], "text/css; charset=utf-8");
    assert.deepEqual([...kept.keys()], ["_next/static/chunks/[id]-2.css"]);
    await get(path);
    assert.deepEqual(asked, [path]);
  });

  it("says that a file is nowhere, and lets nobody remember that", async () => {
    const { get } = world();
    const { statusCode, headers, body } = await get("/_next/static/none.js");
    assert.deepEqual([statusCode, headers, body], [404, { "cache-control": "no-store" }, ""]);
  });

  it("does not ask the tiers for its own question, which a rule led back to it", async () => {
    const { get, asked } = world();
    const { statusCode } = await get(`/${KEY}`, { headers: { "x-site-probe": "fargate.token" } });
    assert.deepEqual([statusCode, asked], [421, []]);
  });

  it("leads to the bucket what a load balancer takes from no function", async () => {
    const font = "_next/static/media/korean.woff2";
    const { get } = world({
      [font]: Buffer.alloc(760_000, 7),
      "_next/static/media/less.woff2": Buffer.alloc(740_000, 7),
    });
    const { statusCode, headers, body } = await get(`/${font}`);
    assert.deepEqual([statusCode, body], [307, ""]);
    assert.equal(headers?.location, `https://bucket.example/${font}?X-Amz-Signature=1`);
    assert.equal(headers?.["cache-control"], "private, max-age=150");
    const less = await get("/_next/static/media/less.woff2");
    assert.equal(less.statusCode, 200);
    assert.ok(JSON.stringify(less).length < 1_000_000);
    assert.equal((await get(`/${font}`, { httpMethod: "HEAD" })).statusCode, 200);
  });

  it("serves on from the tiers when S3 is out of reach, and says so in its log", async () => {
    const down = async () => Promise.reject(new Error("down"));
    const big = "/_next/static/big.woff2";
    const tiers = { [`/${KEY}`]: SCRIPT, [big]: Buffer.alloc(760_000, 7) };
    const { get, logged } = world({}, tiers, { read: down, write: down });
    const answer = await get(`/${KEY}`);
    assert.deepEqual([answer.statusCode, contentOf(answer)], [200, SCRIPT.toString()]);
    assert.deepEqual(logged, [`cannot read ${KEY}: Error: down`, `cannot keep ${KEY}: Error: down`]);
    assert.equal((await get(big)).statusCode, 503);
  });

  it("takes a refusal of S3 for a file that is not there, since the role may not list", async () => {
    const failing = (httpStatusCode: number) =>
      s3Store(
        {
          send: async () => Promise.reject(Object.assign(new Error("S3"), { $metadata: { httpStatusCode } })),
        } as never,
        "bucket",
      );
    assert.equal(await failing(403).read(KEY), undefined);
    assert.equal(await failing(404).read(KEY), undefined);
    await assert.rejects(failing(500).read(KEY));
  });

  it("reads a file from S3 once, and keeps no more than it has room for", async () => {
    const read: string[] = [];
    const store = inMemory(
      {
        read: async (key) => {
          read.push(key);
          return key === "none" ? undefined : { body: Buffer.alloc(40), gzip: false, type: "font/woff2" };
        },
        write: async (key, content) => toAsset(key, content),
        address: async () => "",
      },
      100,
    );
    for (const key of ["a", "a", "b", "a", "none", "none", "c", "b", "c", "a"]) await store.read(key);
    // The third is one too many, and the oldest goes; what is not there is asked for each time.
    assert.deepEqual(read, ["a", "b", "none", "none", "c", "a"]);
    await store.write("d.woff2", Buffer.alloc(90));
    await store.read("d.woff2");
    await store.read("a");
    assert.deepEqual(read.slice(6), ["a"]);
  });

  it("signs an address for one file, some minutes long", async () => {
    const { S3Client } = await import("@aws-sdk/client-s3");
    const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "session" };
    const s3: S3Client = new S3Client({ region: "ap-northeast-2", credentials });
    const url = new URL(await s3Store(s3, "assets-1").address("_next/static/media/[a] 1.woff2"));
    assert.equal(url.origin, "https://assets-1.s3.ap-northeast-2.amazonaws.com");
    assert.equal(url.pathname, "/_next/static/media/%5Ba%5D%201.woff2");
    assert.equal(url.searchParams.get("X-Amz-Expires"), "300");
    assert.equal(url.searchParams.get("X-Amz-SignedHeaders"), "host");
    assert.match(url.searchParams.get("X-Amz-Signature") ?? "", /^[0-9a-f]{64}$/);
    assert.ok(!url.href.includes("secret"));
  });
});

describe("the built files' place in a plan", function () {
  this.timeout(60_000);
  const found = (plan: Plan, name: string): PlannedResource => {
    const resource = plan.resources.find((one) => one.name === name);
    assert.ok(resource, `${name} is in the plan`);
    return resource;
  };

  for (const architecture of ["ha-web-tier", "fargate"] as const) {
    it(`is a rule of the load balancer between the probes and everything else, for ${architecture}`, async () => {
      const plan = await planStack("prod", { architecture });
      const rule = found(plan, "asset-server-rule").inputs;
      assert.deepEqual(rule.conditions, [{ pathPattern: { values: ["/_next/static/*"] } }]);
      const priority = Number(rule.priority);
      const probe = found(plan, `${architecture}-probe`).inputs;
      assert.ok(Number(probe.priority) < priority, "the function's questions reach the tiers");
      assert.ok(priority < Number(found(plan, "traffic-catch-all").inputs.priority));

      const permission = found(plan, "asset-server-permission").inputs;
      assert.equal(permission.principal, "elasticloadbalancing.amazonaws.com");
      assert.match(JSON.stringify(permission.sourceArn), /asset-server-targets/);
      assert.match(JSON.stringify(found(plan, "asset-server-attachment").inputs.targetId), /asset-server-function/);
      assert.equal(found(plan, "asset-server-targets").inputs.targetType, "lambda");
    });
  }

  it("lets its role read and write the files of one prefix, and nothing else but its log", async () => {
    const plan = await planStack("prod", { architecture: "fargate" });
    const policy = JSON.stringify(found(plan, "asset-server-role-policy").inputs.policy);
    const actions = [...policy.matchAll(/\\"(\w+:\w+)\\"/g)].map(([, action]) => action);
    assert.deepEqual(actions, [
      ...["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
      ...["s3:GetObject", "s3:PutObject"],
    ]);
    assert.match(policy, /_next\/static\/\*/);
    assert.doesNotMatch(policy, /\\"\*\\"/);
  });

  it("keeps the token of the probe rules a secret", async () => {
    const plan = await planStack("prod", { architecture: "fargate" });
    const { environment } = found(plan, "asset-server-function").inputs as {
      environment: { variables: Record<string, unknown> };
    };
    assert.equal(environment.variables.PROBE_VALUES, "[secret]");
    assert.equal(environment.variables.SITE, "iamvet.kr");
  });

  it("costs what its files cost, and joins the chain of what is promised", async () => {
    for (const architecture of ["ha-web-tier", "fargate"] as const) {
      const plan = await planStack("prod", { architecture });
      const usage = { requestsPerMonth: 10_000_000, staticShare: 0.5 };
      const lines = costOf(plan, { usage, region: "ap-northeast-2" }).lines.filter(
        ({ resource }) => resource === "asset-server-function",
      );
      // Five million files: 0.2 USD a million, 50 ms of 512 MB at 0.0000133334 USD a GB-second, 0.35 USD a million reads.
      assert.deepEqual(
        lines.map(({ price, monthlyUsd }) => [price, Math.round(monthlyUsd * 100) / 100]),
        [
          ["lambda:request", 1],
          ["lambda:arm", 1.67],
          ["s3:read", 1.75],
        ],
      );
      const { links, committed } = availabilityOf(plan, { years: 10 });
      const files = links.filter(({ from }) => from.includes("Lambda"));
      assert.deepEqual(
        files.map(({ availability }) => availability),
        [0.9995],
      );
      assert.ok(Math.abs(committed - links.reduce((product, { availability }) => product * availability, 1)) < 1e-12);
    }
    const server = await planStack("prod", { architecture: "monitored-instance" });
    assert.ok(!availabilityOf(server, { years: 10 }).links.some(({ from }) => from.includes("Lambda")));
  });

  it("counts the load balancer's units by what a function's answers take of them", async () => {
    const plan = await planStack("prod", { architecture: "fargate" });
    const units = (staticShare: number) =>
      costOf(plan, {
        region: "ap-northeast-2",
        usage: { gbOutPerMonth: 730, requestsPerMonth: 1, staticShare },
      }).lines.find(({ price }) => price === "alb:lcu")?.quantity;
    assert.deepEqual([units(0), units(1)], [730, 730 * 2.5]);
  });

  it("is one bucket in every architecture, that nobody reads from outside and that empties itself", async () => {
    for (const architecture of ["monitored-instance", "ha-web-tier", "fargate", "vercel"] as const) {
      const plan = await planStack("prod", { architecture });
      assert.equal(found(plan, "assets-bucket").urn.split("::")[0], "urn:pulumi:prod");
      const balanced = plan.resources.some(({ name }) => name === "asset-server-function");
      assert.equal(balanced, architecture === "ha-web-tier" || architecture === "fargate", architecture);
      const [expire] = (found(plan, "assets-bucket-lifecycle").inputs.rules ?? []) as Record<string, unknown>[];
      assert.deepEqual([expire?.filter, expire?.expiration], [{ prefix: "_next/static/" }, { days: 90 }]);
      assert.equal(found(plan, "assets-bucket-private").inputs.blockPublicPolicy, true);
      assert.deepEqual((found(plan, "assets-cors").inputs.corsRules as Record<string, unknown>[])[0]?.allowedMethods, [
        "GET",
      ]);
    }
  });
});
