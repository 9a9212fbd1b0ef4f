import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const PROJECT = join(__dirname, "../../..");
const FILE = "/_next/static/chunks/a-1.js";

describe("how the function asks the tiers (real TLS; a stand-in of the load balancer and its firewall)", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "tiers-"));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const seen: IncomingMessage["headers"][] = [];
  let balancer: Server;

  before(async function () {
    if (spawnSync("openssl", ["version"]).status !== 0) this.skip();
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
        ...["-subj", "/CN=iamvet.kr", "-addext", "subjectAltName=DNS:iamvet.kr", "-keyout", key, "-out", certificate],
      ],
      { stdio: "ignore" },
    );
    balancer = createServer(
      { key: readFileSync(key), cert: readFileSync(certificate) },
      ({ headers, url }, response) => {
        seen.push(headers);
        // AWSManagedRulesCommonRuleSet, NoUserAgent_HEADER: a request without the header is refused
        // (https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html).
        if (!headers["user-agent"]) response.statusCode = 403;
        else if (headers["x-site-probe"] !== "fargate.token") response.statusCode = 421;
        else if (url !== FILE) response.statusCode = 404;
        response.end("// a");
      },
    );
    await new Promise<void>((done) => balancer.listen(0, "127.0.0.1", done));
  });
  after(() => {
    balancer?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("by the address of the load balancer, under the site's name and certificate, and past AWS WAF", async () => {
    const access = {
      origin: `https://127.0.0.1:${(balancer.address() as AddressInfo).port}`,
      ...{ host: "iamvet.kr", header: "x-site-probe", values: ["ha-web-tier.token", "fargate.token"] },
    };
    const program = `require("./functions/assets/tiers.ts").tierAsker(${JSON.stringify(access)})("${FILE}")
      .then((found) => process.stdout.write(found ?? "nothing"))`;
    const env = { ...process.env, NODE_OPTIONS: "", NODE_EXTRA_CA_CERTS: certificate };
    const asked = await promisify(execFile)("node", ["--import", "tsx", "--eval", program], { cwd: PROJECT, env });
    assert.equal(asked.stdout, "// a");
    for (const headers of seen) assert.equal(headers.host, "iamvet.kr");
  });
});
