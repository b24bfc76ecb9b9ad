"""Lambda's CloudFormation types.

They call Lambda's own API and know nothing of templates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cloudlet.core.resource import ResourceType

RESOURCES: Final[tuple[ResourceType, ...]] = ()
