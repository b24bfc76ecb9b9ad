"""API keys, throttling and quotas as callers meet them, on the cloud's clock."""

from __future__ import annotations

import pytest

from cloudlet.config import Config
from cloudlet.core.access import Principal
from cloudlet.services.apigateway import metering
from cloudlet.services.apigateway.execute.quotas import UsageCounts
from cloudlet.services.apigateway.execute.throttling import TokenBucket
from running_server import RunningServer


@pytest.fixture
def keyed(api):
    """An API whose methods want a key, and a plan with a key for it."""

    def make(**plan):
        for path in ("/a", "/b"):
            api.mock("GET", path, responseTemplates={"application/json": "$context.identity.apiKeyId"})
            api.boto.update_method(
                restApiId=api.id,
                resourceId=api.resource(path),
                httpMethod="GET",
                patchOperations=[{"op": "replace", "path": "/apiKeyRequired", "value": "true"}],
            )
        api.deploy()
        stages = [{"apiId": api.id, "stage": "dev", **plan.pop("stage", {})}]
        made = api.boto.create_usage_plan(name="plan", apiStages=stages, **plan)
        return made["id"], key_in(api, made["id"])

    return make


def key_in(api, plan_id):
    key = api.boto.create_api_key(name="somebody", enabled=True)
    api.boto.create_usage_plan_key(usagePlanId=plan_id, keyId=key["id"], keyType="API_KEY")
    return key


def statuses(api, key, count, path="/a"):
    return [api.call(path, headers={"x-api-key": key["value"]}).status_code for _ in range(count)]


FORBIDDEN = {"message": "Forbidden"}


def test_only_an_enabled_key_of_a_plan_for_the_stage_is_let_in(api, keyed):
    _, key = keyed()
    answer = api.call("/a", headers={"x-api-key": key["value"]})
    assert (answer.status_code, answer.text) == (200, key["id"])
    without = api.call("/a")
    assert (without.status_code, without.json()) == (403, FORBIDDEN)
    assert without.headers["x-amzn-ErrorType"] == "ForbiddenException"
    assert api.call("/a", headers={"x-api-key": "wrong"}).status_code == 403
    stranger = api.boto.create_api_key(name="of no plan", enabled=True)
    assert statuses(api, stranger, 1) == [403]
    disable = [{"op": "replace", "path": "/enabled", "value": "false"}]
    api.boto.update_api_key(apiKey=key["id"], patchOperations=disable)
    assert statuses(api, key, 1) == [403]


def test_a_plan_throttles_each_of_its_keys(api, keyed, server):
    plan, key = keyed(throttle={"rateLimit": 1, "burstLimit": 2})
    other = key_in(api, plan)
    assert statuses(api, key, 3) == [200, 200, 429]
    assert statuses(api, other, 1) == [200]
    refused = api.call("/b", headers={"x-api-key": key["value"]})
    assert refused.json() == {"message": "Too Many Requests"}
    assert refused.headers["x-amzn-ErrorType"] == "TooManyRequestsException"
    server.advance(1)
    assert statuses(api, key, 1) == [200]


def test_a_plan_may_throttle_a_method_otherwise_than_the_rest(api, keyed):
    _, key = keyed(
        throttle={"rateLimit": 1, "burstLimit": 3},
        stage={"throttle": {"/a/GET": {"rateLimit": 1, "burstLimit": 1}}},
    )
    assert statuses(api, key, 2, "/a") == [200, 429]
    assert statuses(api, key, 4, "/b") == [200, 200, 200, 429]


def test_a_stage_throttles_a_method_for_everybody(api, server):
    api.says("GET", "/a", "hi")
    api.says("GET", "/b", "hi")
    api.deploy()
    api.boto.update_stage(
        restApiId=api.id,
        stageName="dev",
        patchOperations=[
            {"op": "replace", "path": "/~1a/GET/throttling/rateLimit", "value": "0.5"},
            {"op": "replace", "path": "/~1a/GET/throttling/burstLimit", "value": "1"},
        ],
    )
    assert [api.call("/a").status_code for _ in range(2)] == [200, 429]
    assert api.call("/b").status_code == 200
    server.advance(1)
    assert api.call("/a").status_code == 429
    server.advance(1.1)
    assert api.call("/a").status_code == 200


@pytest.mark.parametrize(
    ("period", "seconds"), [("DAY", 86_400), ("WEEK", 7 * 86_400), ("MONTH", 31 * 86_400)]
)
def test_a_quota_ends_with_its_period(api, keyed, server, period, seconds):
    plan, key = keyed(quota={"limit": 2, "period": period})
    assert statuses(api, key, 3) == [200, 200, 429]
    refused = api.call("/b", headers={"x-api-key": key["value"]})
    assert refused.json() == {"message": "Limit Exceeded"}
    assert refused.headers["x-amzn-ErrorType"] == "LimitExceededException"
    server.run(server.app.cloud.component(UsageCounts).write())
    assert statuses(api, key, 1) == [429]
    server.advance(seconds)
    assert statuses(api, key, 1) == [200]
    assert plan


def test_what_was_used_is_written_down_together_and_shown(api, keyed, server):
    plan, key = keyed(quota={"limit": 10, "period": "MONTH"})
    statuses(api, key, 3)
    server.run(server.app.cloud.component(UsageCounts).write())
    today = server.app.cloud.clock.now().date().isoformat()
    usage = api.boto.get_usage(usagePlanId=plan, startDate=today, endDate=today)
    assert usage["items"] == {key["id"]: [[3, 7]]}


def test_a_bucket_gives_what_fits_in_and_then_as_fast_as_it_fills():
    bucket = TokenBucket(2, 0.0)
    assert [bucket.take(10, 2, now) for now in (0.0, 0.0, 0.0, 0.1, 0.1, 5.0, 5.0, 5.0)] == [
        True,
        True,
        False,
        True,
        False,
        True,
        True,
        False,
    ]


def test_what_was_counted_outlives_the_server(tmp_path):
    for expected in (0, 3):
        running = RunningServer(Config(data=tmp_path, port=0, state="sqlite"))
        call = running.app.cloud.call(
            "apigateway", Principal.root("000000000000"), "000000000000", "us-east-1"
        )
        assert running.run(call.transact(_used, read_only=True)) == expected
        running.run(_count_three(call))
        running.close()


def _used(call):
    return metering.usage_on(call, "plan", "key", metering.today(call)).used


async def _count_three(call):
    for _ in range(3):
        call.cloud.component(UsageCounts).count(call, "plan", "key")
