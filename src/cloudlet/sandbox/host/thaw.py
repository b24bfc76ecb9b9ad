"""Thaws what a killed server had frozen in version 1 groups: the kernel lets nobody die who is frozen there.

A process of its own, because it must outlive the server; it does nothing as long as the server lives.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

# It waits for the end of its input, which the kernel brings about however the server ends.
_SCRIPT: Final = """
read -r _
for state in "$1"/*/freezer.state; do
    if [ -e "$state" ]; then echo THAWED >"$state"; fi
done
"""


class Thaw:
    """The process that waits for the server's end."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "cloudlet-thaw", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def close(self) -> None:
        """Ends it; there is nothing left to thaw."""
        self._process.communicate()
