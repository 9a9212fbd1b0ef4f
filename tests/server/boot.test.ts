import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bootScript, renderBootConfig } from "../../components/tiers/boot-config";
import { until } from "../drill/harness/processes";
import { CONFIG } from "../standins/boot-config";
import { Box } from "./box";
import { bringPm2 } from "./people";

const APP = join(__dirname, "..", "..", "app");
/** Longer than Nginx's default takes. */
const DOMAIN = "a-name-that-is-longer-than-forty-seven-characters.example.com";
const PEM = '-----BEGIN KEY-----\nline "two" of `it`\n$three\\n is one line\n-----END KEY-----\n';

/** What a server gets from elsewhere. Each fails as often as its file in /faults says, as a network does. */
const fails = (name: string) => `left=$(cat /faults/${name} 2>/dev/null || echo 0)
[ "$left" = 0 ] || { echo $((left - 1)) >/faults/${name}; echo "${name}: try again" >&2; exit 1; }`;
const STANDINS: Readonly<Record<string, string>> = {
  dnf: fails("dnf"),
  alternatives: ":",
  // The back-off is read off, not waited for.
  sleep: 'echo "$1" >>/faults/slept; exec /usr/bin/sleep 0.1',
  npm: `${fails("npm")}
mkdir -p /usr/local/bin; ln -sf /usr/lib/pm2-of-the-tests/node_modules/pm2/bin/pm2 /usr/local/bin/pm2`,
  "python3.11": `mkdir -p /opt/certbot/bin; cp /standins/pip /standins/certbot /opt/certbot/bin/`,
  aws: `case "$*" in
  *Parameter.Version*) echo 3 ;;
  *get-parameter*) cat /standins/config.json ;;
  *get-secret-value*) cat /standins/secret.json ;;
  *"s3 cp"*) ${fails("s3")}; cp /standins/site.tar.gz "\${@: -1}" ;;
  *put-metric-data*) ${fails("cloudwatch")} ;;
  *put-parameter*) echo "aws $*" >>/faults/calls; ${fails("record")} ;;
esac`,
  pip: fails("pip"),
  certbot: `${fails("certbot")}
mkdir -p /etc/letsencrypt/live/${DOMAIN}; cd /etc/letsencrypt/live/${DOMAIN}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 60 -subj /CN=x -addext subjectAltName=DNS:${DOMAIN} \\
  -keyout privkey.pem -out fullchain.pem 2>/dev/null && cp fullchain.pem cert.pem`,
};

const METADATA = `require("node:http").createServer((request, response) => response.end(request.url.includes("token") ? "token"
  : request.url.includes("region") ? "ap-northeast-2" : request.url.includes("boot-parameter") ? "boot" : "i-1")).listen(4999)`;
const SERVER = `require("node:http").createServer((request, response) => response.end(request.url === "/settings"
  ? JSON.stringify(process.env) : "ok")).listen(Number(process.env.PORT), process.env.HOSTNAME)`;

describe("a server's first boot, on systemd", function () {
  this.timeout(180_000);
  let box: Box;

  before(async function () {
    box = await Box.start(this);
    await bringPm2(box);
    for (const [name, body] of Object.entries(STANDINS)) {
      const folder = ["pip", "certbot"].includes(name) ? "/standins" : "/usr/local/bin";
      box.write(`${folder}/${name}`, `#!/bin/bash\n${body}\n`, 0o755);
    }
    for (const name of ["ecosystem.config.cjs", "nginx/site.conf"])
      box.write(`/standins/release/${name}`, readFileSync(join(APP, name), "utf8"));
    box.write("/standins/release/server.js", SERVER);
    await box.do(
      "mkdir /faults; tar -czf /standins/site.tar.gz -C /standins/release .; systemctl stop nginx; rm -f /etc/nginx/sites-enabled/default",
    );
    const sha256 = (await box.do("sha256sum /standins/site.tar.gz")).split(" ")[0] as string;
    const secrets = { SIGNING_KEY: { secretArn: "arn:key" } };
    const config = {
      ...CONFIG,
      domain: DOMAIN,
      migrate: false,
      record: "record",
      secrets,
      release: { url: "s3://r/site.tgz", sha256 },
    };
    box.write("/standins/config.json", renderBootConfig("instance", config));
    box.write("/standins/secret.json", PEM.trimEnd());
    box.write("/standins/metadata.js", METADATA);
    box.write("/etc/systemd/system.conf.d/metadata.conf", "[Manager]\nDefaultEnvironment=IMDS=http://127.0.0.1:4999\n");
    box.write("/part-001", bootScript("instance"), 0o700);
    await box.do("systemctl daemon-reexec; systemd-run --quiet --collect node /standins/metadata.js");
  });
  after(() => box?.stop());

  const state = () => box.try("systemctl is-active site-boot").then(({ stdout }) => stdout.trim());

  it("leaves the boot to a unit before anything can fail, and comes to its end though everything fails once", async () => {
    for (const name of ["dnf", "npm", "pip", "certbot"]) box.write(`/faults/${name}`, "1");
    box.write("/faults/s3", "2");
    await box.do("IMDS=http://127.0.0.1:4999 /part-001");
    const done = await until(async () => (await box.try("test -e /etc/site/booted")).code === 0, 120_000, 1_000);
    const journal = await box.do("journalctl --unit site-boot --no-pager --output cat");
    assert.ok(done, journal.slice(-3000));
    assert.equal(await state(), "inactive");
    const slept = (await box.do("cat /faults/slept")).split("\n");
    assert.deepEqual(
      slept,
      ["15", "30", "60", "10", "10", "120"],
      "longer from try to try; the archive is asked for again at once",
    );
    for (const what of ["dnf", "npm", "pip", "certbot"]) assert.match(journal, new RegExp(`${what}: try again`));
    assert.match(await box.do("cat /faults/calls"), /put-parameter .*--value i-1 boot:3/);
  });

  it("serves under a name of more than 47 characters, with a secret of several lines as it is", async () => {
    const asked =
      `curl --silent --fail --cacert /etc/letsencrypt/live/${DOMAIN}/fullchain.pem --resolve ` +
      `${DOMAIN}:443:127.0.0.1 https://${DOMAIN}`;
    const settings = JSON.parse(await box.do(`${asked}/settings`));
    assert.equal(settings.SIGNING_KEY, PEM.trimEnd());
    assert.equal(await box.do("stat --format %a /run/site/env"), "600");
    assert.equal(
      (await box.try("grep -rl 'BEGIN KEY' /home/site /var/log /srv/site /etc/site")).stdout,
      "",
      "no secret on the disk",
    );
  });

  it("writes the access log with a time that the agent's config names", async () => {
    const { logs } = JSON.parse(readFileSync(join(__dirname, "../../runbooks/agent/cloudwatch-agent.json"), "utf8"));
    const [access] = logs.logs_collected.files.collect_list;
    // The agent's own expressions (aws/amazon-cloudwatch-agent, internal/util/timestamp/timestamp.go).
    const parts: Readonly<Record<string, string>> = {
      d: "\\s{0,1}\\d{1,2}",
      b: "\\w{3}",
      Y: "\\d{4}",
      H: "\\d{2}",
      M: "\\d{2}",
      S: "\\d{2}",
      z: "[+-]\\d{4}",
    };
    const pattern = new RegExp(access.timestamp_format.replaceAll(/%(\w)/g, (_: string, key: string) => parts[key]));
    const [line = ""] = (await box.do("cat /var/log/nginx/access.log")).split("\n");
    assert.match(line, pattern);
    // Nginx's own format, of an adopted server.
    assert.match('203.0.113.9 - - [30/Nov/2026:13:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"', pattern);
  });

  it("does not restart what serves when only what comes after it failed", async () => {
    await box.do(
      "rm /etc/site/booted /etc/site/serving /faults/calls; echo 1 >/faults/cloudwatch; echo 1 >/faults/record",
    );
    const pids = () => box.do("cat /home/site/.pm2/pm2.pid /run/nginx.pid");
    await box.do("systemctl start --no-block site-boot");
    const tried = async (times: number) =>
      until(async () => (await box.do("cat /faults/calls 2>/dev/null | wc -l")) === String(times), 60_000, 50);
    assert.ok(await tried(1), "a metric that cannot be written is no reason to try again");
    const before = await pids();
    assert.ok(await tried(2));
    assert.ok(await until(async () => (await box.try("test -e /etc/site/booted")).code === 0, 30_000, 200));
    assert.equal(await pids(), before);
  });

  it("goes on after a restart in its middle, and does nothing once it has come to its end", async () => {
    await box.do("systemctl restart site-boot");
    assert.match(await box.do("systemctl show --property ConditionResult site-boot"), /=no/);
    await box.do("rm /etc/site/booted /etc/site/serving; systemctl stop pm2-site");
    // As systemd does at a start: the unit is wanted by it.
    assert.equal(await box.do("systemctl is-enabled site-boot"), "enabled");
    await box.do("systemctl start site-boot");
    assert.equal(await box.do("cat /etc/site/serving; systemctl is-active pm2-site"), "boot:3\nactive");
  });
});
