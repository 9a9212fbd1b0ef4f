import type { Combination } from "../provider/combinations";
import { released } from "../provider/parts";
import type { Existing } from "./account";

/** One way to configure the site, built whole in the emulator. */
export interface Case extends Combination {
  /** Config of a case that takes over the server and the database that the account has already. */
  readonly adopt?: (existing: Existing) => Readonly<Record<string, unknown>>;
}

const plain = (architecture: string): Case => ({ name: architecture, stack: "prod", architecture, config: released });

/** Each option; what a team has already instead of what is new; and two tiers behind one load balancer. */
export const cases: readonly Case[] = [
  plain("fargate"),
  plain("monitored-instance"),
  plain("ha-web-tier"),
  {
    name: "monitored-instance on a server and a database that exist",
    stack: "prod",
    architecture: "monitored-instance",
    adopt: (existing) => ({
      existing: {
        instanceId: existing.instanceId,
        securityGroupId: existing.securityGroupId,
        addresses: [existing.address],
      },
      database: {
        mode: "existing",
        identifier: existing.databaseId,
        securityGroupId: existing.databaseGroupId,
        urlSecretArn: existing.databaseSecretArn,
      },
    }),
  },
  {
    name: "ha-web-tier with fargate as canary, in a network and a zone of its own",
    stack: "prod",
    architecture: "ha-web-tier",
    config: {
      ...released,
      traffic: { canary: "fargate", percent: 10 },
      network: { vpc: "new", zones: 3 },
      domain: { name: "iamvet.kr", zone: "new", redirectFrom: ["www.iamvet.kr"] },
    },
  },
  plain("vercel"),
];
