"""Names of runtimes, and what functions of them run on."""

from __future__ import annotations

import sys
import time

import pytest
from lambda_functions import invoke, make_function, make_role, zip_of

from cloud_functions import WRITE_LOGS
from cloudlet.services.lambda_ import runtimes


@pytest.mark.parametrize(
    ("runtime", "version", "told"),
    [
        ("python3.12", "3.12.1", None),
        ("nodejs20.x", "20.20.2", None),
        ("provided.al2023", "", None),
        (
            "python3.1",
            "3.12.1",
            "python3.1 functions run on Python 3.12.1 here: "
            "`cloudlet runtimes install python3.1` may change that",
        ),
        ("nodejs8.10", "20.20.2", "nodejs8.10 functions run on Node 20.20.2 here"),
    ],
)
def test_stand_in_is_told(runtime, version, told):
    assert runtimes.stands_in(runtime, version) == told


@pytest.mark.parametrize(
    ("runtime", "release"),
    [("python3.9", "3.9"), ("nodejs22.x", "22"), ("nodejs8.10", "8"), ("provided", ""), ("java8.al2", "8")],
)
def test_release_is_what_the_name_says(runtime, release):
    assert runtimes.release(runtime) == release


def test_function_of_a_retired_runtime_runs_on_what_lives_on_and_says_so(functions, client):
    role = make_role(client("iam"), "writer", WRITE_LOGS)
    source = "exports.handler = async () => process.version"
    make_function(functions, role, Runtime="nodejs8.10", Code={"ZipFile": zip_of(index__js=source)})
    version = invoke(functions)
    assert int(version[1:].partition(".")[0]) >= 16
    logs, until, found = client("logs"), time.monotonic() + 10, []
    while not found:
        assert time.monotonic() < until
        try:
            found = logs.filter_log_events(logGroupName="/aws/lambda/function", filterPattern="cloudlet")[
                "events"
            ]
        except logs.exceptions.ResourceNotFoundException:
            continue
    assert found[0]["message"] == f"cloudlet: nodejs8.10 functions run on Node {version[1:]} here.\n"


def test_function_of_the_servers_own_python_has_it(functions, role):
    release = f"{sys.version_info.major}.{sys.version_info.minor}"
    source = "import sys\ndef handler(event, context):\n    return list(sys.version_info[:3])\n"
    make_function(functions, role, source, Runtime=f"python{release}")
    assert invoke(functions) == list(sys.version_info[:3])
