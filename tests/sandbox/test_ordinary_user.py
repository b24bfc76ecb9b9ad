"""The same tests again as a user without any right: everything in this folder must hold there too."""

from __future__ import annotations

from pathlib import Path

from ordinary_user import hold_for_an_ordinary_user, needs_root


@needs_root
def test_everything_holds_for_an_ordinary_user_too():
    here = Path(__file__).resolve()
    hold_for_an_ordinary_user(path for path in sorted(here.parent.glob("test_*.py")) if path != here)
