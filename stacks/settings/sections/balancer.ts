import { z } from "zod";
import { choice, flag, whole } from "../settings-fields";

export const loadBalancerSettings = z
  .strictObject({
    deletionProtection: flag(
      "Refuse deletion by hand and by `pulumi destroy`. A flip that passed its gates may still delete it.",
    ).default(true),
    waf: choice(
      ["off", "count", "block"],
      "AWS WAF with AWS's rule groups and a rate limit, 9 USD a month and 0.60 USD a million requests. count " +
        "refuses nothing: begin with it.",
    ).default("off"),
    rateLimit: whole(
      10,
      2_000_000_000,
      "Requests of one address in five minutes beyond which the WAF refuses it.",
      2000,
    ).default(2000),
    accessLogDays: whole(1, 3650, "Days that access logs are kept.", 90).default(90),
  })
  .prefault({})
  .describe("The load balancer of ha-web-tier and fargate.");
