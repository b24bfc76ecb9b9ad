"""Where the published facts lie that tests compare with; without them such tests skip, saying so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("CLOUDLET_VECTORS") or Path(__file__).resolve().parents[2] / "shared" / "vectors")


def vectors(name: str) -> Path:
    """A folder or file of vectors; skips the calling test or module when it is not there."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"published vectors are not on this machine: {name}", allow_module_level=True)
    return path
