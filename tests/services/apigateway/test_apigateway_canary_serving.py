"""Canaries: how requests are split between two deployments, and with which variables."""

from __future__ import annotations

import pytest


@pytest.fixture
def canary(api):
    """A stage with a canary that gets a part of the requests."""

    def make(percent, **settings):
        template = "old $stageVariables.colour $context.isCanaryRequest"
        named = api.mock("GET", "/a", responseTemplates={"application/json": template})
        api.deploy(variables={"colour": "red"})
        template = "new $stageVariables.colour $context.isCanaryRequest"
        api.boto.put_integration_response(
            **named, statusCode="200", responseTemplates={"application/json": template}
        )
        api.boto.create_deployment(
            restApiId=api.id, stageName="dev", canarySettings={"percentTraffic": percent, **settings}
        )
        return api

    return make


def test_a_canary_takes_all_or_none_of_the_requests(canary):
    api = canary(100.0, stageVariableOverrides={"colour": "blue"})
    assert api.call("/a").text == "new blue true"
    none = [{"op": "replace", "path": "/canarySettings/percentTraffic", "value": "0.0"}]
    api.boto.update_stage(restApiId=api.id, stageName="dev", patchOperations=none)
    assert api.call("/a").text == "old red false"


def test_a_canary_takes_about_its_part(canary):
    api = canary(50.0)
    taken = sum(api.call("/a").text == "new red true" for _ in range(60))
    assert 10 < taken < 50


def test_a_stage_without_a_canary_does_not_speak_of_it(api):
    api.mock("GET", "/a", responseTemplates={"application/json": "$context.isCanaryRequest."})
    api.deploy()
    assert api.call("/a").text == "."
