"""Bad input: no bytes that a client sends get past the gateway's own answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.core.http import HttpRequest
from cloudlet.services.apigateway.execute.door import claims, find_address
from cloudlet.services.apigateway.execute.errors import GatewayError
from cloudlet.services.apigateway.execute.integrations.lambda_proxy import answer_of
from cloudlet.services.apigateway.execute.payload import BinaryMediaTypes
from cloudlet.services.apigateway.execute.routing import Routes


def test_a_header_of_a_template_cannot_begin_another_one(api):
    template = '#set($context.responseOverride.header.x-said = $input.params("x")){}'
    api.mock("GET", "/a", responseTemplates={"application/json": template})
    api.deploy()
    assert api.call("/a?x=good").headers["x-said"] == "good"
    answer = api.call("/a?x=a%0d%0aSet-Cookie:%20stolen=1")
    assert "set-cookie" not in answer.headers
    assert (answer.status_code, answer.text) == (500, '{"message": "Internal server error"}')


def test_a_template_that_takes_long_holds_up_nobody(api, server, http):
    # Half a million turns are well above what is rendered on the event loop, and what it had set counts once.
    template = (
        "#set($context.responseOverride.header.x-turns = 'none')"
        "#foreach($i in [1..1000])#foreach($j in [1..500])#set($n = $foreach.parent.count)#end#end"
        "#set($context.responseOverride.header.x-turns = $n)done"
    )
    api.mock("GET", "/long", responseTemplates={"application/json": template})
    api.says("GET", "/short", "hi")
    api.deploy()
    api.call("/short")
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(api.call, "/long")
        answered = 0
        while not long.done():
            assert api.call("/short").status_code == 200
            answered += 1
    assert (long.result().text, long.result().headers["x-turns"]) == ("done", "1000")
    assert answered > 5


def test_a_header_of_a_gateway_response_cannot_begin_another_one(api, apigateway):
    api.says("GET", "/a", "hi")
    apigateway.put_gateway_response(
        restApiId=api.id,
        responseType="DEFAULT_4XX",
        responseParameters={"gatewayresponse.header.x-q": "method.request.querystring.q"},
    )
    api.deploy()
    answer = api.call("/nowhere?q=a%0aSet-Cookie:%20stolen=1")
    assert answer.status_code == 403
    assert not {"set-cookie", "x-q"} & set(answer.headers)


@pytest.mark.parametrize("status", [100, 199])
def test_a_status_that_ends_no_answer_is_none(api, status):
    template = f"#set($context.responseOverride.status = {status}){{}}"
    api.mock("GET", "/a", responseTemplates={"application/json": template})
    api.deploy()
    assert api.call("/a").status_code == 500


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"[" * 100_000, b'"\\ud800"', b"null"])
def test_bodies_that_templates_cannot_read(api, body):
    api.mock("POST", "/a", responseTemplates={"application/json": "$input.json('$')"})
    named = api.method(
        "POST",
        "/b",
        {
            "type": "MOCK",
            "requestTemplates": {"application/json": "#set($x=$input.json('$.a')){statusCode:200}"},
        },
    )
    api.respond(named)
    api.deploy()
    for path in ("/a", "/b"):
        assert api.call(path, "POST", content=body).status_code in (200, 400, 500)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40), st.text(max_size=20))
def test_any_path_and_host_mean_one_api_or_none(path, host):
    request = HttpRequest("GET", f"/{path}", headers=[("Host", f"{host}.execute-api.x")])
    address = find_address(request) if claims(request) else None
    if address is not None:
        assert address.path.startswith("/")
        assert not address.path.startswith("//")


ROUTES = ("/", "/a", "/a/{x}", "/a/{x}/b", "/{y}", "/{y}/c", "/a/b/{z+}", "/{all+}")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "c", "d", ""]), max_size=6))
def test_whatever_is_routed_fits_its_resource(parts):
    routes: Routes[str] = Routes()
    for each in ROUTES:
        routes.add(each, {"GET": each})
    path = "/" + "/".join(parts)
    found = routes.find("GET", path)
    if found is None:
        return
    route, values = found
    filled = route
    for name, value in values.items():
        filled = filled.replace(f"{{{name}+}}", value).replace(f"{{{name}}}", value)
    assert filled.strip("/") == path.strip("/")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_answer_of_a_function_is_a_response_or_an_error(payload):
    try:
        answer = answer_of(payload, "*/*", BinaryMediaTypes(("*/*",)))
    except GatewayError as error:
        assert error.status in (500, 502)
    else:
        assert 100 <= answer.status <= 599
