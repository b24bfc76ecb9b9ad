"""What functions find around them: which of the machine's files, and which environment variables.

It only describes; inside/rootfs.py and the drivers act on it. Paths and values are AWS's where AWS has them:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.sandbox.host import interpreters, languages
from cloudlet.sandbox.host.interpreters import Interpreter, Interpreters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PYTHON_PAYLOAD: Final = ("awslambdaric", "runtime_client", "snapshot_restore_py", "simplejson")
SDK_PAYLOAD: Final = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six")
DEBUGGER_PAYLOAD: Final = ("debugpy",)
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
# Python 3.12 and later set it on Amazon Linux 2023, where there is no en_US.
_WITHOUT_LC_CTYPE: Final = ("3.8", "3.9", "3.10", "3.11")
_NODE_FOLDER: Final = "/var/runtime/nodejs"
NODE_IN_SANDBOX: Final = "/var/lang/bin/node"

Shown = list[tuple[str, str]]


class Machine(Struct, frozen=True):
    """What this machine offers to runtimes."""

    package: Path
    """cloudlet's own package."""
    ca_certificate: Path
    interpreters: Interpreters
    node_modules: Path
    interpreter: Interpreter
    """The Python that fork servers are."""

    @property
    def python(self) -> str:
        """That Python's name."""
        return f"python{self.interpreter.release}"

    @property
    def node(self) -> Path | None:
        """The Node that functions have unless they name another."""
        found = self.interpreters.find(interpreters.NODE, "")
        return None if found is None else Path(found.executable)

    def with_python(self, release: str) -> Machine:
        """The same for functions of a release of Python."""
        found = self.interpreters.find(interpreters.PYTHON, release)
        return self if found is None else replace(self, interpreter=found)

    def node_of(self, release: str) -> str:
        """Where the Node of a release is found inside; empty where that is the usual place."""
        found = self.interpreters.find(interpreters.NODE, release)
        usual = self.interpreters.find(interpreters.NODE, "")
        return "" if found is None or found == usual else _node_of(found)

    def shown(self) -> Shown:
        """What to bind into the root of a fork server, with its place there."""
        shown = [
            (str(self.package), "/.cloudlet/cloudlet"),
            *self._interpreter(),
            *self._payload(),
        ]
        if self.node is not None:
            shown += [
                (str(self.node), NODE_IN_SANDBOX),
                (str(self.package / "sandbox/runtimes/nodejs"), _NODE_FOLDER),
            ]
        shown += languages.shown(self.interpreters)
        nodes = self.interpreters.of(interpreters.NODE)
        shown += [(each.executable, _node_of(each)) for each in nodes if each.executable != str(self.node)]
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
        used = self.interpreter
        shown = [
            (used.executable, f"/var/lang/bin/{self.python}"),
            (used.executable, "/var/lang/bin/python3"),
            *(
                (used.standard_library, f"/var/lang/{folder}/{self.python}")
                for folder in {"lib", sys.platlibdir}
            ),
        ]
        for library in Path(used.shared_libraries).glob("libpython3*.so*"):
            shown.append((str(library.resolve()), f"/var/lang/lib/{library.name}"))
        return shown

    def _payload(self) -> Shown:
        packages = self.interpreter.packages
        if not packages:
            return [*_payload(PYTHON_PAYLOAD), *_payload(SDK_PAYLOAD), *_payload(DEBUGGER_PAYLOAD)]
        return [(str(path), f"/var/runtime/{path.name}") for path in sorted(Path(packages).iterdir())]


def find_machine(ca_certificate: Path, runtimes: Path, nodes: Sequence[tuple[Path, str]]) -> Machine:
    """Puts together what was found."""
    found = interpreters.find_interpreters(runtimes, nodes)
    return Machine(
        package=Path(__file__).resolve().parents[2],
        ca_certificate=ca_certificate.resolve(),
        interpreters=found,
        node_modules=runtimes / "nodejs/node_modules",
        interpreter=interpreters.own_python(),
    )


def _node_of(found: Interpreter) -> str:
    return f"/var/lang/nodejs{found.release}/node"


def zygote_environment() -> dict[str, str]:
    """The environment a fork server starts with: what the loader and the interpreter read once."""
    added = environment({}, "python")
    return {
        name: added[name]
        for name in ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_CTYPE", "PYTHONPATH", "AWS_LAMBDA_RUNTIME_API")
    }


def environment(given: Mapping[str, str], runtime: str, release: str = "") -> dict[str, str]:
    """A function's environment: what it was given, and what the sandbox has to add for its runtime."""
    added = {
        "PATH": languages.PATH,
        "LD_LIBRARY_PATH": languages.LIBRARY_PATH,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
    }
    added |= dict.fromkeys(CERTIFICATE_VARIABLES, BUNDLE_IN_SANDBOX) | {"NODE_EXTRA_CA_CERTS": CA_IN_SANDBOX}
    if runtime == "nodejs":
        added["NODE_PATH"] = "/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"
    elif runtime == "python":
        added["PYTHONPATH"] = "/var/runtime"
        if release not in _WITHOUT_LC_CTYPE:
            added["LC_CTYPE"] = "C.UTF-8"
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
