"""Reads a JSON list of IAM policies as text, writes a JSON list of each one's findings: one interpreter for all of them."""

import json
import sys

from parliament import analyze_policy_string, enhance_finding

results = []
for policy in json.load(sys.stdin):
    findings = [enhance_finding(finding) for finding in analyze_policy_string(policy).findings]
    results.append(
        [{"rule": finding.issue, "message": f"{finding.title}: {finding.detail}"} for finding in findings]
    )
json.dump(results, sys.stdout)
