"""What of the data plane lives as long as the server.

Loads no template and no path: those take longer than a start may.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from .authorizers.answers import RememberedAnswers
from .authorizers.pool_keys import UserPoolKeys
from .callers import RoleSessions
from .log_delivery import StageLogs
from .quotas import UsageCounts
from .stage_cache import StageCache
from .stages import CompiledStages
from .template_thread import TemplateThread
from .throttling import Throttles

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud, Component
    from cloudlet.core.worker import Worker

COMPONENTS: Final[tuple[Callable[[Cloud], Component], ...]] = (
    CompiledStages,
    RoleSessions,
    RememberedAnswers,
    UserPoolKeys,
    Throttles,
    UsageCounts,
    StageCache,
    StageLogs,
    TemplateThread,
)
WORKERS: Final[tuple[Callable[[Cloud], Worker], ...]] = (
    lambda cloud: cloud.component(UsageCounts),
    lambda cloud: cloud.component(StageLogs),
)
