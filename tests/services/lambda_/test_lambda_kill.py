"""What a power cut leaves of functions: everything that was answered."""

from __future__ import annotations

import time

from lambda_functions import invoke, make_function, make_role

from cloud_process import CloudProcess


def test_accepted_event_survives_a_kill(tmp_path):
    source = "def handler(event, context):\n    print('ran', event)\n    return event\n"
    logs = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    with CloudProcess(tmp_path, "--data", str(tmp_path / "data")) as cloud:
        role = make_role(cloud.client("iam"), "runner", logs)
        make_function(cloud.client("lambda"), role, source)
        held = {"FunctionName": "function"}
        cloud.client("lambda").put_function_concurrency(**held, ReservedConcurrentExecutions=0)
        cloud.client("lambda").invoke(**held, InvocationType="Event", Payload=b'"kept"')
        cloud.kill()
        cloud.start()
        cloud.client("lambda").delete_function_concurrency(**held)
        wait_for_log(cloud, "ran kept\n")
        assert invoke(cloud.client("lambda"), event=1) == 1


def wait_for_log(cloud, message):
    logs = cloud.client("logs")
    until = time.monotonic() + 60
    while True:
        try:
            found = logs.filter_log_events(logGroupName="/aws/lambda/function")["events"]
        except logs.exceptions.ResourceNotFoundException:
            found = []
        if message in [event["message"] for event in found]:
            return
        assert time.monotonic() < until, found
