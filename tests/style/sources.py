"""The project's own Python, as text and as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "cloudlet"
TESTS = ROOT / "tests"


@dataclass(frozen=True)
class Source:
    """One file."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its path from the root of the project."""
        return str(self.path.relative_to(ROOT))

    def at(self, node: ast.AST) -> str:
        """Where something stands, as editors understand it."""
        return f"{self.name}:{getattr(node, 'lineno', 1)}"


def sources(*folders: Path) -> Iterator[Source]:
    """Every file of Python below the folders."""
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            text = path.read_text()
            yield Source(path, text, ast.parse(text))
