/** One flip of each family of targets, and who makes it. */
export const FAMILIES = {
  "server to balanced": { from: "monitored-instance", to: "fargate", by: "up" },
  "balanced to balanced": { from: "ha-web-tier", to: "fargate", by: "up" },
  "balanced to vercel": { from: "fargate", to: "vercel", by: "up" },
  "vercel to server": { from: "vercel", to: "monitored-instance", by: "up" },
  "server to balanced, in shares": { from: "monitored-instance", to: "ha-web-tier", by: "migrate" },
} as const;

export type Family = keyof typeof FAMILIES;
