import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAws } from "../../../cli/lib/aws-access";
import { UserError } from "../../../core/errors";

type Answer = { readonly status: number; readonly body: string } | "silence";
const ok = (body: string) => ({ status: 200, body });
const refusal = (code: string, message = "no") => ({
  status: 403,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
});
const identity = ok(
  "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ops</Arn>" +
    "<UserId>A</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
);
const regions = (...names: [string, string][]) =>
  ok(
    `<DescribeRegionsResponse><regionInfo>${names
      .map(([name, status]) => `<item><regionName>${name}</regionName><optInStatus>${status}</optInStatus></item>`)
      .join("")}</regionInfo></DescribeRegionsResponse>`,
  );

/** Stands for STS and EC2: what it answers is set by each test. */
describe("access to AWS", () => {
  const environment = { ...process.env };
  let server: Server;
  let answers: Record<string, Answer>;
  let home: string;

  before(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const answer = answers[new URLSearchParams(body).get("Action") ?? ""] ?? refusal("InvalidAction");
        if (answer !== "silence") response.writeHead(answer.status, { "content-type": "text/xml" }).end(answer.body);
      });
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
  });

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "aws-access-"));
    answers = { GetCallerIdentity: identity, DescribeRegions: regions(["ap-northeast-2", "opt-in-not-required"]) };
    for (const key of Object.keys(process.env)) if (key.startsWith("AWS_")) delete process.env[key];
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "example",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: join(home, "config"),
      AWS_SHARED_CREDENTIALS_FILE: join(home, "credentials"),
    });
  });

  afterEach(() => {
    rmSync(home, { recursive: true });
    for (const key of Object.keys(process.env)) if (!(key in environment)) delete process.env[key];
    Object.assign(process.env, environment);
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const message = async (options: Parameters<typeof connectAws>[0]) => {
    const started = Date.now();
    const error = await connectAws(options).then(
      () => assert.fail("it connected"),
      (e: unknown) => e,
    );
    assert.ok(error instanceof UserError, String(error));
    assert.ok(Date.now() - started < 5_500, "it took longer than 5 s");
    assert.doesNotMatch(error.message, /\n/, "more than one message");
    return error.message;
  };

  it("tells account, caller and region", async () => {
    const access = await connectAws({ region: "ap-northeast-2" });
    assert.equal(access.account, "123456789012");
    assert.equal(access.arn, "arn:aws:iam::123456789012:user/ops");
    assert.equal(access.region, "ap-northeast-2");
    assert.equal((await access.config.credentials()).accessKeyId, "AKIDEXAMPLE");
  });

  it("takes the region of the environment, then of the profile", async () => {
    writeFileSync(join(home, "config"), "[profile site]\nregion = ap-northeast-2\n");
    writeFileSync(join(home, "credentials"), "[site]\naws_access_key_id = SITE\naws_secret_access_key = x\n");
    const access = await connectAws({ profile: "site" });
    assert.equal(access.region, "ap-northeast-2");
    assert.equal((await access.config.credentials()).accessKeyId, "SITE");
    process.env.AWS_DEFAULT_REGION = "ap-northeast-1";
    answers.DescribeRegions = regions(["ap-northeast-1", "opt-in-not-required"]);
    assert.equal((await connectAws({ profile: "site" })).region, "ap-northeast-1");
  });

  it("goes on where the caller may not list regions", async () => {
    answers.DescribeRegions = {
      status: 403,
      body: "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>",
    };
    assert.equal((await connectAws({ region: "ap-northeast-2" })).region, "ap-northeast-2");
  });

  it("says that there are no credentials", async () => {
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    assert.match(await message({ region: "ap-northeast-2" }), /No AWS credentials were found/);
    assert.match(await message({ region: "ap-northeast-2", profile: "nope" }), /profile "nope"/);
    process.env.AWS_PROFILE = "gone";
    assert.match(await message({ region: "ap-northeast-2" }), /for the profile "gone".*aws configure list-profiles/);
  });

  it("says that credentials have expired", async () => {
    answers.GetCallerIdentity = refusal("ExpiredToken", "The security token included in the request is expired");
    assert.match(await message({ region: "ap-northeast-2" }), /has expired.*aws sso login/);
  });

  it("says that a sign-in by SSO has expired", async () => {
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    writeFileSync(
      join(home, "config"),
      "[profile site]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = " +
        "admin\n[sso-session s]\nsso_start_url = https://d-1.awsapps.com/start\nsso_region = " +
        "ap-northeast-2\n",
    );
    assert.match(await message({ region: "ap-northeast-2", profile: "site" }), /aws sso login --profile site/);
  });

  it("says that AWS does not know the credentials", async () => {
    answers.GetCallerIdentity = refusal(
      "InvalidClientTokenId",
      "The security token included in the request is invalid.",
    );
    assert.match(await message({ region: "ap-northeast-2" }), /does not know these credentials/);
  });

  it("says that the clock is off", async () => {
    answers.GetCallerIdentity = refusal("SignatureDoesNotMatch", "Signature expired: 20261126T000000Z is now earlier");
    assert.match(await message({ region: "ap-northeast-2" }), /clock of this machine/);
  });

  it("says that a region does not exist, is not enabled, or is not set", async () => {
    assert.match(await message({ region: "seoul" }), /no region "seoul"/);
    answers.DescribeRegions = regions();
    assert.match(await message({ region: "ap-northeast-9" }), /no region "ap-northeast-9"/);
    answers.DescribeRegions = regions(["ap-east-1", "not-opted-in"]);
    assert.match(await message({ region: "ap-east-1" }), /not enabled in the account 123456789012/);
    assert.match(await message({}), /No AWS region is set/);
  });

  it("says that AWS does not answer, and that it cannot be reached", async () => {
    answers.GetCallerIdentity = "silence";
    assert.match(await message({ region: "ap-northeast-2", timeoutSeconds: 0.3 }), /did not answer within 0.3 s/);
    process.env.AWS_ENDPOINT_URL = "http://127.0.0.1:1";
    assert.match(await message({ region: "ap-northeast-2" }), /cannot be reached \(AWS_ENDPOINT_URL is/);
  });
});
