import { ACCEPTED } from "./accepted";

/** What a tool has to say about a resource. */
export interface Finding {
  readonly tool: "validate" | "plan" | "cfn-lint" | "checkov" | "parliament" | "shellcheck" | "hadolint" | "convert";
  /** The tool's own name for the rule, for example `CKV_AWS_18`. */
  readonly rule: string;
  /** Type token and name in Pulumi, `aws:lb/loadBalancer:LoadBalancer iamvet-site`. */
  readonly resource: string;
  readonly message: string;
}

/** A finding that is wanted as it is. */
export interface Acceptance {
  readonly tool: Finding["tool"];
  readonly rule: string;
  /** Matched against {@link Finding.resource}. @default every resource */
  readonly resource?: RegExp;
  /** Matched against {@link Finding.message}. @default every message */
  readonly message?: RegExp;
  readonly reason: string;
}

/** Parts findings into those that fail the suite and those that were accepted, and tells which acceptances were not needed. */
export function judge(findings: readonly Finding[], accepted: readonly Acceptance[] = ACCEPTED) {
  const used = new Set<Acceptance>();
  const failing = findings.filter((finding) => {
    const acceptance = accepted.find(
      ({ tool, rule, resource, message }) =>
        tool === finding.tool &&
        rule === finding.rule &&
        (!resource || resource.test(finding.resource)) &&
        (!message || message.test(finding.message)),
    );
    if (acceptance) used.add(acceptance);
    return !acceptance;
  });
  return { failing, used, stale: accepted.filter((acceptance) => !used.has(acceptance)) };
}
