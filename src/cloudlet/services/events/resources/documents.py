"""Properties that are documents, as the texts that EventBridge takes."""

from __future__ import annotations

from typing import Any

from cloudlet.services.events.model import compact


def text(value: Any) -> str:
    """A document as JSON; a template may give it as JSON already."""
    return value if isinstance(value, str) else compact(value)
