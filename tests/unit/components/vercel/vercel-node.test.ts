import assert from "node:assert/strict";
import { lastingNodeVersions, vercelNodeNotice, vercelNodeProblems } from "../../../../components/vercel/vercel-node";
import { checkSettings } from "../../../../stacks/settings/settings-check";

const check = (nodeVersion: string) =>
  checkSettings("iamvet", "prod", {
    "iamvet:architecture": "vercel",
    "iamvet:domain": '{"name": "iamvet.kr"}',
    "iamvet:alerts": '{"emails": ["a@iamvet.kr"]}',
    "iamvet:vercel": JSON.stringify({ repository: "a/b", databaseAccess: "public-tls", nodeVersion }),
  });

describe("Node.js on Vercel", () => {
  it("is one that Vercel builds on: what it has ended is refused with the day and one that lasts", () => {
    for (const version of lastingNodeVersions) assert.equal(check(version).vercel.nodeVersion, version);
    assert.throws(() => check("20.x"), /vercel\.nodeVersion.*20\.x.*22\.x or 24\.x.*since 2026-10-01/s);
    assert.throws(() => check("16.x"), /vercel\.nodeVersion.*22\.x or 24\.x/s);
  });

  it("warns until the day that Vercel announced, and refuses from that day on", () => {
    const [before, on] = [new Date("2026-09-30T23:59:59Z"), new Date("2026-10-01T00:00:00Z")];
    assert.deepEqual(vercelNodeProblems("20.x", before), []);
    assert.match(
      vercelNodeNotice("20.x", before) ?? "",
      /20\.x from 2026-10-01 on: set vercel\.nodeVersion to 22\.x or 24\.x/,
    );
    assert.equal(vercelNodeProblems("20.x", on).length, 1);
    assert.equal(vercelNodeNotice("20.x", on), undefined);
    assert.equal(vercelNodeNotice("24.x", before), undefined);
  });

  it("leaves the migrations of a site that comes built to who can reach the database", () => {
    const built = (databaseAccess: string, migrate: boolean) =>
      checkSettings("iamvet", "prod", {
        "iamvet:architecture": "vercel",
        "iamvet:domain": '{"name": "iamvet.kr"}',
        "iamvet:alerts": '{"emails": ["a@iamvet.kr"]}',
        "iamvet:app": JSON.stringify({ migrate }),
        "iamvet:vercel": JSON.stringify({
          prebuilt: "app",
          databaseAccess,
          staticIps: databaseAccess === "static-ips" ? ["203.0.113.7"] : [],
        }),
      });
    assert.throws(() => built("static-ips", true), /app\.migrate.*npx prisma migrate deploy/s);
    built("static-ips", false);
    built("public-tls", true);
  });
});
