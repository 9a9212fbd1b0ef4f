import type { Check } from "./check";
import { CONFIGURATION } from "./configuration";
import { REACH } from "./reach";
import { TRAFFIC } from "./traffic";
import { WATCHING } from "./watching";

/** Everything that is asked of what was built. What an option does not have is passed over, and said so in the output. */
export const CHECKS: readonly Check[] = [...TRAFFIC, ...REACH, ...CONFIGURATION, ...WATCHING];
