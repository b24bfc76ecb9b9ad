"""The steps of `cloudlet exec`, in order. On success none returns: the command has become the program."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import NoReturn
from urllib.parse import urlsplit

import click

from cloudlet.cli import client
from cloudlet.cli.execute import enclosure, relay
from cloudlet.cli.execute.environment import within_namespaces, without_namespaces
from cloudlet.cli.execute.files import write
from cloudlet.cli.execute.proxy import Routes, upstream_proxy
from cloudlet.cli.places import Places
from cloudlet.cli.problem import Problem

_NOT_EXECUTABLE = 126
_NOT_FOUND = 127


def run(places: Places, port: int, command: Sequence[str]) -> NoReturn:
    """Becomes a program whose AWS is the cloud on a port. Raises Problem, or SystemExit as a shell would."""
    cloud = client.running(places, port)
    address = urlsplit(cloud.endpoint)
    if address.hostname is None or address.port is None:
        raise Problem(f"The cloud on port {port} gives no address: {cloud.endpoint}")
    files = write(places.exec_folder(port), cloud, os.environ)
    routes = Routes((address.hostname, address.port), upstream_proxy(os.environ))
    outside = relay.start(routes)
    ports = enclosure.Ports.around(address.port)
    refused = enclosure.trial(files, ports)
    if refused is None:
        listeners = enclosure.enter(files, ports)
        environment = within_namespaces(os.environ, cloud, files, ports.proxy)
    else:
        click.echo(_lesser(refused), err=True)
        listeners = relay.Listeners.on_host()
        environment = without_namespaces(os.environ, cloud, files, listeners.proxy_port)
    outside.hand_over(listeners)
    _become(command, environment)


def _lesser(reason: str) -> str:
    return (
        f"cloudlet: this machine allows no namespaces ({reason}), so names below amazonaws.com lead to the "
        "cloud only for programs that heed AWS_ENDPOINT_URL or HTTPS_PROXY; others reach AWS itself."
    )


def _become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    try:
        os.execvpe(command[0], list(command), dict(environment))
    except FileNotFoundError:
        click.echo(f"cloudlet: {command[0]}: no such command", err=True)
        raise SystemExit(_NOT_FOUND) from None
    except OSError as error:
        click.echo(f"cloudlet: {command[0]}: {error.strerror}", err=True)
        raise SystemExit(_NOT_EXECUTABLE) from None
