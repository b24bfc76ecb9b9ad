"""The child of test_cloudformation_kill: a server with the types of thing_types.py on a given folder."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import uvloop
from thing_types import OFFER

from cloudlet.app import build
from cloudlet.catalogue import OFFERS
from cloudlet.config import Config
from cloudlet.core.services import Offer


async def main(data: str) -> None:
    tables = Offer("dynamodb", "borrowed_tables", ("AWS::DynamoDB",))
    others = (offer for offer in OFFERS if offer.name != "dynamodb")
    app = await build(Config(data=Path(data), port=0), offers=(*others, tables, OFFER))
    await app.start()
    os.write(1, app.endpoint.encode() + b"\n")
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
