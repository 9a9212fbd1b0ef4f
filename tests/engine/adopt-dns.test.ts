import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { importFile } from "../../cli/commands/move/takeover";
import { type Project, projectFor, STACK, settings } from "./harness/stack";
import { ADDRESSES, DOMAIN, ZONE_ID } from "./harness/world";

/** What the import of `platform adopt-dns` leaves for `up` to do. */
describe("adopt-dns on the real engine", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
  });
  after(() => project?.stop());

  it("after its import `up` neither creates nor changes the records", async () => {
    const record = (setIdentifier: string, weight: number) => ({
      zoneId: ZONE_ID,
      name: DOMAIN,
      type: "A",
      setIdentifier,
      weightedRoutingPolicies: [{ weight }],
      records: [ADDRESSES.instance],
      ttl: 30,
    });
    for (const [slot, weight] of [
      ["serving", 100],
      ["canary", 0],
    ] as const) {
      await project.cloud.create(
        `urn:pulumi:elsewhere::by-hand::aws:route53/record:Record::${slot}`,
        record(slot, weight),
      );
    }
    const site = {
      stack: STACK,
      zoneId: ZONE_ID,
      zoneName: DOMAIN,
      name: DOMAIN,
      redirectFrom: [],
      ttl: 30,
      recordType: "A" as const,
    };
    project.configure(settings("monitored-instance"));
    const file = join(project.folder, "import.json");
    writeFileSync(file, JSON.stringify(importFile(site, [], "99.0.0")));
    await project.must("import", "--stack", STACK, "--file", file, "--protect=false", "--generate-code=false", "--yes");
    const calls = project.cloud.calls.length;
    const { code, output } = await project.up();
    assert.equal(code, 0, output);
    const touched = project.cloud.calls.slice(calls).filter(({ type }) => type === "aws:route53/record:Record");
    assert.deepEqual(
      touched.map(({ op, name }) => `${op} ${name}`).filter((one) => /traffic-(serving|canary)/.test(one)),
      [],
    );
  });
});
