import { AssetServer } from "../components/traffic/asset-server";
import { LoadBalancer } from "../components/traffic/load-balancer";
import { tiers } from "./architectures";
import type { StackConfig } from "./config";
import type { Foundation } from "./foundation";
import { tiersOf } from "./settings/conflict";

/** The load balancer that some tiers share, and what serves the built files of earlier releases behind it. */
export interface Balancing {
  readonly loadBalancer?: LoadBalancer;
  readonly assetServer?: AssetServer;
}

/** Both where a tier of the stack wants them, else neither. */
export function createBalancing({ settings }: StackConfig, foundation: Foundation): Balancing {
  if (!tiersOf(settings).some((name) => tiers[name].balanced)) return {};
  const { domain, monitoring, logs } = settings;
  const { waf, rateLimit, ...further } = settings.loadBalancer;
  const loadBalancer = new LoadBalancer("load-balancer", {
    vpcId: foundation.network.vpcId,
    subnetIds: foundation.network.webSubnetIds,
    certificateArn: foundation.certificate.arn,
    domain: domain.name,
    redirectFrom: domain.redirectFrom,
    ...further,
    alarmLevel: monitoring.level,
    ...(waf === "off" ? {} : { firewall: { mode: waf, rateLimit } }),
    alarmActions: foundation.alarmActions,
  });
  const assetServer = new AssetServer("asset-server", {
    bucket: foundation.assets,
    loadBalancer,
    domain: domain.name,
    probeToken: foundation.secrets.probeToken,
    logRetentionDays: logs.retentionDays,
  });
  return { loadBalancer, assetServer };
}
