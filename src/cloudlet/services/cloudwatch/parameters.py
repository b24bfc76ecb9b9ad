"""Parameters that CloudWatch judges itself, in its own words; every fault of one kind is told at once.

Knows no operation: what a parameter must be is its callers' affair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cloudlet.services.cloudwatch.errors import (
    InvalidParameterValueException,
    MissingRequiredParameterException,
)

_LONGEST: Final = 255


class Faults:
    """What is wrong with the parameters of a request, as far as it was looked at."""

    def __init__(self) -> None:
        self._missing: list[str] = []
        self._invalid: list[str] = []

    def tell(self) -> None:
        """Raises MissingRequiredParameterException or InvalidParameterValueException, if need be."""
        if self._missing:
            raise MissingRequiredParameterException("\n".join(self._missing))
        if self._invalid:
            raise InvalidParameterValueException("\n".join(self._invalid))

    def invalid(self, what: str) -> None:
        """Notes a fault."""
        self._invalid.append(what)

    def required(self, given: Mapping[str, Any], name: str, path: str = "") -> None:
        """A parameter that must be there."""
        if given.get(name) in (None, "", [], ()):
            self._missing.append(f"The parameter {path}{name} is required.")

    def text(self, given: Mapping[str, Any], name: str, path: str = "", longest: int = _LONGEST) -> None:
        """A text that must be there and may not be longer than so many characters."""
        self.required(given, name, path)
        if len(given.get(name) or "") > longest:
            self.invalid(f"The parameter {path}{name} must be shorter than {longest + 1} characters.")

    def one_of(self, value: str | None, allowed: Sequence[str], name: str) -> None:
        """A value of a set, if it is there."""
        if value is not None and value not in allowed:
            self.invalid(f"The parameter {name} must be a value in the set [ {', '.join(allowed)} ].")

    def at_most(self, collection: Sequence[Any], limit: int, name: str) -> None:
        """A collection that may not have more elements than so many."""
        if len(collection) > limit:
            self.invalid(f"The collection {name} must not have a size greater than {limit}.")

    def dimensions(self, given: Sequence[Mapping[str, Any]], name: str, limit: int) -> None:
        """Dimensions, each with a name and a value."""
        self.at_most(given, limit, name)
        for number, dimension in enumerate(given, 1):
            self.text(dimension, "Name", f"{name}.member.{number}.")
            self.text(dimension, "Value", f"{name}.member.{number}.", longest=1024)
