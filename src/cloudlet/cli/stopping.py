"""Stopping a cloud. Loads nothing of what a cloud is made of."""

from __future__ import annotations

import os
import signal
import time
from typing import Final

import click

from cloudlet.cli import client
from cloudlet.cli.places import Places
from cloudlet.cli.problem import Problem

_STOP_SECONDS: Final = 30.0


def stop(places: Places, port: int) -> None:
    """Ends a cloud and waits until its data is closed. Raises Problem if none runs."""
    running = client.running(places, port)
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while running.alive:
        if time.monotonic() > deadline:
            raise Problem(f"Process {running.pid} has not ended within {_STOP_SECONDS:.0f} seconds.")
        time.sleep(0.01)
    click.echo("Stopped.")
