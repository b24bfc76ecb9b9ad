"""The shapes of Velocity's tokens, and a cursor over the text of a template.

Must not know the grammar. Velocity's own lexer changes its tokens with where it stands, so the parser asks
for what may come next instead of receiving one stream.
"""

from __future__ import annotations

import re
from typing import Final

from ..cursor import TextCursor
from .errors import TemplateError, error_at

MARKER: Final = re.compile(r"[$#\\]")
BLANKS: Final = re.compile(r"[ \t]*")
WHITESPACE: Final = re.compile(r"[ \t\r\n]*")
REST_OF_LINE: Final = re.compile(r"(?:[ \t]*(?:\r\n|\n|\r))?")
COMMENT_LINE: Final = re.compile(r"##[^\r\n]*(?:\r\n|\n|\r)?")
BACKSLASHES: Final = re.compile(r"\\+")
DIRECTIVE: Final = re.compile(r"#(?:([A-Za-z_@][A-Za-z0-9_@]*)|\{([A-Za-z_][A-Za-z0-9_@]*)\})")
SET_DIRECTIVE: Final = re.compile(r"[ \t]*#(?:set|\{set\})[ ]*\(")
OPEN_PARENTHESIS: Final = re.compile(r"[ \t\r\n]*\(")
REFERENCE: Final = re.compile(r"\$!?(\{?)([A-Za-z_][A-Za-z0-9_-]*)")
IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
LONE_DOLLAR: Final = re.compile(r"\$!?")
KEEPS_MARK: Final = ("{", "[", "$", "#")
CONTROL: Final = re.compile(
    r"#(?:(?:if|else|elseif|end|stop)(?![A-Za-z0-9_@])|\{(?:if|else|elseif|end|stop)\}|set[ ]*\()"
)
PROPERTY: Final = re.compile(r"\.([A-Za-z][A-Za-z0-9_-]*)")
# A doubled quote stands for one; a backslash does not escape a quote.
STRING: Final = re.compile(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'")
FLOAT: Final = re.compile(
    r"-?(?:[0-9]+\.(?!\.)[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)"
)
INTEGER: Final = re.compile(r"-?[0-9]+")
BOOLEAN: Final = re.compile(r"(true|false)(?![A-Za-z0-9_-])")
NOT: Final = re.compile(r"!(?!=)|not(?![A-Za-z0-9_@])")
OPERATOR: Final = re.compile(r"&&|\|\||==|!=|<=|>=|[<>+*/%-]|(?:and|or|eq|ne|lt|le|gt|ge)(?![A-Za-z0-9_@])")
OPERATOR_WORDS: Final = {
    "and": "&&",
    "or": "||",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}


class Cursor(TextCursor):
    """A place in the text of a template."""

    __slots__ = ()

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.position >= len(self.text)

    def expect_text(self, expected: str) -> None:
        """Step over these very characters; it is an error when they do not come next."""
        if not self.accept_text(expected):
            raise self.error(f'expected "{expected}"')

    def skip_whitespace(self) -> None:
        """Step over blanks and line ends."""
        self.accept(WHITESPACE)

    def error(self, expectation: str) -> TemplateError:
        """The error of finding something else here than the grammar allows."""
        found = self.text[self.position : self.position + 20] or "<EOF>"
        return error_at(self.text, self.position, f'Encountered "{found}", {expectation}')
