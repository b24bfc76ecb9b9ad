"""Has the SDK for Python read its service models ahead of any function: a client takes 8 ms then, not 90.

It changes one name in botocore, once: a function's first session gets a loader that has read files already.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def warm(services: Sequence[str]) -> Callable[[], None]:
    """Builds a client of each service, forgets them, and leaves the loader for the first session to come.

    What it returns builds the first of them again: a forked process then has the pages to itself that the
    next client needs, which is half of what a client takes.
    """
    session_module: Any = importlib.import_module("botocore.session")
    session = session_module.Session()
    for service in services:
        _build(session, service)
    loader = session.get_component("data_loader")
    ready = [loader]
    create_loader = session_module.create_loader

    def create_first_loader(search_path: str | None = None) -> Any:
        """The loader that is ready, if it is the one that would be made."""
        if search_path is None and ready:
            session_module.create_loader = create_loader
            return ready.pop()
        return create_loader(search_path)

    session_module.create_loader = create_first_loader

    def touch() -> None:
        """Builds a client and forgets it."""
        again = session_module.Session()
        again.register_component("data_loader", loader)
        _build(again, services[0])

    return touch


def _build(session: Any, service: str) -> None:
    session.create_client(
        service, region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
    )
