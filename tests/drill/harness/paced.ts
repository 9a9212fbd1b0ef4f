/**
 * Does one thing at a constant rate, whether or not answers come, and tells each result as one JSON line on the output. Ends the
 * process on SIGTERM, once all answers are in.
 * @param rate times a second
 */
export async function paced(rate: number, one: (number: number) => Promise<unknown>): Promise<never> {
  const under = new Set<Promise<void>>();
  const start = Date.now();
  let sent = 0;
  let stopping = false;
  process.on("SIGTERM", () => {
    stopping = true;
  });
  while (!stopping) {
    // As many as are due by now, so that a late timer does not lower the rate.
    for (; sent < ((Date.now() - start) * rate) / 1000; sent++) {
      const done = one(sent).then((result) => {
        // By the stream, which waits for a slow reader; a write of one's own fails on a full pipe.
        process.stdout.write(`${JSON.stringify(result)}\n`);
        under.delete(done);
      });
      under.add(done);
    }
    await new Promise((next) => setTimeout(next, 5));
  }
  await Promise.all(under);
  process.exit(0);
}
