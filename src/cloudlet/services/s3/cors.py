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
