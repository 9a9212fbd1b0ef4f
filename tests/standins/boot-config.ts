/** Boot configuration of a server, as components/tiers/boot-config.ts checks it. */
export const CONFIG = {
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
