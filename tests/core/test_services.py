"""Services are loaded when they are first needed."""

from __future__ import annotations

from cloudlet.catalogue import OFFERS
from cloudlet.core.operation import Service
from cloudlet.core.services import Services


def test_a_service_begins_once_when_it_is_first_asked_for() -> None:
    begun: list[Service] = []
    services = Services(OFFERS, begun.append)

    assert "sqs" in services
    assert begun == []
    assert services["sqs"] is services["sqs"]
    assert [service.name for service in begun] == ["sqs"]


def test_forgotten_services_begin_again() -> None:
    begun: list[Service] = []
    services = Services(OFFERS, begun.append)
    services.load("sts")
    services.forget()
    services.load("sts")
    assert [service.name for service in begun] == ["sts", "sts"]


def test_every_type_stands_in_a_namespace_of_its_service() -> None:
    services = Services(OFFERS, lambda _: None)
    for service in services.values():
        for each in service.resources:
            assert services.of_type(each.type_name) is service, each.type_name


def test_a_type_of_no_service_is_nobodys() -> None:
    services = Services(OFFERS, lambda _: None)
    assert services.of_type("AWS::Braket::Job") is None
    assert services.of_type("AWS::SQS") is None
