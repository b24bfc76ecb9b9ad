"""The manifest of STS; it holds no logic."""

from __future__ import annotations

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.sts import operations

SERVICE: Final = Service(name="sts", operations=operations_in(operations))
