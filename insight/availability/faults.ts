import type { faultTexts } from "../../output/messages/report-texts";

/** What can go wrong, from the smallest to the greatest. */
export const faults = [
  "process-crash",
  "app-hang",
  "nginx-down",
  "instance-lost",
  "zone-lost",
  "database-lost",
  "bad-deploy",
  "region-lost",
] as const satisfies readonly (keyof typeof faultTexts)[];
export type Fault = (typeof faults)[number];
