"""Patch operations (RFC 6902 in API Gateway's dialect) and the words in which API Gateway refuses them.

Knows no row; each operation says which paths it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, nan
from typing import Any

from msgspec import Struct

from cloudlet.services.apigateway.errors import BadRequestException


class Patch(Struct, frozen=True):
    """One step of an update."""

    op: str
    path: str
    value: str | None = None
    source: str | None = None
    """Where a copy comes from."""

    @property
    def parts(self) -> list[str]:
        """The path's parts, unescaped; one that is empty for a path that has none."""
        parts = self.path.split("/")[1:] or [""]
        return [part.replace("~1", "/").replace("~0", "~") for part in parts]

    @property
    def text(self) -> str:
        """The value, which an empty one stands for as well."""
        return self.value or ""

    @property
    def flag(self) -> bool:
        """The value as a boolean; AWS takes any other word for false."""
        return self.text.lower() == "true"

    @property
    def integer(self) -> int:
        """The value as a number. Raises BadRequestException."""
        try:
            return int(self.text)
        except ValueError:
            raise BadRequestException(f"Invalid integer value specified: {self.text}") from None

    @property
    def decimal(self) -> float:
        """The value as a number that may have a fraction. Raises BadRequestException."""
        try:
            value = float(self.text)
        except ValueError:
            value = nan
        if not isfinite(value):
            raise BadRequestException(f"Invalid decimal value specified: {self.text}")
        return value


def patches_in(request: Mapping[str, Any]) -> Iterator[Patch]:
    """The steps of an update. Raises BadRequestException for one without a path."""
    for each in request.get("patchOperations", ()):
        if each.get("path") is None:
            raise BadRequestException("Invalid patch path null")
        yield Patch(each.get("op", ""), each["path"], each.get("value"), each.get("from"))


def unknown_path(patch: Patch) -> BadRequestException:
    """For those that only say that the path is wrong."""
    return BadRequestException(f"Invalid patch path {patch.path}")


def check_replaces(patch: Patch) -> None:
    """For members that can only be replaced. Raises BadRequestException."""
    if patch.op != "replace":
        raise BadRequestException("Invalid patch operation specified. Must be one of: [replace]")


def check_supported(patch: Patch, supported: Mapping[str, Sequence[str]]) -> None:
    """For those that list the paths they take, by operation. Raises BadRequestException.

    A path may have places in it, such as <stage>, that stand for any one part.
    """
    # AWS's texts have two spaces after "path".
    text = f"Invalid patch path  '{patch.path}' specified for op '{patch.op}'."
    paths = supported.get(patch.op)
    if not paths:
        raise BadRequestException(f"{text} Please choose supported operations")
    if not any(_matches(patch.path, path) for path in paths):
        raise BadRequestException(f"{text} Must be one of: [{', '.join(paths)}]")


def check_listed(patch: Patch, paths: Sequence[str]) -> None:
    """The same where all is done by replacing."""
    check_supported(patch, {"replace": paths})


def _matches(path: str, pattern: str) -> bool:
    given, wanted = path.split("/"), pattern.split("/")
    return len(given) == len(wanted) and all(
        mine == theirs or ("<" in theirs and mine != "") for mine, theirs in zip(given, wanted, strict=True)
    )
