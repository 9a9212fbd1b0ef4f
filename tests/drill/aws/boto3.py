"""Stands in for boto3 where guard.py and report.py run outside AWS: answers from, and writes to, the folder AWS_RECORD.

`runs.json` is what DescribeAutomationExecutions lists, `run.json` what GetAutomationExecution returns, `parameter` the mute
parameter's value, `addresses.json` the Elastic IPs; what is published goes to `published.jsonl`.
"""
import datetime
import json
import os
import pathlib

FOLDER = pathlib.Path(os.environ["AWS_RECORD"])


def times(value):
    if isinstance(value, list):
        return [times(item) for item in value]
    if isinstance(value, dict):
        return {k: datetime.datetime.fromisoformat(v) if k.endswith("Time") else times(v) for k, v in value.items()}
    return value


def read(name):
    return times(json.loads((FOLDER / name).read_text()))


class Client:
    def describe_addresses(self, Filters):
        return {"Addresses": read("addresses.json")}

    def get_parameter(self, Name):
        return {"Parameter": {"Value": (FOLDER / "parameter").read_text()}}

    def get_automation_execution(self, AutomationExecutionId):
        return {"AutomationExecution": read("run.json")}

    def get_paginator(self, _name):
        return self

    def paginate(self, Filters):
        return [{"AutomationExecutionMetadataList": read("runs.json")}]

    def publish(self, TopicArn, Subject, Message):
        with (FOLDER / "published.jsonl").open("a") as file:
            file.write(json.dumps({"Subject": Subject, "Message": Message}) + "\n")


def client(_service):
    return Client()
