import type { VercelDatabaseNeeds } from "../components/vercel/vercel-database";
import type { KnownResource } from "./state";

type Range = VercelDatabaseNeeds["ingress"][number];

const NAME = "vercel-to-database";
const RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";

/**
 * The ranges that the database admits, by the name of their rule. A range that the stack knows keeps its rule: EC2 takes no rule twice, so
 * one that moved to another's number would be refused while that one still has it (`InvalidPermission.Duplicate`). A new range takes the
 * lowest number that is left, whose rule is changed in place where it was another range's.
 */
export function rulesByName(ranges: readonly Range[], known: readonly KnownResource[] = []): Map<string, Range> {
  const wanted = new Map(ranges.map((range) => [range.cidr, range]));
  const rules = new Map<string, Range>();
  const give = (name: string, cidr: unknown) => {
    const range = wanted.get(cidr as string);
    if (range && wanted.delete(range.cidr)) rules.set(name, range);
  };
  const had = known.filter(({ type, urn, delete: gone }) => type === RULE && !gone && nameOf(urn).startsWith(NAME));
  for (const { urn, inputs } of had) give(nameOf(urn), inputs?.cidrIpv4);
  for (let number = 1; wanted.size > 0; number++) {
    const name = `${NAME}-${number}`;
    if (!rules.has(name)) give(name, [...wanted.keys()][0]);
  }
  return rules;
}

const nameOf = (urn: string) => urn.split("::").at(-1) ?? "";
