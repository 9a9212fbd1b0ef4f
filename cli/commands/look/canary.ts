import { migrateCommand, setCommand } from "../../../stacks/gates/stops";

/** What is said of a canary in a stack's file that stands in the way of a change of architecture. */

/** @param change what is asked for: `a flip to vercel` */
export const inTheWay = (stack: string, canary: string, percent: number, change: string, serving: string): string =>
  [
    `${canary} is the canary of ${stack}, with ${percent} % of the traffic; ${change} needs its place. Take it out first:`,
    `  ${migrateCommand(stack)} --to ${serving}`,
  ].join("\n");

/** A share that the file gives to a tier that no update has built yet. */
export const notLive = (stack: string, project: string, canary: string, percent: number): string =>
  [
    `The file of ${stack} gives ${canary} ${percent} % of the traffic, but ${canary} is not live. Nothing was changed.`,
    "Take the share out; the migration walks there by itself:",
    `  ${setCommand({ stack, project }, "traffic.percent", 0)}`,
  ].join("\n");
