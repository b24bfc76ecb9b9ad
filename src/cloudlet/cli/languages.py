"""Installs what Ruby and Java functions run by: AWS's clients, for the Rubies and Javas of this machine.

Nothing is downloaded but by the machine's own `gem`; what it cannot reach is taken from files.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudlet.cli.problem import Problem
from cloudlet.sandbox.host import languages
from cloudlet.sandbox.host.interpreters import JAVA, RUBY, Interpreter

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME: Final = re.compile(r"(ruby)(\d\.\d)?|(java)(\d+)?(?:\.al2)?")
_GEMS: Final = (
    languages.RUBY_CLIENT,
    *(f"aws-sdk-{name}" for name in ("dynamodb", "lambda", "s3", "sns", "sqs")),
)
_ABOUT_RUBY: Final = "require 'json'; puts [RUBY_VERSION, RbConfig::CONFIG['prefix'], RbConfig.ruby].to_json"
_JARS: Final = (
    "aws-lambda-java-core",
    "aws-lambda-java-serialization",
    "aws-lambda-java-runtime-interface-client",
)
_SECONDS: Final = 30


def on_this_machine(language: str, release: str) -> Interpreter | None:
    """The machine's Ruby or Java of a release, else its usual one; without AWS's client."""
    if language == RUBY:
        return next(filter(None, map(_ruby, (f"ruby{release}", "ruby"))), None)
    homes = sorted(Path("/usr/lib/jvm").glob(f"*-{release}-*/bin/java")) if release else []
    return next(filter(None, map(_java, (*map(str, homes), "java"))), None)


def install(folder: Path, language: str, release: str, files: Sequence[Path]) -> Interpreter:
    """Puts AWS's client below `folder`, from files or by gem. Raises Problem."""
    found = on_this_machine(language, release)
    if found is None:
        raise Problem(f"There is no {language} on this machine. Install one, then run this again.")
    packages = folder / f"{language}{found.release}" / "packages"
    shutil.rmtree(packages, ignore_errors=True)
    packages.mkdir(parents=True)
    if language == RUBY:
        _install_gems(found, packages, files)
    else:
        _copy_jars(packages, files)
    return Interpreter(
        language, found.version, found.executable, found.standard_library, packages=str(packages)
    )


def _install_gems(ruby: Interpreter, packages: Path, files: Sequence[Path]) -> None:
    gem = [ruby.executable, "-S", "gem", "install", "--no-document", "--install-dir", str(packages)]
    wanted = ["--local", *map(str, files)] if files else list(_GEMS)
    if subprocess.run([*gem, *wanted], check=False).returncode != 0:
        raise Problem(
            f"gem could not install {', '.join(wanted)}. Where rubygems cannot be reached, fetch "
            f"{languages.RUBY_CLIENT} elsewhere (`gem fetch {languages.RUBY_CLIENT}`) and name the file: "
            f"cloudlet runtimes install ruby{ruby.release} --from {languages.RUBY_CLIENT}-VERSION.gem"
        )
    if not list((packages / "gems").glob(f"{languages.RUBY_CLIENT}-*")):
        raise Problem(f"The files do not bring {languages.RUBY_CLIENT}, by which Ruby functions run.")


def _copy_jars(packages: Path, files: Sequence[Path]) -> None:
    absent = [name for name in _JARS if not any(file.name.startswith(f"{name}-") for file in files)]
    if absent:
        raise Problem(
            "Java functions run by AWS's client, which Maven has under com.amazonaws: fetch the jars of "
            f"{', '.join(absent)} and name them all: cloudlet runtimes install java --from A.jar --from B.jar"
        )
    for file in files:
        shutil.copy(file, packages)


def _ruby(name: str) -> Interpreter | None:
    told = _answer([name, "-e", _ABOUT_RUBY]).stdout
    if not told:
        return None
    version, prefix, executable = json.loads(told)
    return Interpreter(RUBY, version, os.path.realpath(executable), prefix)


def _java(program: str) -> Interpreter | None:
    told = _answer([program, "-XshowSettings:properties", "-version"]).stderr
    settings = dict(re.findall(r"^ +(java\.(?:home|version)) = (.+)$", told, re.MULTILINE))
    if len(settings) != len(("home", "version")):
        return None
    home = settings["java.home"]
    return Interpreter(JAVA, settings["java.version"], f"{home}/bin/java", home)


def _answer(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return subprocess.CompletedProcess(command, 1, "", "")
