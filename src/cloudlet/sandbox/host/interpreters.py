"""Which interpreters functions can have, beside the one that runs the server, and which stands in for which.

`cloudlet runtimes install` puts a folder for each below the runtimes folder, with a note of what it found;
here the notes are read. Nothing is installed or tried here.
"""

from __future__ import annotations

import json
import logging
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct, convert
from msgspec import ValidationError as MalformedNote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PYTHON: Final = "python"
NODE: Final = "nodejs"
RUBY: Final = "ruby"
JAVA: Final = "java"
NOTE: Final = "interpreter.json"
_log: Final = logging.getLogger(__name__)


class Interpreter(Struct, frozen=True):
    """One version of one language."""

    language: str
    version: str
    """In full, such as 3.12.1."""
    executable: str
    standard_library: str = ""
    """The folder of Python's; of Ruby and Java the folder that all of it is in."""
    shared_libraries: str = ""
    """The folder of libpython, where Python is built with it."""
    packages: str = ""
    """What functions find beside the language: AWS's client and SDK. Empty of Python: the server's own."""

    @property
    def release(self) -> str:
        """The part that Lambda's names tell: 3.12 of a Python, 22 of a Node."""
        parts = (
            self.version.removeprefix("1.").split(".") if self.language == JAVA else self.version.split(".")
        )
        return ".".join(parts[:2]) if self.language in (PYTHON, RUBY) else parts[0]


class Interpreters(Struct, frozen=True):
    """All there are."""

    all: tuple[Interpreter, ...]

    def of(self, language: str) -> list[Interpreter]:
        """Those of a language, the oldest first."""
        return sorted(
            (each for each in self.all if each.language == language), key=lambda each: _key(each.release)
        )

    def find(self, language: str, release: str) -> Interpreter | None:
        """The one of a release, else the next newer, else the newest; without a release, the first known."""
        known = self.of(language)
        if not release:
            return next((each for each in self.all if each.language == language), None)
        wanted = _key(release)
        newer = next((each for each in known if _key(each.release) >= wanted), None)
        return newer or (known[-1] if known else None)


def own_python() -> Interpreter:
    """The Python that runs the server."""
    version = ".".join(map(str, sys.version_info[:3]))
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    prefix = Path(sys.base_prefix)
    executable = prefix / "bin" / name
    return Interpreter(
        PYTHON, version, str(executable.resolve()), sysconfig.get_path("stdlib"), str(prefix / "lib")
    )


def find_interpreters(folder: Path, nodes: Sequence[tuple[Path, str]]) -> Interpreters:
    """The server's Python, the machine's Nodes, the usual one first, and what was installed."""
    found: dict[tuple[str, str], Interpreter] = {}
    own = (own_python(), *(Interpreter(NODE, version, str(path)) for path, version in nodes))
    for each in (*own, *_installed(folder)):
        found.setdefault((each.language, each.release), each)
    return Interpreters(tuple(found.values()))


def _installed(folder: Path) -> Iterable[Interpreter]:
    for note in sorted(folder.glob(f"*/{NOTE}")):
        try:
            found = convert(json.loads(note.read_text()), Interpreter)
        except (OSError, ValueError, MalformedNote) as error:
            _log.warning("%s is no note of an interpreter: %s", note, error)
            continue
        if Path(found.executable).is_file():
            yield found
        else:
            _log.warning("%s is gone: install %s again", found.executable, note.parent.name)


def _key(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split(".") if part.isdecimal())
