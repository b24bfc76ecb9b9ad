"""What the tests of CloudWatch share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest


@pytest.fixture
def cloudwatch(client) -> Any:
    return client("cloudwatch")


@pytest.fixture
def now(server) -> datetime:
    """The full minute of the cloud's clock."""
    return datetime.fromtimestamp(server.clock.time() // 60 * 60, UTC)
