"""Environments that are kept ready for a version, before anybody calls."""

from __future__ import annotations

import time

import pytest
from lambda_functions import invoke, make_function

from cloudlet.core.access import Principal
from cloudlet.services.lambda_.invoke import router
from cloudlet.services.lambda_.invoke.pool import Pool
from cloudlet.services.lambda_.invoke.provisioned import INIT_FAILURE, Provision
from cloudlet.services.lambda_.references import FunctionReference
from refusals import refusal

WHO = (
    "import os, time, uuid\n"
    "me, kind = str(uuid.uuid4()), os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n"
    "def handler(event, context):\n"
    "    if event == 'die':\n"
    "        os._exit(1)\n"
    "    return [me, kind]\n"
)


@pytest.fixture
def keep(server, account):
    """Has environments kept for a version, and tells how far that has got."""
    cloud = server.app.cloud

    def ask(version: str, count: int | None = None) -> Provision | None:
        reference = FunctionReference(account, "us-east-1", "function", version)

        async def work():
            provisioned = cloud.component(Pool).provisioned
            if count is not None:
                call = cloud.call(
                    "lambda", Principal.of_service("lambda.amazonaws.com"), account, "us-east-1"
                )
                provisioned.keep(call, await router.find_target(call, reference), count)
            return provisioned.status(reference.arn)

        return server.run(work())

    return ask


def until(look, wanted):
    end = time.monotonic() + 10
    while look() != wanted:
        assert time.monotonic() < end, f"{look()} is not {wanted}"


def test_provisioned_environments_are_ready_before_the_first_call(functions, role, keep):
    make_function(functions, role, WHO)
    functions.publish_version(FunctionName="function")
    assert keep("1", 2).requested == 2
    until(lambda: keep("1"), Provision(2, 2))
    me, kind = invoke(functions, Qualifier="1")
    assert kind == "provisioned-concurrency"
    assert invoke(functions)[1] == "on-demand"
    invoke(functions, event="die", Qualifier="1")
    until(lambda: keep("1"), Provision(2, 2))
    assert keep("1", 0) is None
    assert invoke(functions, Qualifier="1")[1] == "on-demand"
    assert me


def test_what_is_provisioned_is_taken_from_what_is_reserved(functions, role, keep):
    make_function(functions, role, WHO)
    functions.publish_version(FunctionName="function")
    functions.put_function_concurrency(FunctionName="function", ReservedConcurrentExecutions=1)
    keep("1", 1)
    until(lambda: keep("1"), Provision(1, 1))
    assert refusal(functions.invoke, FunctionName="function") == (
        "TooManyRequestsException",
        "Rate Exceeded.",
    )
    assert invoke(functions, Qualifier="1")[1] == "provisioned-concurrency"
    functions.delete_function(FunctionName="function")
    until(lambda: keep("1"), None)


def test_version_that_cannot_initialize_is_told(functions, role, keep):
    make_function(functions, role, "raise Exception('no')\n")
    functions.publish_version(FunctionName="function")
    keep("1", 1)
    until(lambda: keep("1"), Provision(1, 0, INIT_FAILURE))
