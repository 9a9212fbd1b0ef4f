import assert from "node:assert/strict";
import { planStack } from "../../../cli/planner/planner";
import * as faults from "../../../core/faults";
import { text } from "../../../core/plan-reader";
import { CAUSES } from "../../../functions/incident/causes";
import { failuresPerYear } from "../../../insight/availability/availability";
import { scenarios } from "../../../insight/disaster/dr-scenarios";

describe("the table of faults", () => {
  it("has each cause that the reporter tells, each outage and each disaster, once", () => {
    const ids = [...faults.CAUSES];
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(CAUSES.map(({ id }) => id).sort(), ids.sort());
    assert.deepEqual(Object.keys(failuresPerYear), [...faults.OUTAGES]);
    assert.deepEqual(
      scenarios.map(({ id }) => id),
      [...faults.DISASTERS],
    );
  });

  it("is spoken of in an alarm by its words and not by its id", async () => {
    const { resources } = await planStack("prod", { architecture: "monitored-instance" });
    const told = resources.flatMap(({ type, inputs }) =>
      type.endsWith("Alarm") ? (/^Likely: (.*)\.$/m.exec(text(inputs.alarmDescription) ?? "")?.[1] ?? []) : [],
    );
    assert.ok(told.length > 10);
    for (const causes of told) assert.doesNotMatch(causes, /(^|; )[a-z]+(-[a-z]+)*: /);
  });
});
