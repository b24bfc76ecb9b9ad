"""Text of a path to selectors.

Must not read documents. Filters are in `filter_parser.py`.
"""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec import Struct

from ..escapes import unescaped
from . import selectors
from .errors import PathError
from .evaluation import MISSING, Evaluation, Predicate, Reader, Selector
from .filter_parser import BLANKS, STRING, FilterParser
from .functions import FUNCTIONS, Function

NAME: Final = re.compile(r"[^.\[\]()\s'\"?,:*@$&|!=<>~]+|\$[^.\[\]()\s'\"]*")
INTEGER: Final = re.compile(r"-?[0-9]{1,9}(?![0-9])")
FUNCTION: Final = re.compile(r"([A-Za-z]+)\(")
MAX_PARTS: Final = 500
MAX_FILTER_DEPTH: Final = 8


class Key(Struct, frozen=True):
    """.name or ['name', 'other']"""

    names: tuple[str, ...]


class Indexes(Struct, frozen=True):
    """[0] or [0, 1]"""

    positions: tuple[int, ...]


class Slice(Struct, frozen=True):
    """[start:end]"""

    start: int | None
    end: int | None


class Wildcard(Struct, frozen=True):
    """[*] or .*"""


class Filter(Struct, frozen=True):
    """[?(...)]"""

    predicate: Predicate


class Everywhere(Struct, frozen=True):
    """.. before another part."""

    part: Key | Indexes | Slice | Wildcard | Filter


class Call(Struct, frozen=True):
    """.function(arguments) at the end."""

    function: Function
    arguments: tuple[Reader, ...]


Part = Key | Indexes | Slice | Wildcard | Filter | Everywhere


class ParsedPath(Struct, frozen=True):
    """The parts of a path and the function at its end."""

    parts: tuple[Part, ...]
    call: Call | None

    def is_definite(self) -> bool:
        """Whether it can only mean one place: then it gives the value, otherwise always a list."""
        *inner, last = self.parts or (Key(("",)),)
        single = all(_is_single(part) for part in inner)
        return single and (_is_single(last) or isinstance(last, Key))


def _is_single(part: Part) -> bool:
    return (isinstance(part, Key) and len(part.names) == 1) or (
        isinstance(part, Indexes) and len(part.positions) == 1
    )


def parse(text: str) -> ParsedPath:
    """The parts of a path; one that does not begin with $ is taken to mean $. and itself, as Jayway does."""
    path = text.strip()
    if not path:
        raise PathError("path can not be null or empty")
    if path[0] not in "$@":
        path = f"$.{path}"
    parser = PathParser(path)
    parsed = parser.path()
    if parser.position != len(path):
        raise parser.error("unexpected text")
    return parsed


class PathParser(FilterParser):
    """Recursive descent over one path, its filters and the paths within those."""

    def path(self) -> ParsedPath:
        """A path that begins here with $ or @; stops at what cannot belong to it."""
        self.position += 1
        parts: list[Part] = []
        call = None
        while call is None and len(parts) < MAX_PARTS:
            part = self._part()
            if part is None:
                break
            if isinstance(part, Call):
                call = part
            else:
                parts.append(part)
        return ParsedPath(tuple(parts), call)

    def _part(self) -> Part | Call | None:
        if self.accept_text(".."):
            return self._everywhere()
        if self.accept_text("."):
            return self._dotted()
        if self.text.startswith("[", self.position):
            return self._bracketed()
        return None

    def _everywhere(self) -> Everywhere:
        part = self._bracketed() if self.text.startswith("[", self.position) else self._dotted()
        if isinstance(part, Call):
            raise self.error("a function cannot follow ..")
        return Everywhere(part)

    def _dotted(self) -> Key | Indexes | Slice | Wildcard | Filter | Call:
        if self.accept_text("*"):
            return Wildcard()
        if self.text.startswith("[", self.position):
            return self._bracketed()
        if match := self.accept(FUNCTION):
            return self._call(match[1])
        match = self.accept(NAME)
        if match is None:
            raise self.error("Path must not end with a '.' or '..'")
        return Key((match.group(),))

    def _call(self, name: str) -> Call:
        function = FUNCTIONS.get(name)
        if function is None:
            raise self.error(f"Function with name: {name} does not exist.")
        arguments: list[Reader] = []
        self.accept(BLANKS)
        while not self.accept_text(")"):
            if arguments:
                self.expect_text(",")
            arguments.append(self.value())
            self.accept(BLANKS)
        return Call(function, tuple(arguments))

    def _bracketed(self) -> Key | Indexes | Slice | Wildcard | Filter:
        self.expect_text("[")
        self.accept(BLANKS)
        part = self._inside_brackets()
        self.accept(BLANKS)
        self.expect_text("]")
        return part

    def _inside_brackets(self) -> Key | Indexes | Slice | Wildcard | Filter:
        if self.accept_text("*"):
            return Wildcard()
        if self.accept_text("?"):
            return Filter(self.filter())
        if STRING.match(self.text, self.position):
            return Key(tuple(self._names()))
        return self._positions()

    def _names(self) -> list[str]:
        names = []
        while True:
            self.accept(BLANKS)
            match = self.accept(STRING)
            if match is None:
                raise self.error("expected a quoted property")
            names.append(unescaped(match[1] if match[1] is not None else match[2]))
            self.accept(BLANKS)
            if not self.accept_text(","):
                return names

    def _positions(self) -> Indexes | Slice:
        first = self._position()
        if self.accept_text(":"):
            return self._slice(first)
        if first is None:
            raise self.error("expected a number, a quoted property, a filter or *")
        positions = [first]
        while self.accept_text(","):
            position = self._position()
            if position is None:
                raise self.error("expected a number")
            positions.append(position)
        return Indexes(tuple(positions))

    def _slice(self, start: int | None) -> Slice:
        end = self._position()
        if start is None and end is None:
            raise self.error("expected a number")
        return Slice(start, end)

    def _position(self) -> int | None:
        self.accept(BLANKS)
        match = self.accept(INTEGER)
        self.accept(BLANKS)
        return int(match.group()) if match else None

    def nested_path(self) -> Reader:
        """A path within a filter or among the arguments of a function."""
        if self.depth >= MAX_FILTER_DEPTH:
            raise self.error("nested too deeply")
        from_root = self.text[self.position] == "$"
        self.depth += 1
        read = reader(self.path())
        self.depth -= 1
        if from_root:
            return lambda evaluation, node: read(evaluation, evaluation.root)
        return read


def reader(parsed: ParsedPath) -> Reader:
    """How a parsed path reads: the value or MISSING for a definite one, else the list of what it selects."""
    chain = tuple(_selector(part, last=part is parsed.parts[-1]) for part in parsed.parts)
    definite, call = parsed.is_definite(), parsed.call

    def read(evaluation: Evaluation, node: Any) -> Any:
        nodes = [node]
        for select in chain:
            nodes = select(evaluation, nodes)
        return (nodes[0] if nodes else MISSING) if definite else nodes

    if call is None:
        return read
    return _called(read, call)


def _called(read: Reader, call: Call) -> Reader:
    def apply(evaluation: Evaluation, node: Any) -> Any:
        value = read(evaluation, node)
        arguments = [argument(evaluation, node) for argument in call.arguments]
        evaluation.spend(len(value) if isinstance(value, list) else 1)
        present = [None if argument is MISSING else argument for argument in arguments]
        return MISSING if value is MISSING else call.function(value, present)

    return apply


def _selector(part: Part, last: bool) -> Selector:
    match part:
        case Key(names):
            if len(names) == 1:
                return selectors.key(names[0])
            return selectors.merged_keys(names) if last else selectors.each_key(names)
        case Everywhere(Key(names)) if len(names) > 1:
            return selectors.everywhere(selectors.having(names, _selector(Key(names), last)))
        case Indexes(positions):
            return selectors.indexes(positions)
        case Slice(start, end):
            return selectors.part(start, end)
        case Wildcard():
            return selectors.children
        case Filter(predicate):
            return selectors.filtered(predicate)
        case Everywhere(Filter(predicate)):
            return selectors.everywhere_filtered(predicate)
        case Everywhere(inner):
            return selectors.everywhere(_selector(inner, last=False))
