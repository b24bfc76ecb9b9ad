"""STS: temporary credentials.

The manifest; the credentials themselves are made and known by IAM.
"""

from __future__ import annotations

from typing import Final

from cloudlet.core.operation import Service, operations_in
from cloudlet.services.sts import operations

SERVICE: Final = Service(name="sts", operations=operations_in(operations))
