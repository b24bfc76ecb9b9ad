"""Velocity 1.7 itself, from Debian's package of that name: one Java machine that renders many templates.

Knows nothing of our own templates.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

_JARS: Final = Path("/usr/share/java")
_NEEDED: Final = ("velocity.jar", "commons-collections3.jar", "commons-lang.jar")
_SOURCE: Final = Path(__file__).with_name("VelocityOracle.java")


class VelocityOracle:
    """A running Java machine. Skips the test that wants one where it cannot be had."""

    def __init__(self) -> None:
        missing = [name for name in _NEEDED if not (_JARS / name).exists()]
        if missing or shutil.which("javac") is None:
            pytest.skip("Velocity 1.7 is not there: apt-get install velocity default-jdk-headless")
        self._process = subprocess.Popen(
            ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", _class_path(), str(_SOURCE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def render(self, template: str) -> str | None:
        """What Velocity makes of a template; None for one that it refuses."""
        wanted, answered = self._process.stdin, self._process.stdout
        assert wanted is not None
        assert answered is not None
        wanted.write(base64.b64encode(template.encode()) + b"\n")
        wanted.flush()
        line = answered.readline().strip()
        assert line, "Velocity has ended"
        return base64.b64decode(line[1:]).decode() if line.startswith(b"+") else None

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.communicate()


def _class_path() -> str:
    return ":".join(str(_JARS / name) for name in _NEEDED)
