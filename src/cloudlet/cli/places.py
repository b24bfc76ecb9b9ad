"""Where the command keeps things: data, run files, logs, runtimes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from msgspec import Struct

DEFAULT_PORT: Final = 4566


class Places(Struct, frozen=True):
    """The folders of one user."""

    root: Path

    @classmethod
    def default(cls) -> Places:
        """$CLOUDLET_HOME, or below the user's data directory."""
        home = os.environ.get("CLOUDLET_HOME")
        if home:
            return cls(Path(home))
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        return cls(Path(base) / "cloudlet")

    @property
    def data(self) -> Path:
        """What the cloud remembers, unless --data says otherwise."""
        return self.root / "data"

    @property
    def runtimes(self) -> Path:
        """What functions find besides their own code."""
        return Path(os.environ.get("CLOUDLET_RUNTIMES") or self.root / "runtimes")

    def run_file(self, port: int) -> Path:
        """What a running cloud tells about itself, readable by its user alone."""
        return self.root / "run" / f"{port}.json"

    def log_file(self, port: int) -> Path:
        """The log of a cloud in the background."""
        return self.root / "log" / f"{port}.log"

    def exec_folder(self, port: int) -> Path:
        """What programs under `cloudlet exec` see instead of the machine's own files."""
        return self.root / "exec" / str(port)
