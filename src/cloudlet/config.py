"""The server's settings, as one value. Reads nothing by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

AuthMode: TypeAlias = Literal["enforce", "audit", "strict"]


class Config(Struct, frozen=True):
    """How one server runs."""

    data: Path | None
    """Where state is kept; None for a server that forgets everything when it ends."""
    host: str = "127.0.0.1"
    port: int = 4566
    """0 takes any free port."""
    state: str = "rocksdb"
    """One of rocksdb, sqlite, sqlite:PATH and memory."""
    auth: AuthMode = "enforce"
    insecure: bool = False
    """Whether to listen beyond loopback without --auth strict."""
    sandbox: str | None = None
    """The sandbox driver; None takes the best that works here."""
    runtimes: Path | None = None
    """Where the AWS SDK for JavaScript is installed for Node functions, and interpreters for all."""
    local_folders: tuple[Path, ...] = ()
    """The folders that functions with a tag for it may be run from, with all below them."""
    debug: bool = False
    """Whether functions with a tag for it run under a debugger, reached by a port of this machine."""
    throughput_limits: bool = False
    """Whether services throttle what AWS throttles by throughput."""
