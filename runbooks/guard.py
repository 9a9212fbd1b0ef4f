"""First step of the recovery: whether this run may act. Runs inside Systems Manager Automation (aws:executeScript)."""
import datetime

import boto3

RUNNING = {"Pending", "InProgress", "Waiting", "Cancelling"}


def muted_until(value, now):
    """The time until which recovery is muted, or None. A text that is neither `off` nor a time mutes nothing."""
    try:
        until = datetime.datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=datetime.timezone.utc)
    return until if until > now else None


def other_runs(ssm, document, since):
    filters = [
        {"Key": "DocumentNamePrefix", "Values": [document]},
        {"Key": "StartTimeAfter", "Values": [since.strftime("%Y-%m-%dT%H:%M:%SZ")]},
    ]
    pages = ssm.get_paginator("describe_automation_executions").paginate(Filters=filters)
    return [run for page in pages for run in page["AutomationExecutionMetadataList"]]


def acted(run):
    """Whether a run counts as an attempt: it touched the instance, by its report, or has none."""
    told = (run.get("Outputs") or {}).get("report.Acted", [""])[0]
    return run["AutomationExecutionStatus"] not in RUNNING and told != "no"


def guard(events, _context):
    now = datetime.datetime.now(datetime.timezone.utc)
    ssm = boto3.client("ssm")
    value = ssm.get_parameter(Name=events["MuteParameter"])["Parameter"]["Value"]
    until = muted_until(value, now)
    if until:
        return {"Decision": "muted", "Reason": f"recovery is muted until {until.isoformat()}"}

    # A run lasts two hours at most (half an hour to stop, three times ten minutes to start), so three hours hold every run that may
    # still be under way.
    document = ssm.get_automation_execution(AutomationExecutionId=events["ExecutionId"])["AutomationExecution"]["DocumentName"]
    runs = other_runs(ssm, document, now - datetime.timedelta(hours=3))
    me = next((run for run in runs if run["AutomationExecutionId"] == events["ExecutionId"]), None)
    start = (me["ExecutionStartTime"] if me else now, events["ExecutionId"])
    runs = [run for run in runs if run["AutomationExecutionId"] != events["ExecutionId"]]

    # Of two that start together the earlier one goes on; the id decides a tie, so never both and never none.
    earlier = [
        run
        for run in runs
        if run["AutomationExecutionStatus"] in RUNNING
        and (run["ExecutionStartTime"], run["AutomationExecutionId"]) < start
    ]
    if earlier:
        return {"Decision": "locked", "Reason": f"run {earlier[0]['AutomationExecutionId']} is under way"}

    recent = [run for run in runs if acted(run) and run["ExecutionStartTime"] > now - datetime.timedelta(hours=1)]
    limit = int(events["MaxRunsPerHour"])
    if len(recent) >= limit:
        return {"Decision": "capped", "Reason": f"{len(recent)} runs within an hour did not keep it healthy"}
    return {"Decision": "proceed", "Reason": ""}
