"""The one error of mapping templates, for text that does not parse and for rendering that cannot go on.

Must not know what the gateway answers for it.
"""

from __future__ import annotations


class TemplateError(Exception):
    """Raised for a template that breaks the grammar, and for one that fails or runs away while rendering."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{message} at [line {line}, column {column}]" if line else message)
        self.line = line
        self.column = column


def error_at(text: str, position: int, message: str) -> TemplateError:
    """A TemplateError that names the line and column of a position."""
    line = text.count("\n", 0, position) + 1
    return TemplateError(message, line, position - text.rfind("\n", 0, position))


class OutOfSteps(TemplateError):
    """Raised when a rendering has spent the steps that it was given."""
