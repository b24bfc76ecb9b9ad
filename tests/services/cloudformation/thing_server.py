"""The child of test_cloudformation_kill: a server with the types of thing_types.py on a given folder."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import uvloop
from thing_types import THINGS, THINGS_SERVICE

from cloudlet.app import build
from cloudlet.config import Config
from cloudlet.core.operation import Service, operation, operations_in


@operation("ListTables", public=True, read_only=True)
def list_tables(call, request):
    """Answers with the things; the operation's name is only borrowed for its shape."""
    return {"TableNames": [f"{thing.name} {thing.size}" for thing in THINGS.below(call, call.account)]}


async def main(data: str) -> None:
    app = await build(Config(data=Path(data), port=0))
    services = app.cloud.services
    services["things"] = THINGS_SERVICE
    borrowed = operations_in(sys.modules[__name__])
    services["dynamodb"] = Service("dynamodb", operations=borrowed, resources=services["dynamodb"].resources)
    await app.start()
    os.write(1, app.endpoint.encode() + b"\n")
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
