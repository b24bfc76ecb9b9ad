"""The kinds of clients that AWS can write for an API, as it lists them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-generate-sdk.html
None is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final


def _property(name: str, friendly: str, about: str) -> dict[str, Any]:
    return {"name": name, "friendlyName": friendly, "description": about, "required": True}


def _type(name: str, friendly: str, *properties: Mapping[str, Any]) -> dict[str, Any]:
    about = f"{friendly} SDK"
    return {
        "id": name,
        "friendlyName": friendly,
        "description": about,
        "configurationProperties": [*properties],
    }


_PREFIX: Final = _property("classPrefix", "Prefix", "Prefix of the generated classes")
SDK_TYPES: Final[tuple[Mapping[str, Any], ...]] = (
    _type(
        "android",
        "Android",
        _property("groupId", "Group ID", "Java group ID of the generated SDK"),
        _property("artifactId", "Artifact ID", "Java artifact ID of the generated SDK"),
        _property("artifactVersion", "Artifact version", "Java artifact version of the generated SDK"),
        _property("invokerPackage", "Invoker package", "Java package of the generated SDK"),
    ),
    _type(
        "java",
        "Java",
        _property("serviceName", "Service Name", "Name of the generated client"),
        _property("javaPackageName", "Java Package Name", "Java package of the generated SDK"),
    ),
    _type("javascript", "JavaScript"),
    _type("objectivec", "iOS (Objective-C)", _PREFIX),
    _type("ruby", "Ruby"),
    _type("swift", "iOS (Swift)", _PREFIX),
)
