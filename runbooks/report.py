"""Last step of the recovery: tells people what happened. Runs inside Systems Manager Automation (aws:executeScript)."""
import datetime
import re

import boto3

ACTIONS = {
    "freeDisk": "emptied logs",
    "restartApp": "restarted the app",
    "restartNginx": "restarted Nginx",
    "reboot": "rebooted the instance",
    "stop": "stopped the instance",
    "start": "started the instance",
}
# What a step on the server says that waited for its lock in vain (recover.sh); it took nothing away.
NOT_TAKEN = "not taken: another step holds the lock"
# The question before each of them, if one was asked.
ASKED = {
    "freeDisk": ("askDisk",),
    "restartApp": ("askApp",),
    "restartNginx": ("askNginx",),
    "reboot": ("askUnreachable", "askReboot"),
    "stop": ("askStop",),
    "start": ("askStart",),
}
VERDICT = re.compile(r"remedy=(?P<remedy>\S+) cause=(?P<cause>\S+) detail=(?P<detail>[^\n]*)")
ANSWER = re.compile(r"permit=(?P<permit>yes|no) cause=(?P<cause>\S+) why=(?P<why>[^\"\n]*)")
HEADLINES = {
    "recovered": "Recovered",
    "healthy": "Healthy again without help",
    "answers": "The site answers, and the server says otherwise",
    "waiting": "Not restarted, and waits",
    "human": "Needs you: no restart would help",
    "held": "Down, and held back",
    "failed": "Needs you: recovery did not help",
    "capped": "Needs you: recovery stopped after too many attempts",
    "skipped": "Skipped",
}


def output(step, name):
    return (step.get("Outputs") or {}).get(name, [""])[0]


def taken(step):
    """Whether a rung did anything. What a failed command said is in the step's outputs, in its message, or in both."""
    return NOT_TAKEN not in output(step, "Output") + step.get("FailureMessage", "")


def answers(ran):
    """What the watcher answered to each question, by the question's step."""
    asked = {name: ANSWER.search(output(step, "Payload")) for name, step in ran.items() if name.startswith("ask")}
    return {name: answer.groupdict() for name, answer in asked.items() if answer}


def story(steps, now):
    """The run in one dictionary: outcome, cause, what was tried, what helped, seconds."""
    ran = {step["StepName"]: step for step in steps if step["StepStatus"] not in ("Pending", "Skipped")}
    decision = output(ran["guard"], "Decision") if "guard" in ran else ""
    seconds = round((now - min(step["ExecutionStartTime"] for step in ran.values())).total_seconds())
    tried = [name for name in ACTIONS if name in ran and taken(ran[name])]
    told = {"cause": "unknown", "detail": "", "tried": tried, "helped": None, "seconds": seconds}
    told["why"] = {
        rung: answered["why"]
        for rung, questions in ASKED.items()
        for name, answered in answers(ran).items()
        if name in questions and answered["permit"] == "yes"
    }
    if decision != "proceed":
        outcome = {"capped": "capped", "locked": "skipped", "muted": "skipped"}.get(decision, "failed")
        detail = "the guard could not tell whether a run is allowed" if outcome == "failed" else f"the guard says {decision}"
        return {**told, "outcome": outcome, "detail": detail}

    verdict = VERDICT.match(output(ran["evidence"], "Output"))
    told.update(verdict.groupdict() if verdict else {"cause": "instance-unresponsive", "detail": "it ran no command"})
    refusal = next((answer for answer in reversed(answers(ran).values()) if answer["permit"] == "no"), None)
    told["held"] = refusal["why"] if refusal else None
    # Seen from outside, as visitors see it, which counts more than a check on the server.
    served = refusal is not None and refusal["cause"] == "site-answers"
    checks = sorted((s for n, s in ran.items() if n.startswith("checkAfter")), key=lambda s: s["ExecutionStartTime"])
    sound = bool(checks) and checks[-1]["StepStatus"] == "Success"
    if not tried:
        # Another step held the lock, and has healed it.
        if sound:
            return {**told, "outcome": "healthy"}
        asked = any(name.startswith("ask") for name in ran)
        outcome = {"none": "healthy", "wait": "waiting"}.get(told.get("remedy"), "held" if asked else "human")
        # What the server says is wrong while visitors are served: the recovery does not understand this server.
        return {**told, "outcome": "answers" if served else outcome}

    if served or sound:
        return {**told, "outcome": "recovered", "helped": tried[-1]}
    return {**told, "outcome": "failed"}


def message(told, steps, events):
    lines = [
        f"{HEADLINES[told['outcome']]}: {events['InstanceId']}",
        "",
        f"Broken: {told['cause']}. {told['detail']}",
        "Tried: " + (", ".join(ACTIONS[name] for name in told["tried"]) or "nothing"),
        *(f"Before it {ACTIONS[name]}, the site was asked: {why}" for name, why in told["why"].items()),
        *([f"Not more: {told['held']}"] if told.get("held") else []),
        "Helped: " + (ACTIONS[told["helped"]] if told["helped"] else "nothing"),
        f"Took: {told['seconds']} s",
        f"Started by: {events['Trigger']}",
        "",
    ]
    failed = [step["StepName"] for step in steps if step["StepStatus"] in ("Failed", "TimedOut", "Cancelled")]
    if failed:
        lines.append("Steps that failed: " + ", ".join(failed))
    lines.append(f"Evidence: log group {events['LogGroup']}, run {events['ExecutionId']}")
    return "\n".join(lines)


def worth_telling(told, trigger):
    """Of a rehearsal, which takes nothing away, the watcher tells what it came to, once (functions/watcher/rehearsal.ts)."""
    return told["outcome"] != "skipped" and trigger != "rehearsal"


def report(events, _context):
    run = boto3.client("ssm").get_automation_execution(AutomationExecutionId=events["ExecutionId"])["AutomationExecution"]
    steps = [step for step in run["StepExecutions"] if step["StepName"] != "report" and step.get("ExecutionStartTime")]
    told = story(steps, datetime.datetime.now(datetime.timezone.utc))
    text = message(told, steps, events)
    if worth_telling(told, events["Trigger"]):
        subject = f"{HEADLINES[told['outcome']]}: {told['cause']}"[:100]
        boto3.client("sns").publish(TopicArn=events["TopicArn"], Subject=subject, Message=text)
    # A failed run stays visible as such in the list of runs.
    if told["outcome"] == "failed":
        raise RuntimeError(text)
    acted = "yes" if told["tried"] else "no"
    return {"Outcome": told["outcome"], "Cause": told["cause"], "Acted": acted, "Summary": text}
