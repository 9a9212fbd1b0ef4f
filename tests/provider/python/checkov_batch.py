"""Reads the path of a Terraform plan a line, writes a line of JSON for each: the interpreter's start takes longer than a scan."""

import json
import sys

# What checkov itself prints must not stand among the answers.
answers, sys.stdout = sys.stdout, sys.stderr

from checkov.runner_filter import RunnerFilter  # noqa: E402
from checkov.terraform.plan_runner import Runner  # noqa: E402

for line in sys.stdin:
    report = Runner().run(
        root_folder=None, files=[line.strip()], runner_filter=RunnerFilter(framework=["terraform_plan"])
    )
    failed = [
        {"rule": check.check_id, "resource": check.resource, "message": check.check_name}
        for check in report.failed_checks
    ]
    print(json.dumps({"scanned": report.get_summary()["resource_count"], "failed": failed}), file=answers, flush=True)
