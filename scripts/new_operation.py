"""Begins an operation: writes a stub and a failing test from AWS's service model, and says what comes next.

The stub refuses, by name, until somebody has written it; the test fails until then.
"""

from __future__ import annotations

import argparse
import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from botocore import xform_name

from cloudlet.catalogue import OFFERS
from cloudlet.wire.model import Models, Operation, ServiceModel, Shape, UnknownService

ROOT = Path(__file__).resolve().parents[1]
IMPORTS = {
    "Any": "from typing import Any",
    "Call": "from cloudlet.core.call import Call",
    "NotImplementedHere": "from cloudlet.core.errors import NotImplementedHere",
    "Request": "from cloudlet.core.operation import Request",
    "operation": "from cloudlet.core.operation import operation",
}
READS = ("Get", "List", "Describe", "Head", "BatchGet")
PYTHON_KEYWORDS = ("lambda",)
DEPTH = 4


class Refused(Exception):
    """Raised for what cannot be begun; the text says what to do instead."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation and its test go."""

    operations: Path
    test: Path
    listed: Path
    """The module that gathers the service's operations."""


def begin(root: Path, service: str, name: str, noun: str | None) -> Place:
    """Writes stub and test. Raises Refused."""
    model = _model(service)
    operation = _operation(model, name)
    place = _place(root, service, name, noun)
    if place.test.exists():
        raise Refused(f"{place.test.relative_to(root)} is there already.")
    _add_stub(place.operations, operation)
    place.test.parent.mkdir(parents=True, exist_ok=True)
    place.test.write_text(_test(service, operation))
    _tidy(root, place.operations, place.test)
    return place


def _model(service: str) -> ServiceModel:
    models = Models()
    try:
        return models.service(service)
    except UnknownService:
        known = ", ".join(models.names)
        raise Refused(f"There is no model of {service!r}, only of {known}. (scripts/update-models)") from None


def _operation(model: ServiceModel, name: str) -> Operation:
    if name not in model:
        near = ", ".join(get_close_matches(name, model.operation_names)) or "see AWS's API reference"
        raise Refused(f"{model.service_id} has no operation {name!r}: {near}.")
    works = next((offer.load().operations for offer in OFFERS if offer.name == model.name), {})
    if name in works:
        raise Refused(f"{name} works already: it is {works[name].function.__module__}.")
    return model.operation(name)


def _place(root: Path, service: str, name: str, noun: str | None) -> Place:
    package = f"{service}_" if service in PYTHON_KEYWORDS else service
    folder = root / "src" / "cloudlet" / "services" / package
    test = root / "tests" / "services" / package / f"test_{service}_{xform_name(name)}.py"
    if not folder.is_dir():
        raise Refused(
            f"There is no package {package} yet: begin it as services/sts is made, and list it in app.py."
        )
    if (folder / "operations.py").exists():
        return Place(folder / "operations.py", test, folder / "manifest.py")
    nouns = sorted(path.stem for path in (folder / "operations").glob("[!_]*.py"))
    if noun is None:
        raise Refused(f"Say which file it belongs in: --noun {' or '.join(nouns)}, or a new one.")
    gathers = folder / "operations" / "__init__.py"
    listed = gathers if "operations_in" in gathers.read_text() else folder / "manifest.py"
    return Place(folder / "operations" / f"{noun}.py", test, listed)


def _add_stub(path: Path, operation: Operation) -> None:
    text = path.read_text() if path.exists() else _new_module(path.stem)
    bound = set(_bound(ast.parse(text)))
    stub = _stub(operation)
    missing = [line for name, line in IMPORTS.items() if name in stub and name not in bound]
    future = "from __future__ import annotations\n"
    before, found, after = text.partition(future)
    added = "\n".join(missing)
    path.write_text(f"{before}{found}\n{added}\n{after}\n\n{stub}")


def _new_module(noun: str) -> str:
    title = noun.replace("_", " ")
    return (
        f'"""Operations on {title}.\n\nRules that need no store are in model.py, keys in state.py.\n"""\n\n'
        + ("from __future__ import annotations\n")
    )


def _bound(tree: ast.Module) -> Iterator[str]:
    """Names that imports bind."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)


def _stub(operation: Operation) -> str:
    reads = ", read_only=True" if operation.name.startswith(READS) else ""
    returns = "dict[str, Any]" if operation.output and operation.output.members else "None"
    return (
        f'@operation("{operation.name}"{reads})\n'
        f"def {xform_name(operation.name)}(call: Call, request: Request) -> {returns}:\n"
        f'    """Not written yet."""\n'
        f'    raise NotImplementedHere("{operation.name} is not written yet.")\n'
    )


def _test(service: str, operation: Operation) -> str:
    call = xform_name(operation.name)
    arguments = _arguments(operation.input) if operation.input else ""
    outputs = list(operation.output.members) if operation.output else []
    if outputs:
        checks = "\n".join(f'    assert answer["{name}"] == ...  # what AWS answers' for name in outputs)
        asks, imports = f'answer = client("{service}").{call}({arguments})', ""
    else:
        checks = '    pytest.fail("Ask another operation whether it was done, and check the answer here.")'
        asks, imports = f'client("{service}").{call}({arguments})', "import pytest\n\n"
    return (
        f'"""{operation.name}, as users of boto3 see it."""\n\n'
        f"from __future__ import annotations\n\n{imports}\n"
        f"def test_{call}_does_what_aws_does(client):\n    {asks}\n{checks}\n"
    )


def _arguments(shape: Shape) -> str:
    return ", ".join(f"{name}={_example(shape.members[name], DEPTH)}" for name in shape.required)


def _example(shape: Shape, depth: int) -> str:
    """The smallest value that the model allows."""
    if shape.type == "structure":
        members = (
            f'"{name}": {_example(shape.members[name], depth - 1)}' for name in shape.required if depth
        )
        return f"{{{', '.join(members)}}}"
    if shape.type == "list":
        return f"[{_example(shape.member, depth - 1)}]" if shape.traits.get("min") and depth else "[]"
    if shape.type == "string":
        values = shape.traits.get("enum")
        return repr(values[0] if values else "x" * max(1, int(shape.traits.get("min", 1))))
    numbers = {"integer": 0, "long": 0, "float": 0.0, "double": 0.0}
    if shape.type in numbers:
        return repr(shape.traits.get("min", numbers[shape.type]))
    return {"boolean": "False", "blob": 'b""', "timestamp": "0", "map": "{}"}[shape.type]


def _tidy(root: Path, *paths: Path) -> None:
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    if ruff is None:
        return
    names = [str(path) for path in paths]
    subprocess.run([ruff, "check", "-q", "--fix", "--select", "I", *names], cwd=root, check=False)
    subprocess.run([ruff, "format", "-q", *names], cwd=root, check=False)


def _next_steps(root: Path, place: Place, name: str) -> str:
    operations, test, listed = (
        path.relative_to(root) for path in (place.operations, place.test, place.listed)
    )
    return (
        f"Wrote {name} into {operations} and its test into {test}.\n"
        f"1. See it fail:      scripts/test {test}\n"
        f"2. Say in the test what AWS answers, with AWS's texts: one test per rule and per error.\n"
        f"3. Write it: check, change, answer. Rules go to model.py, keys to state.py, errors to errors.py;\n"
        f"   give the decorator resource=, the ARN that IAM judges.\n"
        f"4. If {operations.name} is new, list it where {listed} gathers the operations.\n"
        f"5. scripts/test {test}, scripts/check, and scripts/docs for the tables."
    )


def main() -> int:
    """Reads the arguments; the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/new-operation", description=__doc__)
    parser.add_argument("service", help="as boto3 names it: sts, dynamodb, lambda")
    parser.add_argument("operation", help="as AWS names it: GetFederationToken")
    parser.add_argument("--noun", help="the file in operations/, where a service has more than one")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    given = parser.parse_args()
    try:
        place = begin(given.root, given.service, given.operation, given.noun)
    except Refused as error:
        print(f"scripts/new-operation: {error}", file=sys.stderr)
        return 1
    print(_next_steps(given.root, place, given.operation))
    return 0


if __name__ == "__main__":
    sys.exit(main())
