"""What lies in a server's store, for tests that want to see what does not."""

from __future__ import annotations

from typing import Any

from cloudlet.core.store import LAST
from running_server import RunningServer


def stored(server: RunningServer, service: str) -> bytes:
    """All rows of a service, one after another."""

    def rows(transaction: Any) -> bytes:
        return b"".join(value for _, value in transaction.range((service,), (service, LAST), limit=1 << 30))

    content: bytes = server.run(server.app.cloud.store.transact(rows, read_only=True))
    return content
