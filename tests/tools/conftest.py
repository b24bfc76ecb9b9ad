"""The tools, led to the running server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aws_command import AwsCommand


@pytest.fixture
def aws(server: Any, account: str, tmp_path: Path) -> AwsCommand:
    return AwsCommand(server.endpoint, tmp_path, account)
