import assert from "node:assert/strict";
import { rulesByName } from "../../../stacks/database-ranges";
import type { KnownResource } from "../../../stacks/state";

const range = (cidr: string) => ({ cidr, description: "" });
const known = (cidrs: Readonly<Record<number, string>>, marked = false): KnownResource[] =>
  Object.entries(cidrs).map(([number, cidrIpv4]) => ({
    urn: `urn:pulumi:test::iamvet::tier$rule::vercel-to-database-${number}`,
    type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    inputs: { cidrIpv4 },
    ...(marked && { delete: true }),
  }));

describe("rules for the ranges that the database admits", () => {
  for (const [what, before, wanted, rules] of [
    ["are numbered in their order at first", [], ["a", "b"], { 1: "a", 2: "b" }],
    ["keep their number where a range stays", known({ 1: "a", 2: "b" }), ["b", "c"], { 2: "b", 1: "c" }],
    ["keep it in another order", known({ 1: "a", 2: "b" }), ["b", "a"], { 1: "a", 2: "b" }],
    ["keep it where another one goes", known({ 1: "a", 2: "b" }), ["b"], { 2: "b" }],
    ["are one for a range that is named twice", [], ["a", "a"], { 1: "a" }],
    ["take no number from what is to be deleted", known({ 2: "a" }, true), ["a"], { 1: "a" }],
  ] as const) {
    it(what, () => {
      const found = [...rulesByName(wanted.map(range), before)].map(([name, { cidr }]) => [name, cidr]);
      assert.deepEqual(
        Object.fromEntries(found),
        Object.fromEntries(Object.entries(rules).map(([number, cidr]) => [`vercel-to-database-${number}`, cidr])),
      );
    });
  }
});
