import assert from "node:assert/strict";
import { describeVercelDatabase, serverlessDatabaseUrl } from "../../../../components/vercel/vercel-database";
import { vercelPlanNotice, vercelPlanProblems } from "../../../../components/vercel/vercel-plans";
import { problemText } from "../../../../core/setting-problem";

describe("vercelPlanProblems", () => {
  const keys = (choices: Parameters<typeof vercelPlanProblems>[0]) => vercelPlanProblems(choices).map(({ key }) => key);

  it("finds nothing wrong with a plain site on Pro", () => {
    assert.deepEqual(vercelPlanProblems({ plan: "pro", database: { kind: "public-tls" }, protection: "standard" }), []);
  });

  it("refuses business on Hobby, since that is the default and the plan forbids it", () => {
    assert.deepEqual(vercelPlanProblems({ plan: "hobby" }), [
      {
        key: "vercel.commercial",
        found: "commercial use",
        allowed: "Hobby: non-commercial personal use only (Vercel's fair use guidelines); vercel.plan pro allows it",
        how: "Set vercel.commercial to false if the site earns nothing, or set vercel.plan to pro.",
        fix: { value: false },
      },
    ]);
  });

  it("names every setting that Hobby lacks at once", () => {
    assert.deepEqual(
      keys({
        plan: "hobby",
        commercial: false,
        teamId: "team_1",
        regions: ["icn1", "hnd1"],
        functions: { maxSeconds: 301, cpu: "performance" },
        protection: "password",
        skewProtection: "1 day",
        logDrain: {},
        database: { kind: "static-ips" },
        requiredSla: 0.9999,
      }),
      [
        "vercel.teamId",
        "vercel.regions",
        "vercel.functions.maxSeconds",
        "vercel.functions.cpu",
        "vercel.protection",
        "vercel.skewProtection",
        "vercel.logDrain",
        "vercel.databaseAccess",
        "vercel.requiredSla",
      ],
    );
  });

  it("leads to the cheapest plan that has it", () => {
    const [staticIps] = vercelPlanProblems({ plan: "hobby", commercial: false, database: { kind: "static-ips" } });
    assert.match(staticIps?.how ?? "", /vercel\.plan to pro\.$/);
    const [sla] = vercelPlanProblems({ plan: "pro", requiredSla: 0.9999 });
    assert.match(sla?.how ?? "", /vercel\.plan to enterprise\.$/);
    const [link] = vercelPlanProblems({ plan: "pro", database: { kind: "private-link" } });
    assert.match(link?.how ?? "", /enterprise/);
  });

  it("offers no plan for what no plan has", () => {
    const [problem] = vercelPlanProblems({ plan: "pro", functions: { maxSeconds: 801 } });
    assert.equal(problem?.how, "Lower vercel.functions.maxSeconds, or move the long work to a queue.");
    assert.deepEqual(keys({ plan: "pro", functions: { maxSeconds: 0 } }), ["vercel.functions.maxSeconds"]);
  });

  it("tells in one sentence what a plan lacks", () => {
    assert.match(vercelPlanNotice("hobby"), /commercial use.*static addresses.*log drains.*availability by contract/);
    assert.doesNotMatch(vercelPlanNotice("pro"), /commercial|static addresses/);
    assert.match(vercelPlanNotice("pro"), /availability by contract/);
    assert.match(vercelPlanNotice("enterprise"), /promises 99\.99 %/);
  });

  it("reads as one text", () => {
    assert.equal(
      problemText(vercelPlanProblems({ plan: "pro", requiredSla: 0.9999 })),
      "vercel.requiredSla: 99.99 %. Pro: no availability by contract; vercel.plan enterprise " +
        "allows it. Remove vercel.requiredSla, or set vercel.plan to enterprise.",
    );
  });
});

describe("describeVercelDatabase", () => {
  it("opens the port to the world for public-tls, and says so", () => {
    const needs = describeVercelDatabase({ kind: "public-tls" });
    assert.equal(needs.publiclyAccessible, true);
    assert.equal(needs.forceTls, true);
    assert.deepEqual(
      needs.ingress.map(({ cidr }) => cidr),
      ["0.0.0.0/0"],
    );
    assert.match(needs.exposure, /open to the internet/);
  });

  it("admits only the static addresses, at their price", () => {
    const needs = describeVercelDatabase({ kind: "static-ips", addresses: ["203.0.113.7", "203.0.113.8/32"] });
    assert.deepEqual(
      needs.ingress.map(({ cidr }) => cidr),
      ["203.0.113.7/32", "203.0.113.8/32"],
    );
    assert.equal(needs.monthlyUsd, 100);
  });

  it("keeps the database private behind Secure Compute", () => {
    const needs = describeVercelDatabase({ kind: "private-link", cidr: "10.1.0.0/16" });
    assert.equal(needs.publiclyAccessible, false);
    assert.deepEqual(
      needs.ingress.map(({ cidr }) => cidr),
      ["10.1.0.0/16"],
    );
  });

  it("refuses what is no address, before anything is created", () => {
    assert.throws(() => describeVercelDatabase({ kind: "static-ips", addresses: [] }), /Connectivity/);
    for (const address of ["vercel.com", "999.1.1.1", "10.0.0.0/33", ""]) {
      assert.throws(
        () => describeVercelDatabase({ kind: "static-ips", addresses: [address] }),
        /not an IPv4 address/,
        address,
      );
    }
  });
});

describe("serverlessDatabaseUrl", () => {
  it("sets few connections, short waits and TLS, and keeps the rest", () => {
    assert.equal(
      serverlessDatabaseUrl("postgresql://app:p%40ss@db.example.com:5432/site?schema=public&connection_limit=50", {}),
      "postgresql://app:p%40ss@db.example.com:5432/site?schema=public&connection_limit=3&pool_timeout=10&connect_timeout=5&sslmode=require",
    );
  });

  it("overrules a URL that would go without TLS", () => {
    assert.match(
      serverlessDatabaseUrl("postgres://a:b@h/d?sslmode=disable", { connectionLimit: 1 }),
      /connection_limit=1.*sslmode=require|sslmode=require.*connection_limit=1/,
    );
  });

  it("never repeats the password in an error", () => {
    for (const url of ["mysql://app:hunter2@h/d", "hunter2 is no URL"]) {
      assert.throws(
        () => serverlessDatabaseUrl(url),
        (error: Error) => !error.message.includes("hunter2") && /postgresql:\/\//.test(error.message),
      );
    }
    assert.throws(() => serverlessDatabaseUrl("postgres://a:b@h/d", { connectionLimit: 0 }), /whole number/);
  });
});
