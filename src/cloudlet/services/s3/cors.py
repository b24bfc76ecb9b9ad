"""Cross-origin rules: what S3 demands of them, and which of them a browser's request meets. Pure rules.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from cloudlet.services.s3.errors import InvalidRequest, MalformedXML
from cloudlet.services.s3.model import CorsRule

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CORSRuleTypeDef, CORSRuleUnionTypeDef

_METHODS: Final = ("GET", "PUT", "HEAD", "POST", "DELETE")
_MOST_RULES: Final = 100


def read_rules(told: Iterable[CORSRuleTypeDef | CORSRuleUnionTypeDef]) -> tuple[CorsRule, ...]:
    """The rules of a CORSConfiguration. Raises MalformedXML or InvalidRequest."""
    rules = tuple(map(_read_rule, told))
    if not 1 <= len(rules) <= _MOST_RULES:
        raise MalformedXML
    return rules


def _read_rule(told: Any) -> CorsRule:
    origins, methods = told.get("AllowedOrigins") or (), told.get("AllowedMethods") or ()
    if not origins or not methods:
        raise MalformedXML
    for method in methods:
        if method not in _METHODS:
            raise InvalidRequest(
                f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
            )
    for origin in origins:
        if origin.count("*") > 1:
            raise InvalidRequest(f'AllowedOrigin "{origin}" can not have more than one wildcard.')
    for name in told.get("ExposeHeaders") or ():
        if "*" in name:
            raise InvalidRequest(
                f'ExposeHeader "{name}" contains wildcard. We currently do not support wildcard for '
                "ExposeHeader."
            )
    return CorsRule(
        tuple(origins),
        tuple(methods),
        tuple(told.get("AllowedHeaders") or ()),
        tuple(told.get("ExposeHeaders") or ()),
        told.get("MaxAgeSeconds"),
        told.get("ID"),
    )


def write_rule(rule: CorsRule) -> dict[str, Any]:
    """A rule as answers say it."""
    return {
        "ID": rule.id,
        "AllowedHeaders": list(rule.allowed_headers) or None,
        "AllowedMethods": list(rule.allowed_methods),
        "AllowedOrigins": list(rule.allowed_origins),
        "ExposeHeaders": list(rule.expose_headers) or None,
        "MaxAgeSeconds": rule.max_age_seconds,
    }


def find_rule(
    rules: Iterable[CorsRule], origin: str, method: str, headers: Iterable[str] = ()
) -> CorsRule | None:
    """The first rule that lets a request through."""
    asked = [name.lower() for name in headers]
    return next((rule for rule in rules if _allows(rule, origin, method, asked)), None)


def _allows(rule: CorsRule, origin: str, method: str, headers: list[str]) -> bool:
    allowed = [pattern.lower() for pattern in rule.allowed_headers]
    return (
        any(_fits(pattern, origin) for pattern in rule.allowed_origins)
        and method in rule.allowed_methods
        and all(any(_fits(pattern, name) for pattern in allowed) for name in headers)
    )


def _fits(pattern: str, text: str) -> bool:
    """Whether a text is a pattern in which one asterisk may stand for anything."""
    start, asterisk, end = pattern.partition("*")
    if not asterisk:
        return text == pattern
    return len(text) >= len(start) + len(end) and text.startswith(start) and text.endswith(end)


def headers_of(rule: CorsRule, origin: str, requested: Iterable[str] = ()) -> list[tuple[str, str]]:
    """What an answer says to the browser."""
    everybody = "*" in rule.allowed_origins
    headers = [
        ("Access-Control-Allow-Origin", "*" if everybody else origin),
        ("Access-Control-Allow-Methods", ", ".join(rule.allowed_methods)),
    ]
    names = ", ".join(name.lower() for name in requested)
    if names:
        headers.append(("Access-Control-Allow-Headers", names))
    if rule.expose_headers:
        headers.append(("Access-Control-Expose-Headers", ", ".join(rule.expose_headers)))
    if rule.max_age_seconds is not None:
        headers.append(("Access-Control-Max-Age", str(rule.max_age_seconds)))
    if not everybody:
        headers.append(("Access-Control-Allow-Credentials", "true"))
    headers.append(("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"))
    return headers
