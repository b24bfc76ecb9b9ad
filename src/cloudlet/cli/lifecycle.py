"""Starting a cloud, in the foreground or in the background. Loads everything that a cloud is made of."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, cast

import click
import uvloop
from msgspec import Struct
from msgspec.structs import replace

from cloudlet.app import App, build
from cloudlet.cli import client, runfile, texts
from cloudlet.cli.places import Places
from cloudlet.cli.problem import Problem
from cloudlet.config import AuthMode, Config
from cloudlet.core.sandbox import SandboxError
from cloudlet.store.errors import EngineMissing, StoreError, StoreInUse

_START_SECONDS: Final = 30.0
_ENGINES: Final = ("rocksdb", "sqlite", "memory")


class StartOptions(Struct, frozen=True):
    """The options of `cloudlet start`."""

    port: int
    host: str
    data: Path | None
    ephemeral: bool
    state: str
    auth: str
    insecure: bool
    sandbox: str | None
    background: bool
    hot_reload: tuple[Path, ...] = ()
    debug: bool = False
    throughput_limits: bool = False

    def config(self, places: Places) -> Config:
        """The server's settings. Raises Problem for what does not go together."""
        self._check()
        if not _is_loopback(self.host) and self.auth != "strict" and not self.insecure:
            raise Problem(
                f"{self.host} can be reached from other machines, where anybody could use the cloud: "
                "add --auth strict (only real access keys count), or --insecure if that is what you want."
            )
        return Config(
            data=None if self.ephemeral or self.state == "memory" else (self.data or places.data).resolve(),
            host=self.host,
            port=self.port,
            state=self.state,
            auth=cast("AuthMode", self.auth),
            insecure=self.insecure,
            sandbox=self.sandbox,
            runtimes=places.runtimes,
            local_folders=tuple(folder.resolve() for folder in self.hot_reload),
            debug=self.debug,
            throughput_limits=self.throughput_limits,
        )

    def _check(self) -> None:
        engine, _, path = self.state.partition(":")
        if engine not in _ENGINES or (path and engine != "sqlite"):
            raise Problem(f"--state {self.state} is no engine: use rocksdb, sqlite, sqlite:PATH or memory.")
        if self.data is not None and (self.ephemeral or engine == "memory"):
            forgetful = "--ephemeral" if self.ephemeral else "--state memory"
            raise Problem(f"--data keeps things and {forgetful} forgets them: give one of the two.")
        if self.ephemeral and path:
            raise Problem(
                f"--state {self.state} keeps things and --ephemeral forgets them: give one of the two."
            )


def start(options: StartOptions) -> None:
    """Runs a cloud until it is stopped, or leaves it running in the background."""
    places = Places.default()
    config = options.config(places)
    running = runfile.read(places.run_file(options.port)) if options.port else None
    if running is not None:
        raise Problem(
            f"A cloud runs already at {running.endpoint} (process {running.pid}): cloudlet stop ends it."
        )
    if options.background:
        _start_in_background(places, options.port)
        return
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    uvloop.run(_serve(config, places))


async def _serve(config: Config, places: Places) -> None:
    began = time.perf_counter()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    app, config = await _open(config)
    run_file = places.run_file(app.port)
    try:
        runfile.write(run_file, await _describe(app, config))
        gc.freeze()
        gc.enable()
        click.echo(texts.started(app, config, time.perf_counter() - began))
        await _report_sandbox(app)
        await _until(stopped, app)
    finally:
        run_file.unlink(missing_ok=True)
        await app.close()


async def _open(config: Config) -> tuple[App, Config]:
    try:
        app = await build(config)
    except EngineMissing as error:
        return await _open(_without_rocksdb(config, error))
    except StoreInUse as error:
        raise Problem(
            f"Another cloud uses the data in {config.data}: stop it, or choose another --data."
        ) from error
    except StoreError as error:
        raise Problem(f"The data in {config.data} cannot be opened: {error}") from error
    except OSError as error:
        raise Problem(f"{error.filename or config.data} cannot be written: {error.strerror}.") from error
    try:
        await app.start()
    except OSError as error:
        await app.close()
        raise Problem(
            f"Port {config.port} on {config.host} cannot be used: {error.strerror}. "
            "Stop what listens there, or choose another with --port."
        ) from error
    return app, config


def _without_rocksdb(config: Config, missing: EngineMissing) -> Config:
    """The settings with the second engine. Raises Problem where that would hide what is kept in the first."""
    if config.state != "rocksdb":
        raise Problem(str(missing)) from missing
    if config.data is not None and (config.data / "rocksdb").exists():
        raise Problem(f"{missing} The data in {config.data} was written by it.") from missing
    click.echo(f"cloudlet: {missing} SQLite is used instead, which is slower.", err=True)
    return replace(config, state="sqlite")


async def _describe(app: App, config: Config) -> runfile.Running:
    key = await app.root_key() if config.auth == "strict" else ("test", "test")
    return runfile.Running(
        os.getpid(),
        app.endpoint,
        *key,
        str(app.ca_certificate),
        str(config.data) if config.data else None,
        runfile.born(os.getpid()),
    )


async def _report_sandbox(app: App) -> None:
    try:
        capabilities = await app.capabilities()
    except SandboxError as error:
        click.echo(f"Functions cannot run here: {error}", err=True)
        return
    click.echo(texts.capabilities(capabilities))


async def _until(stopped: asyncio.Event, app: App) -> None:
    app.failed.add_done_callback(lambda _: stopped.set())
    await stopped.wait()
    if app.failed.done():
        raise Problem(f"The disk failed, so nothing more was acknowledged: {app.failed.result()}")


def _start_in_background(places: Places, port: int) -> None:
    log = places.log_file(port)
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    arguments = [argument for argument in sys.argv[1:] if argument != "--background"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cloudlet", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Problem(f"{_last_line(log)} (the whole log is in {log})")
        running = runfile.find(places.run_file(port).parent, process.pid)
        if running is not None and client.answers(running):
            click.echo(f"cloudlet runs at {running.endpoint}; its log is in {log}.")
            return
        time.sleep(0.01)
    raise Problem(f"It did not answer within {_START_SECONDS:.0f} seconds; see {log}.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].removeprefix("cloudlet: ") if lines else "It did not start and said nothing."
