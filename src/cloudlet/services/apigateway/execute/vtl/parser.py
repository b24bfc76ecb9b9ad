"""Text of a mapping template to nodes: directives, references and the text between them.

Must not evaluate anything. Expressions are in `expressions.py`. White space is Velocity 1.7's: a directive
eats the blanks and the line end after it, and #set eats blanks before it where no other text stands before
them.
"""

from __future__ import annotations

from typing import Final

from . import lexer
from .errors import error_at
from .expressions import ExpressionParser
from .nodes import Block, Break, Define, Expression, Foreach, If, Reference, Set, Statement, Stop, Text

MAX_NESTING: Final = 60
DIRECTIVES: Final = frozenset(
    ("if", "elseif", "else", "end", "set", "foreach", "define", "break", "stop", "macro", "parse", "include")
)
BLOCK_ENDS: Final = frozenset(("end", "else", "elseif"))


def parse(text: str) -> Block:
    """The nodes of a template; raises TemplateError where it breaks the grammar."""
    return _Parser(text, depth=0, embedded=False).template()


class _Parser(ExpressionParser):
    """Recursive descent over one template, or over one double-quoted string within it."""

    def __init__(self, text: str, depth: int, embedded: bool) -> None:
        super().__init__(text, depth)
        self._embedded = embedded
        self._statements: list[Statement] = []

    def template(self) -> Block:
        """Everything to the end of the text."""
        block, _ = self._block(frozenset())
        return block

    def parse_embedded(self, text: str) -> Block:
        """The template in a double-quoted string."""
        if self.depth >= MAX_NESTING:
            raise self.cursor.error("which is nested too deeply")
        return _Parser(text, self.depth + 1, embedded=True).template()

    def _block(self, ends: frozenset[str]) -> tuple[Block, str]:
        """Statements up to one of the directives that may end the block; which one it was."""
        if self.depth >= MAX_NESTING:
            raise self.cursor.error("which is nested too deeply")
        self.depth += 1
        outer, self._statements = self._statements, []
        end = self._statements_until(ends)
        block, self._statements = tuple(self._statements), outer
        self.depth -= 1
        return block, end

    def _statements_until(self, ends: frozenset[str]) -> str:
        while True:
            self._plain_text()
            if self.cursor.at_end():
                if ends:
                    raise self.cursor.error("expected #end")
                return ""
            end = self._marker()
            if end:
                if end not in ends:
                    raise self.cursor.error(f"after #{end} that belongs to nothing")
                return end

    def _plain_text(self) -> None:
        cursor = self.cursor
        start = cursor.position
        if cursor.text.startswith((" ", "\t"), start) and lexer.SET_DIRECTIVE.match(cursor.text, start):
            cursor.accept(lexer.BLANKS)
            return
        found = lexer.MARKER.search(cursor.text, start)
        cursor.position = found.start() if found else len(cursor.text)
        self._emit(cursor.text[start : cursor.position])

    def _emit(self, text: str) -> None:
        if not text:
            return
        if self._statements and isinstance(last := self._statements[-1], Text):
            self._statements[-1] = Text(last.text + text)
        else:
            self._statements.append(Text(text))

    def _marker(self) -> str:
        """What begins with $, # or backslash; the name of a directive that ends a block, or nothing."""
        character = self.cursor.text[self.cursor.position]
        if character == "$":
            self._dollar(0)
            return ""
        if character == "#":
            return self._hash()
        return self._backslashes()

    def _dollar(self, backslashes: int) -> None:
        cursor = self.cursor
        if lexer.REFERENCE.match(cursor.text, cursor.position):
            reference = self.reference(backslashes)
            self._statements.append(reference)
            # Right after $a.b Velocity's lexer knows no comment: "##" comes out as text there.
            if reference.ends_in_property() and cursor.accept_text("##"):
                self._emit("##")
            return
        self._emit("\\" * backslashes)
        self._lone_dollar()

    def _lone_dollar(self) -> None:
        """A dollar that begins no reference; Velocity loses it before a control directive, and its mark."""
        cursor = self.cursor
        start = cursor.position
        match = cursor.accept(lexer.LONE_DOLLAR)
        self._refuse_at_end(start)
        if lexer.CONTROL.match(cursor.text, cursor.position):
            return
        kept = cursor.text.startswith(lexer.KEEPS_MARK, cursor.position)
        self._emit(match.group() if match and kept else "$")

    def _refuse_at_end(self, start: int) -> None:
        # AWS answers 500 for a template that ends in a lone $ (a lexical error); a string may end in one.
        if self.cursor.at_end() and not self._embedded:
            raise error_at(self.cursor.text, start, "Lexical error, encountered <EOF>")

    def _backslashes(self) -> str:
        cursor = self.cursor
        match = cursor.accept(lexer.BACKSLASHES)
        count = len(match.group()) if match else 0
        if cursor.text.startswith("$", cursor.position):
            self._dollar(count)
            return ""
        directive = lexer.DIRECTIVE.match(cursor.text, cursor.position)
        name = (directive[1] or directive[2]) if directive else ""
        escapes = name in DIRECTIVES and (name != "set" or count % 2 == 1)
        self._emit("\\" * (count // 2 if escapes else count))
        if directive and count % 2 == 1:
            self._emit(directive.group())
            cursor.position = directive.end()
        return ""

    def _hash(self) -> str:
        cursor = self.cursor
        start = cursor.position
        if cursor.accept(lexer.COMMENT_LINE):
            return ""
        if cursor.accept_text("#[["):
            self._text_block(start)
            return ""
        if cursor.accept_text("#*"):
            end = cursor.text.find("*#", cursor.position)
            cursor.position = len(cursor.text) if end < 0 else end + 2
            return ""
        match = cursor.accept(lexer.DIRECTIVE)
        if match:
            return self._directive(match[1] or match[2], start)
        cursor.position += 1
        self._refuse_at_end(start)
        self._emit("#")
        return ""

    def _text_block(self, start: int) -> None:
        end = self.cursor.text.find("]]#", self.cursor.position)
        if end < 0:
            raise error_at(self.cursor.text, start, 'Lexical error, "#[[" is never closed')
        self._emit(self.cursor.text[self.cursor.position : end])
        self.cursor.position = end + 3

    def _directive(self, name: str, start: int) -> str:
        if name in BLOCK_ENDS:
            if name != "elseif":
                self.cursor.accept(lexer.REST_OF_LINE)
            return name
        if name == "if":
            self._statements.append(self._if())
        elif name == "stop":
            self._statements.append(Stop())
        elif name == "break":
            self._statements.append(Break())
        elif name in ("parse", "include"):
            raise error_at(self.cursor.text, start, f"#{name} is not available to mapping templates")
        elif name == "set":
            self._set(start)
        elif lexer.OPEN_PARENTHESIS.match(self.cursor.text, self.cursor.position):
            self._directive_with_arguments(name, start)
        else:
            self._emit(self.cursor.text[start : self.cursor.position])
        return ""

    def _directive_with_arguments(self, name: str, start: int) -> None:
        self.cursor.accept(lexer.OPEN_PARENTHESIS)
        if name == "foreach":
            self._statements.append(self._foreach())
        elif name == "define":
            self._statements.append(self._define())
        elif name == "macro":
            self._macro()
        else:
            self._arguments()
            self._emit(self.cursor.text[start : self.cursor.position])

    def _arguments(self) -> None:
        """The arguments of a directive nobody knows; AWS prints it as it stands, calls of macros included."""
        cursor = self.cursor
        while True:
            cursor.skip_whitespace()
            if cursor.accept_text(")"):
                return
            if cursor.accept_text(","):
                cursor.skip_whitespace()
            if not cursor.accept(lexer.IDENTIFIER):
                self.operand()

    def _macro(self) -> None:
        # AWS registers no macros: the definition vanishes, and calls come out as text.
        if not self.cursor.accept(lexer.WHITESPACE) or not self.cursor.accept(lexer.IDENTIFIER):
            raise self.cursor.error("expected the name of a macro")
        self._arguments()
        self.cursor.accept(lexer.REST_OF_LINE)
        self._block(frozenset(("end",)))

    def _close(self) -> None:
        self.cursor.skip_whitespace()
        self.cursor.expect_text(")")
        self.cursor.accept(lexer.REST_OF_LINE)

    def _condition(self) -> Expression:
        if not self.cursor.accept(lexer.OPEN_PARENTHESIS):
            raise self.cursor.error('expected "("')
        condition = self.expression()
        self._close()
        return condition

    def _if(self) -> If:
        branches = []
        end = "elseif"
        otherwise: Block = ()
        while end == "elseif":
            condition = self._condition()
            block, end = self._block(BLOCK_ENDS)
            branches.append((condition, block))
        if end == "else":
            otherwise, _ = self._block(frozenset(("end",)))
        return If(tuple(branches), otherwise)

    def _set(self, start: int) -> None:
        cursor = self.cursor
        cursor.position = start
        if not cursor.accept(lexer.SET_DIRECTIVE):
            cursor.accept(lexer.DIRECTIVE)
            self._emit(cursor.text[start : cursor.position])
            return
        target = self._target()
        cursor.skip_whitespace()
        cursor.expect_text("=")
        value = self.expression()
        self._close()
        self._statements.append(Set(target, value))

    def _target(self) -> Reference:
        self.cursor.skip_whitespace()
        if not lexer.REFERENCE.match(self.cursor.text, self.cursor.position):
            raise self.cursor.error("expected a reference")
        return self.reference()

    def _name(self) -> str:
        target = self._target()
        if target.steps:
            raise self.cursor.error("expected a plain variable")
        return target.name

    def _foreach(self) -> Foreach:
        name = self._name()
        self.cursor.skip_whitespace()
        self.cursor.expect_text("in")
        self.cursor.skip_whitespace()
        items = self.operand()
        self._close()
        body, _ = self._block(frozenset(("end",)))
        return Foreach(name, items, body)

    def _define(self) -> Define:
        name = self._name()
        self._close()
        body, _ = self._block(frozenset(("end",)))
        return Define(name, body)
