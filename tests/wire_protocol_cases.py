"""The published protocol cases, and how they are brought into the forms that a server reads and writes."""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import cbor2

from cloudlet.core.http import HttpRequest
from cloudlet.wire.model import ServiceModel, Shape
from cloudlet.wire.protocols import Protocol, protocol_of
from vectors import vectors


def cases(side: str):
    """(file, suite, case) for each case of a side, input or output."""
    for path in sorted(vectors(f"aws-protocols/{side}").glob("*.json")):
        for suite in json.loads(path.read_bytes()):
            for case in suite["cases"]:
                yield path.stem, suite, case


def case_name(file: str, case: dict[str, Any]) -> str:
    return f"{file}:{case['id']}"


def by_reason(reasons: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """The cases with their reasons, from the reasons with their cases."""
    return {name: reason for reason, names in reasons.items() for name in names}


def protocol_for(suite: dict[str, Any], case: dict[str, Any]) -> Protocol:
    model = {
        "metadata": suite["metadata"],
        "shapes": suite["shapes"],
        "operations": {case["given"]["name"]: case["given"]},
    }
    return protocol_of(ServiceModel("vectors", model), suite["metadata"]["protocol"])


def request_of(serialized: dict[str, Any], protocol: str) -> tuple[HttpRequest, bytes]:
    path, _, query = serialized.get("uri", "/").partition("?")
    headers = list(serialized.get("headers", {}).items())
    return HttpRequest(serialized.get("method", "POST"), path, query, headers), body_of(serialized, protocol)


def body_of(message: dict[str, Any], protocol: str) -> bytes:
    body = message.get("body") or ""
    return base64.b64decode(body) if protocol == "smithy-rpc-v2-cbor" else body.encode()


def python_value(shape: Shape, value: Any) -> Any:
    """A value of a case as boto3 has it: the cases write times as numbers and blobs as text."""
    if value is None or shape.traits.get("document"):
        return value
    if shape.traits.get("jsonvalue"):
        return json.loads(value) if isinstance(value, str) else value
    match shape.type:
        case "structure":
            members = shape.members
            return {
                name: python_value(members[name], item) for name, item in value.items() if item is not None
            }
        case "list":
            return [python_value(shape.member, item) for item in value]
        case "map":
            return {key: python_value(shape.value, item) for key, item in value.items()}
        case "timestamp":
            return datetime.fromtimestamp(value, UTC)
        case "blob":
            return value.encode() if isinstance(value, str) else value
        case "float" | "double":
            return float(value)
        case _:
            return value


def comparable(value: Any) -> Any:
    """A value in which NaN equals NaN, and botocore's texts for what is not finite equal the numbers."""
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return str(float(value))
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def document(body: bytes, protocol: str, content_type: str) -> Any:
    """A body as something that equals an equivalent body."""
    if not body:
        return {}
    if protocol == "smithy-rpc-v2-cbor":
        return comparable(without_namespace(cbor2.loads(body)))
    if protocol == "json" or (protocol == "rest-json" and "json" in content_type):
        return without_namespace(json.loads(body))
    if "xml" in content_type:
        return element(ElementTree.fromstring(body))
    return body


def without_namespace(document: Any) -> Any:
    """A document whose error has no namespace: each service has its own, or none."""
    if isinstance(document, dict) and "__type" in document:
        return document | {"__type": document["__type"].rpartition("#")[2]}
    return document


_OF_THE_REQUEST = ("RequestId", "RequestID", "requestId", "ResponseMetadata")


def element(node: ElementTree.Element) -> Any:
    """An element without namespaces, request ids, white space and the order of unlike children."""
    children = [element(child) for child in node if local(child.tag) not in _OF_THE_REQUEST]
    attributes = sorted((local(key), value) for key, value in node.attrib.items())
    text = (node.text or "").strip() if not children else ""
    return (
        local(node.tag),
        text,
        attributes,
        sorted((child for child in children), key=lambda child: child[0]),
    )


def local(tag: str) -> str:
    return tag.rpartition("}")[2]
