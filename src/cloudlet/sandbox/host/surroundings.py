"""What functions find around them: which of the machine's files, and which environment variables.

It only describes; inside/rootfs.py and the drivers act on it. Paths and values are AWS's where AWS has them:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

PYTHON_PAYLOAD: Final = ("awslambdaric", "runtime_client", "snapshot_restore_py", "simplejson")
SDK_PAYLOAD: Final = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six")
PYTHON_PRELOAD: Final = (
    "awslambdaric.__main__",
    "awslambdaric.bootstrap",
    "concurrent.futures",
    "decimal",
    "uuid",
)
SDK_PRELOAD: Final = ("boto3", "boto3.dynamodb.conditions", "boto3.dynamodb.types", "boto3.s3.transfer")
SDK_CLIENTS: Final = ("dynamodb", "s3", "sqs", "sns", "lambda", "events", "stepfunctions", "secretsmanager")
# What AWS's client imports before it looks for the handler: no module of a function hides it at AWS either.
CLIENTS_OWN: Final = frozenset(
    {
        *(
            "abc",
            "builtins",
            "codecs",
            "collections",
            "datetime",
            "decimal",
            "encodings",
            "enum",
            "functools",
        ),
        *(
            "importlib",
            "io",
            "json",
            "logging",
            "os",
            "re",
            "site",
            "string",
            "sys",
            "time",
            "traceback",
            "types",
        ),
        *(
            "warnings",
            "weakref",
            "awslambdaric",
            "runtime_client",
            "simplejson",
            "snapshot_restore_py",
            "cloudlet",
        ),
    }
)
CA_IN_SANDBOX: Final = "/etc/ssl/certs/cloudlet-ca.crt"
BUNDLE_IN_SANDBOX: Final = "/etc/ssl/certs/ca-certificates.crt"
CERTIFICATE_VARIABLES: Final = (
    *("SSL_CERT_FILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
)
_SYSTEM_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_NODE_FOLDER: Final = "/var/runtime/nodejs"
NODE_IN_SANDBOX: Final = "/var/lang/bin/node"

Shown = list[tuple[str, str]]


class Machine(Struct, frozen=True):
    """What this machine offers to runtimes."""

    package: Path
    """cloudlet's own package."""
    ca_certificate: Path
    node: Path | None
    node_modules: Path

    @property
    def python(self) -> str:
        """The interpreter's name."""
        return f"python{sys.version_info.major}.{sys.version_info.minor}"

    def shown(self) -> Shown:
        """What to bind into the root of a fork server, with its place there."""
        shown = [
            (str(self.package), "/.cloudlet/cloudlet"),
            *self._interpreter(),
            *_payload(PYTHON_PAYLOAD),
            *_payload(SDK_PAYLOAD),
        ]
        if self.node is not None:
            shown += [
                (str(self.node), NODE_IN_SANDBOX),
                (str(self.package / "sandbox/runtimes/nodejs"), _NODE_FOLDER),
            ]
        if self.node_modules.is_dir():
            shown.append((str(self.node_modules), "/var/runtime/node_modules"))
        return shown

    def covered(self) -> list[str]:
        """Folders below those that functions should not see into."""
        return [f"/var/lang/{folder}/{self.python}/site-packages" for folder in {"lib", sys.platlibdir}]

    def certificates(self) -> list[str]:
        """The bundles to trust; the cloud's own authority is the last."""
        system = next((path for path in _SYSTEM_BUNDLES if Path(path).is_file()), None)
        if system is None and (botocore := location("botocore")) is not None:
            system = str(botocore / "cacert.pem")
        return [*([system] if system else []), str(self.ca_certificate)]

    def _interpreter(self) -> Shown:
        prefix = Path(sys.base_prefix)
        executable = prefix / "bin" / self.python
        standard_library = Path(sysconfig.get_path("stdlib"))
        shown = [
            (str(executable.resolve()), f"/var/lang/bin/{self.python}"),
            (str(executable.resolve()), "/var/lang/bin/python3"),
            *(
                (str(standard_library), f"/var/lang/{folder}/{self.python}")
                for folder in {"lib", sys.platlibdir}
            ),
        ]
        for library in (prefix / "lib").glob(f"libpython{sys.version_info.major}*.so*"):
            shown.append((str(library.resolve()), f"/var/lang/lib/{library.name}"))
        return shown


def find_machine(ca_certificate: Path, runtimes: Path, node: Path | None) -> Machine:
    """Puts together what was found."""
    return Machine(
        package=Path(__file__).resolve().parents[2],
        ca_certificate=ca_certificate.resolve(),
        node=node,
        node_modules=runtimes / "nodejs/node_modules",
    )


def zygote_environment() -> dict[str, str]:
    """The environment a fork server starts with: what the loader and the interpreter read once."""
    added = environment({})
    return {
        name: added[name]
        for name in ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_CTYPE", "PYTHONPATH", "AWS_LAMBDA_RUNTIME_API")
    }


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """A function's environment: what it was given, and what the sandbox has to add."""
    added = {
        "PATH": _path(),
        "LD_LIBRARY_PATH": _library_path(),
        "PYTHONPATH": "/var/runtime",
        "NODE_PATH": "/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task",
        "LANG": "en_US.UTF-8",
        "LC_CTYPE": "C.UTF-8",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
    }
    added |= dict.fromkeys(CERTIFICATE_VARIABLES, BUNDLE_IN_SANDBOX) | {"NODE_EXTRA_CA_CERTS": CA_IN_SANDBOX}
    return added | dict(given)


def payload_folders() -> list[str]:
    """Where the Python packages lie that functions may import."""
    found = (location(name) for name in (*PYTHON_PAYLOAD, *SDK_PAYLOAD))
    return sorted({str(path.parent) for path in found if path is not None})


def log_environment(runtime: str) -> dict[str, str]:
    """Tells AWS's own clients of the framed log; they hide the variable from the function."""
    return {} if runtime == "provided" else {"_LAMBDA_TELEMETRY_LOG_FD": "3"}


def shipped_modules(code: Path, layers: tuple[Path, ...], python: str) -> frozenset[str]:
    """The top-level Python modules that code and layers bring."""
    folders = [code]
    for layer in layers:
        folders += [layer / "python", layer / f"python/lib/{python}/site-packages"]
    names: set[str] = set()
    for folder in folders:
        try:
            names.update(entry.partition(".")[0] for entry in os.listdir(folder))  # noqa: PTH208  twice as quick
        except (FileNotFoundError, NotADirectoryError):
            continue
    return frozenset(names)


def _path() -> str:
    return "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"


def _library_path() -> str:
    return "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"


def _payload(names: tuple[str, ...]) -> Shown:
    found = ((name, location(name)) for name in names)
    return [(str(path), f"/var/runtime/{path.name}") for _, path in found if path is not None]


def location(name: str) -> Path | None:
    """Where a top-level module or package lies, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    return origin.parent if spec.submodule_search_locations else origin
