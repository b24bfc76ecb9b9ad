"""Stage caches: what is answered again without asking, for how long, and who may ask anew."""

from __future__ import annotations

import pytest

PLACES = ["method.request.querystring.q", "method.request.header.X-Kind", "method.request.path.id"]


@pytest.fixture
def cached(api):
    """An API that answers each request otherwise, on a stage with a cache."""

    def make(*settings, verb="GET", keys=(), **method):
        integration = {
            "type": "MOCK",
            "requestTemplates": {"application/json": '{"statusCode": 200}'},
            "cacheKeyParameters": list(keys),
        }
        parameters = dict.fromkeys(keys, False)
        named = api.method(verb, "/things/{id}", integration, requestParameters=parameters, **method)
        api.respond(named, responseTemplates={"application/json": "$context.requestId"})
        api.deploy()
        api.boto.update_stage(
            restApiId=api.id,
            stageName="dev",
            patchOperations=[
                {"op": "replace", "path": "/cacheClusterEnabled", "value": "true"},
                {"op": "replace", "path": "/cacheClusterSize", "value": "0.5"},
                {"op": "replace", "path": "/*/*/caching/enabled", "value": "true"},
                *({"op": "replace", "path": path, "value": value} for path, value in settings),
            ],
        )
        return api

    return make


def same(api, one, other, **more):
    return api.call(one, **more).text == api.call(other, **more).text


def test_an_answer_counts_until_its_time_to_live_has_passed(cached, server):
    api = cached(("/*/*/caching/ttlInSeconds", "600"))
    first = api.call("/things/1")
    server.advance(590)
    again = api.call("/things/1")
    assert again.text == first.text
    assert again.headers["x-amzn-RequestId"] != first.headers["x-amzn-RequestId"]
    server.advance(20)
    assert api.call("/things/1").text != first.text


def test_only_chosen_parameters_tell_requests_apart(cached):
    api = cached(keys=PLACES)
    assert same(api, "/things/1?q=a&other=1", "/things/1?q=a&other=2")
    assert not same(api, "/things/1?q=a", "/things/1?q=b")
    assert not same(api, "/things/1", "/things/2")
    one = api.call("/things/3", headers={"X-Kind": "a"}).text
    assert api.call("/things/3", headers={"X-Kind": "b"}).text != one
    assert api.call("/things/3", headers={"X-Kind": "a"}).text == one


def test_what_is_not_a_get_is_cached_only_by_a_setting_of_its_own(cached, api):
    api = cached(verb="POST")
    assert api.call("/things/1", "POST").text != api.call("/things/1", "POST").text
    api.boto.update_stage(
        restApiId=api.id,
        stageName="dev",
        patchOperations=[{"op": "replace", "path": "/~1things~1{id}/POST/caching/enabled", "value": "true"}],
    )
    assert api.call("/things/1", "POST").text == api.call("/things/1", "POST").text


def test_flushing_forgets_every_answer(cached):
    api = cached()
    first = api.call("/things/1").text
    api.boto.flush_stage_cache(restApiId=api.id, stageName="dev")
    assert api.call("/things/1").text != first


NEW = {"Cache-Control": "max-age=0"}
STRATEGY = "/*/*/caching/unauthorizedCacheControlHeaderStrategy"


def test_anybody_may_ask_anew_where_that_needs_no_right(cached):
    api = cached(("/*/*/caching/requireAuthorizationForCacheControl", "false"))
    first = api.call("/things/1").text
    newer = api.call("/things/1", headers=NEW).text
    assert newer != first
    assert api.call("/things/1").text == newer


@pytest.mark.unverified("AWS documents the three strategies, not the words of the warning or the refusal")
@pytest.mark.parametrize(
    ("strategy", "status", "warned"),
    [
        ("FAIL_WITH_403", 403, False),
        ("SUCCEED_WITH_RESPONSE_HEADER", 200, True),
        ("SUCCEED_WITHOUT_RESPONSE_HEADER", 200, False),
    ],
)
def test_who_may_not_ask_anew_is_treated_by_the_chosen_strategy(cached, strategy, status, warned):
    api = cached((STRATEGY, strategy))
    first = api.call("/things/1").text
    answer = api.call("/things/1", headers=NEW)
    assert answer.status_code == status
    assert ("Warning" in answer.headers) == warned
    assert (answer.text == first) == (status == 200)


def test_an_answer_beyond_a_megabyte_is_not_kept(api, cached):
    api = cached()
    large = '#set($s = "xxxxxxxxxxxxxxxxxxxxxxxx")' + '#set($s = "$s$s$s$s")' * 8
    api.boto.put_integration_response(
        restApiId=api.id,
        resourceId=api.resource("/things/{id}"),
        httpMethod="GET",
        statusCode="200",
        responseTemplates={"application/json": f"{large}$context.requestId$s"},
    )
    api.deploy()
    assert len(api.call("/things/1").content) > 1024 * 1024
    assert not same(api, "/things/1", "/things/1")
