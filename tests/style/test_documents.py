"""What the documents say of the services is what the code does."""

from __future__ import annotations

import inspect

from scripts.service_tables import pages

from cloudlet.catalogue import OFFERS
from cloudlet.wire.model import Models
from style.sources import ROOT


def test_the_tables_of_services_are_up_to_date() -> None:
    stale = [
        str(path.relative_to(ROOT)) for path, text in pages() if not path.exists() or path.read_text() != text
    ]
    assert stale == [], "run scripts/docs"


def test_every_operation_is_one_of_aws() -> None:
    models = Models()
    strange = [
        f"{service.name} {name}"
        for service in (offer.load() for offer in OFFERS)
        for name in service.operations
        if name not in models.service(service.name).operation_names
    ]
    assert strange == []


def test_every_operation_that_works_is_listed() -> None:
    for service in (offer.load() for offer in OFFERS):
        page = (ROOT / "docs" / "services" / f"{service.name}.md").read_text()
        for name, operation in service.operations.items():
            assert inspect.getdoc(operation.function), f"{service.name} {name} does not say what it does"
            assert f"| {name} | not implemented |" not in page
            assert f"| {name} | " in page
