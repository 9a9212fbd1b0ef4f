import type { Family } from "./families";
import { Lane, type Made } from "./lane";
import type { Case } from "./requests";

/** What a worker is told, and what it answers. */
export type Order = { readonly kill: Case };
export type Answer = { readonly cases: readonly Case[] } | Made | { readonly failed: string };

const answer = (what: Answer) => process.send?.(what);

/** One family in a process of its own: the world of the tests is one a process. */
async function main(): Promise<void> {
  const lane = await Lane.start(process.argv[2] as Family, process.argv[3] === "copied");
  process.once("disconnect", () => {
    lane.stop();
    process.exit();
  });
  process.on("message", ({ kill }: Order) => {
    lane.kill(kill).then(answer, (error: unknown) => answer({ failed: String(error) }));
  });
  answer({ cases: lane.cases });
}

main().catch((error: unknown) => {
  answer({ failed: error instanceof Error ? error.message : String(error) });
  process.exit(1);
});
