"""A service of tests: things that really are in the store, made by types with habits of their own."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.errors import ServiceError
from cloudlet.core.resource import PartlyProvisioned, Properties, Provisioned, ResourceContext
from cloudlet.core.rows import Rows
from cloudlet.core.services import Offer


class Thing(Struct, frozen=True):
    name: str
    size: str
    made: int = 1
    """How often it was made: more than once would be a fault."""
    label: str = ""
    tags: dict[str, str] | None = None


THINGS = Rows(("things",), Thing)


class ThingRefused(ServiceError):
    """Raised where a template asks for a failure."""


def things(call: Call) -> list[Thing]:
    return list(THINGS.below(call, call.account))


class ThingType(Struct, frozen=True):
    """A thing; its name cannot change, its size can. It fails or takes long when told to."""

    type_name: str = "Test::Things::Thing"
    properties: frozenset[str] = frozenset(
        {
            "Name",
            "Size",
            "Label",
            "Tags",
            "Seconds",
            "Fail",
            "FailUpdate",
            "FailDelete",
            "FailHalfway",
            "Nested",
        }
    )
    required: frozenset[str] = frozenset({"Size"})
    create_only: frozenset[str] = frozenset({"Name"})

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        if "Fail" in properties:
            raise ThingRefused(properties["Fail"])
        name = properties.get("Name") or context.generated_name(64)
        await call.transact(lambda inner: self._make(inner, context, name, properties))
        await self._take_time(call, properties)
        if "FailHalfway" in properties:
            raise PartlyProvisioned(properties["FailHalfway"], name)
        return self._provisioned(name, properties)

    def _make(self, call: Call, context: ResourceContext, name: str, properties: Properties) -> None:
        found = THINGS.find(call, call.account, name)
        if found is not None and not context.rerun:
            raise ThingRefused(f"{name} is there already")
        made = 1 if found is None else found.made
        thing = Thing(name, str(properties["Size"]), made, properties.get("Label", ""), dict(context.tags))
        THINGS.save(call, thing, call.account, name)

    async def update(
        self, call: Call, context: ResourceContext, physical_id: str, before: Properties, after: Properties
    ) -> Provisioned:
        await self._take_time(call, after)
        if "FailUpdate" in after:
            raise ThingRefused(after["FailUpdate"])
        await call.transact(lambda inner: self._change(inner, context, physical_id, after))
        return self._provisioned(physical_id, after)

    def _change(self, call: Call, context: ResourceContext, name: str, properties: Properties) -> None:
        found = THINGS.find(call, call.account, name)
        if found is None:
            raise ThingRefused(f"{name} is not there")
        changed = replace(
            found, size=str(properties["Size"]), label=properties.get("Label", ""), tags=dict(context.tags)
        )
        THINGS.save(call, changed, call.account, name)

    async def delete(
        self, call: Call, context: ResourceContext, physical_id: str, properties: Properties
    ) -> None:
        if "FailDelete" in properties:
            raise ThingRefused(properties["FailDelete"])
        await call.transact(lambda inner: THINGS.delete(inner, call.account, physical_id))

    async def _take_time(self, call: Call, properties: Properties) -> None:
        if "Seconds" in properties:
            await call.clock.sleep(float(properties["Seconds"]))

    def _provisioned(self, name: str, properties: Properties) -> Provisioned:
        return Provisioned(
            name, {"Arn": f"arn:test:{name}", "Size": str(properties["Size"]), "Deep": {"Key": "x"}}
        )


class FaultyType(ThingType, frozen=True):
    """A type with a fault in its program."""

    type_name: str = "Test::Things::Faulty"

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        raise LookupError("a fault in the handler")


class AskingType(ThingType, frozen=True):
    """Reads a table as whoever deploys it."""

    type_name: str = "Test::Things::Asking"

    async def create(self, call: Call, context: ResourceContext, properties: Properties) -> Provisioned:
        await call.ask("dynamodb", "ListTables", {})
        return await ThingType().create(call, context, properties)


OFFER = Offer("things", "things", ("Test::Things",))
