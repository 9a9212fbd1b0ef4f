"""Runs the scripts of an Automation document as aws:executeScript does, one request a line: script, handler, payload, and the world
that boto3 (beside this file) shows them. A script that raises fails its step. Time is the world's where it has one."""
import datetime
import json
import sys
import types

import boto3

REAL = datetime.datetime
namespaces = {}


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return times({"Time": boto3.WORLD["now"]})["Time"].astimezone(tz) if "now" in boto3.WORLD else REAL.now(tz)


clock = types.SimpleNamespace(datetime=Clock, timedelta=datetime.timedelta, timezone=datetime.timezone)


def times(value):
    if isinstance(value, list):
        return [times(item) for item in value]
    if isinstance(value, dict):
        return {k: REAL.fromisoformat(v.replace("Z", "+00:00")) if k.endswith("Time") else times(v) for k, v in value.items()}
    return value


def call(request):
    script = request["script"]
    if script not in namespaces:
        namespaces[script] = {}
        exec(compile(script, request["handler"], "exec"), namespaces[script])
        namespaces[script]["datetime"] = clock
    boto3.WORLD.clear()
    boto3.WORLD.update(times(request["world"]))
    try:
        answer = {"payload": namespaces[script][request["handler"]](request["payload"], None)}
    except RuntimeError as error:
        # What report.py raises on purpose, when a person has to act; anything else is a fault of the script, and ends this.
        answer = {"error": str(error)}
    return {**answer, "published": boto3.WORLD.get("published", [])}


for line in sys.stdin:
    print(json.dumps(call(json.loads(line))), flush=True)
