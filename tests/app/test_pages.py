"""cloudlet's own pages: health, status, clock and reset; and who may not use them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from cloud_process import CloudProcess
from cloudlet.config import Config
from cloudlet.core.http import BytesBody, HttpRequest, Origin
from cloudlet.wire.pages import Facts, Pages
from running_server import RunningServer

Ask = Callable[..., tuple[int, Any]]
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def ask(server: RunningServer) -> Ask:
    return lambda *arguments, **named: sent(server, *arguments, **named)


def sent(
    server: RunningServer | CloudProcess,
    method: str,
    path: str,
    body: str = "",
    headers: dict[str, str] | None = None,
) -> tuple[int, Any]:
    connection = HTTPConnection(urlsplit(server.endpoint).netloc, timeout=10)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, json.loads(content) if "json" in response.headers["Content-Type"] else content


@pytest.mark.parametrize("path", ["/_cloudlet/health", "/_localstack/health"])
def test_health_names_the_services(ask: Ask, path: str) -> None:
    status, health = ask("GET", path)
    assert status == 200
    assert health["status"] == "running"
    assert {"dynamodb", "iam", "sts"} <= set(health["services"])
    assert "ec2" not in health["services"]


def test_status_says_what_is_enforced(ask: Ask, server: RunningServer) -> None:
    status, told = ask("GET", "/_cloudlet/status")
    assert status == 200
    assert told["endpoint"] == server.endpoint
    assert told["auth"] == "enforce"
    assert told["sandbox"]["driver"] in ("namespaces", "process")
    assert told["sandbox"]["files"] in ("enforced", "approximated", "none")


def test_the_authority_can_be_fetched(ask: Ask) -> None:
    status, content = ask("GET", "/_cloudlet/ca.pem")
    assert status == 200
    assert "cloudlet local CA" in x509.load_pem_x509_certificate(content).subject.rfc4514_string()


def test_the_clock_moves_forward(ask: Ask) -> None:
    before = ask("GET", "/_cloudlet/clock")[1]["time"]
    status, moved = ask("POST", "/_cloudlet/clock", '{"advance_seconds": 60}', JSON)
    assert status == 200
    assert 60 <= moved["time"] - before < 70


@pytest.mark.parametrize(
    "body",
    [
        '{"advance_seconds": -1}',
        '{"advance_seconds": "1"}',
        '{"advance_seconds": true}',
        '{"advance_seconds": 1e99}',
        "{}",
    ],
)
def test_the_clock_does_not_move_otherwise(ask: Ask, body: str) -> None:
    expected = 'Send {"advance_seconds": N}; the clock only moves forward.'
    assert ask("POST", "/_cloudlet/clock", body, JSON) == (400, {"message": expected})


def test_the_clock_stops_before_the_end_of_time(tmp_path: Path) -> None:
    own = RunningServer(Config(data=tmp_path, state="memory", port=0))
    try:
        answers = [
            sent(own, "POST", "/_cloudlet/clock", '{"advance_seconds": 1e10}', JSON) for _ in range(23)
        ]
        assert {status for status, _ in answers[:22]} == {200}
        assert answers[22] == (400, {"message": "The clock does not go beyond the year 9000."})
        assert sent(own, "GET", "/_cloudlet/clock")[0] == 200
    finally:
        own.close()


@pytest.mark.parametrize("end", ["kill", "reset", "reset and kill"])
def test_the_time_goes_back_at_no_restart_and_at_no_reset(tmp_path: Path, end: str) -> None:
    def time_of(method: str, path: str, body: str = "") -> float:
        status, answer = sent(cloud, method, path, body, JSON)
        assert status == 200
        return float(answer["time"])

    with CloudProcess(tmp_path, "--data", str(tmp_path / "data")) as cloud:
        time_of("POST", "/_cloudlet/clock", '{"advance_seconds": 86400}')
        moved = time_of("POST", "/_cloudlet/clock", '{"advance_seconds": 0.5}')
        if "reset" in end:
            assert sent(cloud, "POST", "/_cloudlet/reset", headers=JSON)[0] == 200
        if "kill" in end:
            cloud.kill()
            cloud.start()
        assert moved <= time_of("GET", "/_cloudlet/clock") < moved + 60


@pytest.mark.parametrize("body", ["{", "[1]", "\xff"])
def test_what_is_no_json_object_is_refused(ask: Ask, body: str) -> None:
    status, answer = ask("POST", "/_cloudlet/clock", body, JSON)
    assert status == 400
    assert answer["message"].startswith("The body ")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_web_page_cannot_move_the_clock(ask: Ask, kind: str) -> None:
    status, answer = ask("POST", "/_cloudlet/clock", '{"advance_seconds": 1}', {"Content-Type": kind})
    assert (status, answer) == (415, {"message": "Send Content-Type: application/json."})


def test_no_web_page_is_given_leave_to_send_json(ask: Ask) -> None:
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    assert ask("OPTIONS", "/_cloudlet/reset", headers=asked)[0] == 404


def test_a_page_that_is_not_there_is_refused_with_those_that_are(ask: Ask) -> None:
    status, answer = ask("GET", "/_cloudlet/nothing")
    assert status == 404
    assert answer["message"].startswith(
        "There is no GET /_cloudlet/nothing here, but: GET /_cloudlet/health, "
    )


@pytest.mark.parametrize(("path", "method"), [("/_cloudlet/clock", "POST"), ("/_cloudlet/reset", "POST")])
@pytest.mark.parametrize(
    ("origin", "address"),
    [(Origin.SANDBOX, "127.0.0.1"), (Origin.HOST, "192.0.2.1"), (Origin.HOST, "2001:db8::1")],
)
def test_neither_functions_nor_other_machines_change_the_cloud(
    path: str, method: str, origin: Origin, address: str
) -> None:
    request = HttpRequest(method, path, headers=[("Content-Type", "application/json")], body=BytesBody(b""))
    request.origin = origin
    request.client = (address, 1234)
    response = asyncio.run(Pages(NO_FACTS).answer(request))
    assert response is not None
    assert response.status == 403


async def nothing(*_: object) -> Any:
    raise AssertionError("a stranger came through")


NO_FACTS = Facts(
    clock=None,  # type: ignore[arg-type]  # no page of these tests asks it
    advance_clock=nothing,
    health=dict,
    status=nothing,
    reset=nothing,
    least_privilege=dict,
    ca_certificate=bytes,
)


def test_reset_forgets_everything(tmp_path: Path, aws_session: Any) -> None:
    own = RunningServer(Config(data=tmp_path, port=0))
    try:
        iam = aws_session.client(
            "iam",
            endpoint_url=own.endpoint,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
        iam.create_user(UserName="gone")
        assert sent(own, "POST", "/_cloudlet/reset", headers=JSON)[0] == 200
        assert iam.list_users()["Users"] == []
        iam.create_user(UserName="gone")
    finally:
        own.close()


def test_workers_begin_with_the_first_use_of_their_service_and_again_after_a_kill(tmp_path: Path) -> None:
    def workers() -> set[str]:
        return set(sent(cloud, "GET", "/_cloudlet/status")[1]["workers"])

    with CloudProcess(tmp_path, "--data", str(tmp_path / "data")) as cloud:
        before = workers()
        cloud.client("sqs").create_queue(QueueName="used")
        working = workers()
        assert before < working
        cloud.kill()
        cloud.start()
        assert workers() == working
