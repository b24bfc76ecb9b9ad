"""The manifest of IAM; it holds no logic."""

from __future__ import annotations

from typing import Final

from cloudlet.core.operation import Service
from cloudlet.services.iam.operations import OPERATIONS
from cloudlet.services.iam.resources import RESOURCES

SERVICE: Final = Service(name="iam", operations=OPERATIONS, resources=RESOURCES)
