"""The tables of what works and what does not: made from the services and AWS's models, never by hand."""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from cloudlet.catalogue import OFFERS
from cloudlet.core.operation import Service
from cloudlet.wire.model import Models, ServiceModel

ROOT = Path(__file__).resolve().parents[1]
BEGIN = "<!-- what works: written by scripts/docs -->"
END = "<!-- /what works -->"


def pages(root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """Every generated page, and what must stand in it."""
    models = Models()
    services = sorted((offer.load() for offer in OFFERS), key=lambda service: service.name)
    for service in services:
        yield root / "docs" / "services" / f"{service.name}.md", _page(service, models.service(service.name))
    readme = root / "README.md"
    yield readme, _with_table(readme.read_text(), "\n".join(_summary(services, models)))


def _summary(services: list[Service], models: Models) -> Iterator[str]:
    yield "| service | operations that work | CloudFormation types |"
    yield "|---|---|---|"
    for service in services:
        model = models.service(service.name)
        link = f"[{model.service_id}](docs/services/{service.name}.md)"
        types = ", ".join(f"`{name}`" for name in sorted(each.type_name for each in service.resources))
        yield f"| {link} | {_works(service, model)} of {len(model.operation_names)} | {types} |"
    others = sorted(set(models.names) - {service.name for service in services})
    ids = ", ".join(models.service(name).service_id for name in others)
    yield ""
    yield f"Refused by name: every other operation of these services, and all of {ids}."


def _page(service: Service, model: ServiceModel) -> str:
    total = len(model.operation_names)
    lines = [
        f"# {model.service_id}",
        "",
        f"{_works(service, model)} of {total} operations work. The others are refused by name, never",
        "answered with an empty success. Where what works is not as at AWS: [limits](../limits.md).",
        "`scripts/docs` writes this page, from what the operations say of themselves.",
        "",
        "| operation | |",
        "|---|---|",
    ]
    for name in sorted(model.operation_names):
        lines.append(f"| {name} | {_does(service, name)} |")
    types = sorted(each.type_name for each in service.resources)
    if types:
        lines += ["", "## CloudFormation types", "", *(f"- `{name}`" for name in types)]
    return "\n".join(lines) + "\n"


def _does(service: Service, name: str) -> str:
    """The first line of an operation's docstring, in a table's cell."""
    operation = service.operations.get(name)
    if operation is None:
        return "not implemented"
    said = inspect.getdoc(operation.function) or ""
    return said.partition("\n")[0].replace("|", "\\|")


def _works(service: Service, model: ServiceModel) -> int:
    return sum(name in service.operations for name in model.operation_names)


def _with_table(readme: str, table: str) -> str:
    if BEGIN not in readme:
        readme = f"{readme.rstrip()}\n\n## What works\n\n{BEGIN}\n{END}\n"
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main() -> int:
    """Writes the pages, or says which are out of date; the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is out of date")
    check = parser.parse_args().check
    stale = [(path, text) for path, text in pages() if not path.exists() or path.read_text() != text]
    for path, text in stale:
        print(f"{'out of date' if check else 'wrote'}: {path.relative_to(ROOT)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
