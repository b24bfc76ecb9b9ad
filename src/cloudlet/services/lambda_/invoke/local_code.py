"""Code run from a folder of this machine, where a function's tag names one and the server's user allows it.

The tag is cloudlet's own; AWS keeps it as any other. What changes in the folder is run from the next call on.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.services.lambda_.errors import InvalidParameterValueException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudlet.services.lambda_.invoke.router import Target

TAG: Final = "cloudlet:hot-reload"


async def with_stamp(target: Target, allowed: Sequence[Path]) -> Target:
    """The target; one that is run from a folder is another generation for each state of the folder."""
    if target.local_folder is None:
        return target
    folder = Path(target.local_folder)
    stamp = await asyncio.to_thread(_checked_stamp, folder, allowed)
    version = target.version
    return replace(target, version=replace(version, generation=f"{version.generation} {stamp}"))


def _checked_stamp(folder: Path, allowed: Sequence[Path]) -> str:
    """What differs whenever a file does. Raises InvalidParameterValueException."""
    real = folder.resolve()
    if not folder.is_absolute() or not any(real.is_relative_to(each) for each in allowed):
        raise InvalidParameterValueException(
            f"The tag {TAG} names {folder}, and this server may not run functions from there: "
            f"start it with --hot-reload {folder}."
        )
    if not real.is_dir():
        raise InvalidParameterValueException(f"The tag {TAG} names {folder}, which is no folder.")
    newest, count, size = 0, 0, 0
    for place, _, names in os.walk(real):
        for name in names:
            state = os.lstat(os.path.join(place, name))  # noqa: PTH118 (quicker, and each call waits for it)
            newest, count, size = max(newest, state.st_mtime_ns), count + 1, size + state.st_size
    return f"{newest} {count} {size}"
