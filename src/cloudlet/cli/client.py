"""How the commands talk to a running cloud: its own pages, and signed requests to its API."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlsplit

import orjson

from cloudlet.cli import runfile
from cloudlet.cli.places import Places
from cloudlet.cli.problem import Problem
from cloudlet.cli.runfile import Running
from cloudlet.core.http import BytesBody, HttpRequest
from cloudlet.wire.sigv4 import canonical
from cloudlet.wire.sigv4.credential import Scope

_TIMEOUT_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.5
_LONGEST_SECONDS: Final = 910.0


def running(places: Places, port: int) -> Running:
    """The cloud on a port. Raises Problem if none runs."""
    found = runfile.read(places.run_file(port))
    if found is None:
        raise Problem(f"No cloud runs on port {port}: start one with `cloudlet start --background`.")
    return found


def answers(cloud: Running) -> bool:
    """Whether a cloud answers requests yet."""
    try:
        return _send(cloud, "GET", "/_cloudlet/health")[0] == HTTPStatus.OK
    except OSError:
        return False


def status(cloud: Running) -> Mapping[str, Any]:
    """What a cloud says of itself."""
    return _get(cloud, "/_cloudlet/status")


def least_privilege(cloud: Running) -> Mapping[str, Any]:
    """The policies that would do for what a cloud in audit mode has seen. Raises Problem otherwise."""
    return _get(cloud, "/_cloudlet/least-privilege")


def log_lines(cloud: Running, function: str, region: str, *, follow: bool) -> Iterator[str]:
    """The lines of a function's log, the oldest first. Raises Problem if there is no such log."""
    group = function if function.startswith("/") else f"/aws/lambda/{function}"
    request: dict[str, Any] = {"logGroupName": group}
    seen: set[str] = set()
    while True:
        page = _call(cloud, "logs", "Logs_20140328.FilterLogEvents", request, region)
        for event in page["events"]:
            if event["eventId"] not in seen:
                seen.add(event["eventId"])
                moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                yield f"{moment:%Y-%m-%d %H:%M:%S.%f} {event['message'].rstrip()}"
        if "nextToken" in page:
            request["nextToken"] = page["nextToken"]
        elif not follow:
            return
        else:
            request.pop("nextToken", None)
            if page["events"]:
                request["startTime"] = page["events"][-1]["timestamp"]
            time.sleep(_POLL_SECONDS)


def _call(
    cloud: Running, service: str, target: str, request: Mapping[str, Any], region: str
) -> Mapping[str, Any]:
    body = orjson.dumps(request)
    given = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
    status_code, content, _ = signed(cloud, service, "POST", "/", "", given, body, region)
    answer: dict[str, Any] = orjson.loads(content)
    if status_code != HTTPStatus.OK:
        raise Problem(answer.get("message") or answer.get("Message") or f"the cloud answered {status_code}")
    return answer


def signed(
    cloud: Running,
    service: str,
    method: str,
    path: str,
    query: str,
    given: Mapping[str, str],
    body: bytes,
    region: str,
) -> tuple[int, bytes, Mapping[str, str]]:
    """Sends a request with Signature Version 4, as AWS's own SDKs sign; status, body and headers."""
    timestamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {**given, "Host": urlsplit(cloud.endpoint).netloc, "X-Amz-Date": timestamp}
    names = tuple(sorted(name.lower() for name in headers))
    date, terminator = timestamp[:8], "aws4_request"
    credential_scope = f"{date}/{region}/{service}/{terminator}"
    scope = Scope(cloud.access_key_id, date, region, service, terminator, names, credential_scope)
    request = HttpRequest(method, path, query, headers=list(headers.items()), body=BytesBody(body))
    digest = hashlib.sha256(body).hexdigest()
    text = canonical.canonical_request(request, scope, quote(path), query, digest)
    key = canonical.signing_key(cloud.secret_access_key, date, region, service, terminator)
    signature = canonical.sign(key, canonical.string_to_sign(text, timestamp, scope))
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={cloud.access_key_id}/{credential_scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    try:
        return _exchange(cloud, method, f"{path}?{query}" if query else path, headers, body, _LONGEST_SECONDS)
    except OSError as error:
        raise Problem(f"The cloud at {cloud.endpoint} does not answer: {error}.") from error


def _get(cloud: Running, path: str) -> Mapping[str, Any]:
    try:
        status_code, content = _send(cloud, "GET", path)
    except OSError as error:
        raise Problem(f"The cloud at {cloud.endpoint} does not answer: {error}.") from error
    if status_code != HTTPStatus.OK:
        raise Problem(
            f"The cloud at {cloud.endpoint} answered {status_code}: {content.decode(errors='replace')}"
        )
    answer: dict[str, Any] = orjson.loads(content)
    return answer


def _send(cloud: Running, method: str, path: str) -> tuple[int, bytes]:
    return _exchange(cloud, method, path, {}, b"", _TIMEOUT_SECONDS)[:2]


def _exchange(
    cloud: Running, method: str, target: str, headers: Mapping[str, str], body: bytes, seconds: float
) -> tuple[int, bytes, Mapping[str, str]]:
    from http.client import HTTPConnection  # noqa: PLC0415 (start time of `start`, which never asks itself)

    connection = HTTPConnection(urlsplit(cloud.endpoint).netloc, timeout=seconds)
    try:
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        return response.status, response.read(), told
    finally:
        connection.close()
