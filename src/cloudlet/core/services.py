"""The services of a cloud by name: each is loaded when it is first needed, and stays.

A start needs few of them, and so does most use. What a service left in the store is looked for at the start,
so that its workers go on where they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudlet.core.operation import DataPlane, Service
    from cloudlet.core.store import Key, Store, Transaction


class Offer(Struct, frozen=True):
    """What is known of a service before it is loaded."""

    name: str
    """The service's name in the service models, such as "dynamodb"."""
    package: str
    """The package whose module `manifest` has its SERVICE."""
    namespaces: tuple[str, ...] = ()
    """What the names of its CloudFormation types begin with, such as "AWS::DynamoDB"."""
    data_planes: tuple[DataPlane, ...] = ()

    def load(self) -> Service:
        """The service's manifest."""
        return cast("Service", import_module(f"{self.package}.manifest").SERVICE)

    def is_used(self, transaction: Transaction) -> bool:
        """Whether the store has a row of it: a key that begins with its name, or its name and a hyphen."""
        first: Key = (self.name,)
        beyond: Key = (f"{self.name}.",)
        return any(True for _ in transaction.range(first, beyond, limit=1))


class Services(Mapping[str, "Service"]):
    """Every service that is offered, by name; asking for one loads it."""

    def __init__(self, offers: tuple[Offer, ...], begin: Callable[[Service], None]) -> None:
        """`begin` is called once with each service that is loaded, before anybody gets it."""
        self._offers = {offer.name: offer for offer in offers}
        self._begin = begin
        self._loaded: dict[str, Service] = {}

    def __getitem__(self, name: str) -> Service:
        return self._loaded.get(name) or self.load(name)

    def __contains__(self, name: object) -> bool:
        return name in self._offers

    def __iter__(self) -> Iterator[str]:
        return iter(self._offers)

    def __len__(self) -> int:
        return len(self._offers)

    def load(self, name: str) -> Service:
        """The service of that name, loaded if it was not yet. Raises KeyError for one that is not offered."""
        service = self._loaded.get(name)
        if service is None:
            service = self._loaded[name] = self._offers[name].load()
            self._begin(service)
        return service

    @property
    def data_planes(self) -> list[tuple[str, DataPlane]]:
        """Every data plane, and whose it is."""
        return [(offer.name, plane) for offer in self._offers.values() for plane in offer.data_planes]

    def of_type(self, type_name: str) -> Service | None:
        """The service whose namespace a CloudFormation type is in, such as AWS::DynamoDB::Table."""
        namespace = type_name.rpartition("::")[0]
        found = (offer.name for offer in self._offers.values() if namespace in offer.namespaces)
        name = next(found, None)
        return None if name is None else self[name]

    async def load_used(self, store: Store) -> list[Service]:
        """Loads those that have a row in the store, and tells which."""

        def used(transaction: Transaction) -> list[str]:
            return [offer.name for offer in self._offers.values() if offer.is_used(transaction)]

        return [self[name] for name in await store.transact(used, read_only=True)]

    def forget(self) -> None:
        """Takes all services for not loaded, so that `begin` is called again."""
        self._loaded.clear()
