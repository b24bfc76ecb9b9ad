"""The files that a program under `cloudlet exec` sees instead of the machine's: resolver and certificates.

They are written to a folder of the cloud's own; nothing here mounts them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from cloudlet.cli.runfile import Running
from cloudlet.sandbox.host import surroundings

_RESOLVER: Final = "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n"
_RESOLV_CONF: Final = Path("/etc/resolv.conf")
_NSSWITCH_CONF: Final = Path("/etc/nsswitch.conf")
_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
)
_OWN_BUNDLES: Final = ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_HOSTS_LINE: Final = re.compile(r"^hosts:.*$", re.MULTILINE)


class Files(Struct, frozen=True):
    """What is shown to the program."""

    folder: Path
    bundle: Path
    """Every authority the user trusts, and the cloud's own."""
    authority: Path
    """The cloud's own alone."""
    shown: tuple[tuple[Path, Path], ...]
    """Each file, and the machine's file that it stands in for."""


def write(folder: Path, cloud: Running, environment: Mapping[str, str]) -> Files:
    """Writes the files for one cloud."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = Path(cloud.ca_certificate)
    bundle = _put(folder / "bundle.pem", _trusted(authority, folder, environment))
    resolver = _put(folder / "resolv.conf", _RESOLVER)
    shown = [(bundle, Path(path)) for path in _BUNDLES] + [(resolver, _RESOLV_CONF)]
    if _NSSWITCH_CONF.exists():
        # Other sources than files and dns ask services of the machine, which know AWS's own names.
        own = _HOSTS_LINE.sub("hosts: files dns", _NSSWITCH_CONF.read_text())
        shown.append((_put(folder / "nsswitch.conf", own), _NSSWITCH_CONF))
    return Files(folder, bundle, authority, tuple((file, place) for file, place in shown if place.exists()))


def _trusted(authority: Path, folder: Path, environment: Mapping[str, str]) -> str:
    bundles = [Path(environment[name]) for name in _OWN_BUNDLES if environment.get(name)]
    bundles += [Path(path) for path in surroundings.find_machine(authority, folder, ()).certificates()]
    texts = dict.fromkeys(path.read_text() for path in bundles if path.is_file())
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in texts)


def _put(path: Path, text: str) -> Path:
    """Writes a file in one step, for others may be reading it; an equal one stays."""
    if not path.exists() or path.read_text() != text:
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_text(text)
        fresh.replace(path)
    return path
