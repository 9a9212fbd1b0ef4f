"""Stands in for boto3 where guard.py and report.py run outside AWS: answers from WORLD, and adds what is published to it.

`runs` is what DescribeAutomationExecutions lists, `run` what GetAutomationExecution returns, `mute` the mute parameter's value.
"""

WORLD = {}


class Client:
    def get_parameter(self, Name):
        return {"Parameter": {"Value": WORLD["mute"]}}

    def get_automation_execution(self, AutomationExecutionId):
        return {"AutomationExecution": WORLD["run"]}

    def get_paginator(self, _name):
        return self

    def paginate(self, Filters):
        return [{"AutomationExecutionMetadataList": WORLD["runs"]}]

    def publish(self, TopicArn, Subject, Message):
        WORLD.setdefault("published", []).append({"Subject": Subject, "Message": Message})


def client(_service):
    return Client()
