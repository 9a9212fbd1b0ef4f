import { claim } from "../../../../../cli/commands/move/migrate/running";

/** A process that takes and leaves the mark of a stack's file as its parent says (claim.test.ts). */
let release = () => {};
process.on("message", ({ claim: file, at }: { claim?: string; at?: number }) => {
  if (file === undefined) {
    release();
    release = () => {};
    return process.send?.({ left: true });
  }
  // All at the same moment, as close as processes come.
  while (Date.now() < (at ?? 0));
  try {
    release = claim(file);
    process.send?.({ held: true });
  } catch (error) {
    process.send?.({ held: false, why: (error as Error).message });
  }
});
process.send?.({ ready: true });
