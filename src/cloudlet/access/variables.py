"""Policy variables: ${key}, ${key,'default'} and the escapes ${*} ${?} ${$}.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
Wildcards that come out of a variable's value are literal; only those written in the policy are wildcards.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from cloudlet.access import wildcards

if TYPE_CHECKING:
    from cloudlet.core.access import RequestContext

_VARIABLE: Final = re.compile(r"\$\{\s*([^}]*?)\s*\}")
_DEFAULTED: Final = re.compile(r"([^,]*?)\s*,\s*'(.*)'", re.DOTALL)
_ESCAPES: Final = frozenset("*?$")


class Variable(Struct, frozen=True):
    """A reference to a condition key, by its name in lower case."""

    key: str
    default: str | None = None

    def resolve(self, context: RequestContext) -> str | None:
        """The value, or the default; None where the request has neither, or several values."""
        values = context.find(self.key)
        if values is not None and len(values) == 1:
            return values[0]
        return self.default


Part: TypeAlias = "wildcards.Token | Variable"


class Template(Struct, frozen=True):
    """A policy value taken apart once: literal texts, wildcards and variables."""

    parts: tuple[Part, ...]
    has_variables: bool

    @property
    def fixed(self) -> list[wildcards.Token]:
        """The parts that are no variables: all of them, where there is none."""
        return [part for part in self.parts if not isinstance(part, Variable)]

    def tokens(self, context: RequestContext) -> list[wildcards.Token] | None:
        """The value for one request; None if a variable has no value there, and so nothing can match."""
        resolved: list[wildcards.Token] = []
        for part in self.parts:
            if not isinstance(part, Variable):
                resolved.append(part)
                continue
            value = part.resolve(context)
            if value is None:
                return None
            resolved.append(value)
        return resolved


def template(text: str, *, variables: bool, wild: bool) -> Template:
    """Takes a value apart. Version 2008-10-17 has no `variables`; unless `wild`, `*` means itself."""
    if not variables or "${" not in text:
        return Template(tuple(_literal(text, wild)), has_variables=False)
    parts: list[Part] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        parts += _literal(text[end : found.start()], wild)
        parts.append(_reference(found[1]))
        end = found.end()
    parts += _literal(text[end:], wild)
    return Template(tuple(parts), has_variables=any(isinstance(part, Variable) for part in parts))


def _literal(text: str, wild: bool) -> list[wildcards.Token]:
    if wild:
        return wildcards.tokens(text)
    return [text] if text else []


def _reference(body: str) -> Part:
    if body in _ESCAPES:
        return body
    if defaulted := _DEFAULTED.fullmatch(body):
        return Variable(defaulted[1].lower(), defaulted[2])
    return Variable(body.lower())
