"""YAML as OpenAPI documents use it, read and written. Loaded when the first such document comes.

Dates stay text, and nothing but plain values is made.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # chosen at run time
    """YAML 1.1 without dates."""

    yaml_implicit_resolvers = {  # noqa: RUF012  replaces PyYAML's table of the same name
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def load(text: str) -> Any:
    """What stands in a text. Raises ValueError."""
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def dump(document: Any) -> str:
    """A document as YAML."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
