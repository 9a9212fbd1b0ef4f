import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootScript, renderBootConfig } from "../../components/boot-config";

const CONFIG = {
  region: "ap-northeast-2",
  domain: "iamvet.kr",
  port: 3000,
  healthPath: "/api/health-external",
  tier: "monitored-instance",
  version: "v2",
  environment: {},
  secrets: {},
  agentConfigParameter: "agent",
  release: { url: "s3://releases/site-v2.tar.gz", sha256: "0".repeat(64) },
  acmeEmail: "ops@iamvet.kr",
};

/** The script's functions without the calls at its end, and with stand-ins for what an instance has. */
const functions = `${bootScript("instance").split(/^case \$\{1:-boot\}/m)[0]}
environment() { echo '{"DATABASE_URL": "postgresql://site:pw@db/site"}'; }
runuser() { echo "runuser $*"; }
`;

describe("a server that runs a release", () => {
  const migrated = (config: object): string => {
    const root = mkdtempSync(join(tmpdir(), "boot-"));
    try {
      const release = join(root, "srv/site/releases/v2");
      mkdirSync(join(release, "prisma/migrations"), { recursive: true });
      mkdirSync(join(root, "etc/site"), { recursive: true });
      writeFileSync(join(release, "package.json"), JSON.stringify({ dependencies: { prisma: "7.0.0" } }));
      writeFileSync(join(root, "etc/site/config.json"), renderBootConfig("instance", { ...CONFIG, ...config }));
      const env = { ...process.env, BOOT_ROOT: root };
      return execFileSync("bash", ["-c", `${functions}\nmigrate`], { encoding: "utf8", env });
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  };

  it("migrates for it, unless app.migrate is false", () => {
    assert.match(migrated({}), /prisma@7\.0\.0 migrate deploy/);
    assert.match(migrated({ migrate: true }), /migrate deploy/);
    assert.equal(migrated({ migrate: false }), "");
  });
});
