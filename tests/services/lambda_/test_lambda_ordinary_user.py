"""What is tried from inside a function must fail for a server of an ordinary user too."""

from __future__ import annotations

from pathlib import Path

from ordinary_user import hold_for_an_ordinary_user, needs_root


@needs_root
def test_attacks_fail_for_an_ordinary_user_too():
    hold_for_an_ordinary_user([Path(__file__).resolve().with_name("test_lambda_attacks.py")])
