import assert from "node:assert/strict";
import { bySecond, dashboardPicture } from "../../drill/picture";

describe("the picture of a drill", () => {
  const visits = Array.from({ length: 100 }, (_, i) => ({
    id: String(i),
    at: 10_000 + i * 50,
    status: i < 40 || i >= 60 ? 200 : 502,
    milliseconds: i % 20 === 19 ? 90 : 10,
  }));

  it("counts requests, losses and the 95th percentile by the second", () => {
    assert.deepEqual(bySecond(visits, 10_000), [
      { at: 0, requests: 20, lost: 0, p95: 10 },
      { at: 1, requests: 20, lost: 0, p95: 10 },
      { at: 2, requests: 20, lost: 20 },
      { at: 3, requests: 20, lost: 0, p95: 10 },
      { at: 4, requests: 20, lost: 0, p95: 10 },
    ]);
  });

  it("draws them with every fault, and nothing outside its frame", () => {
    const svg = dashboardPicture("A <drill>", bySecond(visits, 10_000), [
      { at: 2, kind: "fault", text: "Nginx & app" },
      { at: 2.4, kind: "recovery", text: "nginx-process-count" },
      { at: 3, kind: "healthy", text: "Nginx" },
    ]);
    assert.match(svg, /^<svg [^>]*viewBox="0 0 960 \d+"/);
    for (const word of ["Traffic", "Errors", "Latency", "1. Nginx &#38; app (2 s)", "A &#60;drill&#62;"]) {
      assert.ok(svg.includes(word), word);
    }
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
    for (const [, value] of svg.matchAll(/ x="([\d.]+)"/g)) assert.ok(Number(value) <= 960);
    // One bar of traffic for each of five seconds, one of errors, four of latency, and the ground.
    assert.equal([...svg.matchAll(/<rect /g)].length, 5 + 1 + 4 + 1);
  });

  it("is drawn of nothing too", () => {
    assert.doesNotMatch(dashboardPicture("empty", [], []), /NaN|Infinity/);
  });
});
