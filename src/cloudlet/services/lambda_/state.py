"""Where Lambda's rows lie and the questions asked of them. The only file that names keys.

It decides nothing: who may ask is judged before, what may change is the operations' business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cloudlet.core.rows import Rows
from cloudlet.core.store import LAST
from cloudlet.services.lambda_ import errors
from cloudlet.services.lambda_.model import (
    ACTIVE,
    LATEST,
    AccountUsage,
    Alias,
    EventInvokeConfig,
    EventProgress,
    Function,
    FunctionVersion,
    Layer,
    LayerVersion,
    QueuedEvent,
    ResourcePolicy,
)
from cloudlet.services.lambda_.references import FunctionReference, is_version

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from cloudlet.core.call import Call
    from cloudlet.core.store import KeyPart

_FUNCTIONS: Final = Rows(("lambda", "function"), Function)
_VERSIONS: Final = Rows(("lambda", "version"), FunctionVersion)
_ALIASES: Final = Rows(("lambda", "alias"), Alias)
_POLICIES: Final = Rows(("lambda", "policy"), ResourcePolicy)
_LAYERS: Final = Rows(("lambda", "layer"), Layer)
_LAYER_VERSIONS: Final = Rows(("lambda", "layer-version"), LayerVersion)
_LAYER_POLICIES: Final = Rows(("lambda", "layer-policy"), ResourcePolicy)
_USAGE: Final = Rows(("lambda", "usage"), AccountUsage)
_EVENTS: Final = Rows(("lambda", "event"), QueuedEvent)
_EVENT_PROGRESS: Final = Rows(("lambda", "event-progress"), EventProgress)
_EVENT_CONFIGS: Final = Rows(("lambda", "event-invoke-config"), EventInvokeConfig)
_UNSETTLED: Final = ("lambda", "unsettled")
_DUE: Final = ("lambda", "due")
_RESTING_SOON: Final = ("lambda", "resting-soon")
_EVERYTHING: Final = 1 << 31


# --- functions and versions


def find_function(call: Call, reference: FunctionReference) -> Function | None:
    """What all versions share, or None."""
    return _FUNCTIONS.find(call, reference.account, reference.region, reference.name)


def function(call: Call, reference: FunctionReference) -> Function:
    """What all versions share. Raises ResourceNotFoundException with the ARN as it was named."""
    found = find_function(call, reference)
    if found is None:
        raise errors.function_not_found(reference.arn)
    return found


def save_function(call: Call, reference: FunctionReference, row: Function) -> None:
    """Writes what all versions share."""
    _FUNCTIONS.save(call, row, reference.account, reference.region, reference.name)


def list_functions(call: Call) -> Iterator[Function]:
    """What the versions share of each of the account's functions, by name."""
    return _FUNCTIONS.below(call, call.account, call.region)


def find_version(call: Call, reference: FunctionReference, version: str) -> FunctionVersion | None:
    """$LATEST or a published version, or None."""
    return _VERSIONS.find(call, *_version_key(reference, version))


def version(call: Call, reference: FunctionReference, name: str) -> FunctionVersion:
    """$LATEST or a published version. Raises ResourceNotFoundException with the ARN as it was named."""
    found = find_version(call, reference, name)
    if found is None:
        raise errors.function_not_found(reference.arn)
    return found


def qualified_version(call: Call, reference: FunctionReference) -> FunctionVersion:
    """The version that a reference leads to, by way of an alias if it names one."""
    qualifier = reference.qualifier or LATEST
    if qualifier == LATEST or is_version(qualifier):
        return version(call, reference, qualifier)
    alias = find_alias(call, reference, qualifier)
    if alias is None:
        raise errors.function_not_found(reference.arn)
    return version(call, reference, alias.version)


def save_version(call: Call, reference: FunctionReference, row: FunctionVersion) -> None:
    """Writes a version, whether it waits for something to be done, and whether it may become inactive."""
    key = _version_key(reference, row.version)
    _VERSIONS.save(call, row, *key)
    resting_soon = row.state == ACTIVE and row.may_become_inactive
    for index, belongs in ((_UNSETTLED, not row.settled), (_RESTING_SOON, resting_soon)):
        if belongs:
            call.transaction.put((*index, *key), b"")
        else:
            call.transaction.delete((*index, *key))


def delete_version(call: Call, reference: FunctionReference, row: FunctionVersion) -> None:
    """Removes a version and its policy."""
    key = _version_key(reference, row.version)
    _VERSIONS.delete(call, *key)
    for index in (_UNSETTLED, _RESTING_SOON):
        call.transaction.delete((*index, *key))
    _POLICIES.delete(call, reference.account, reference.region, reference.name, row.version)


def delete_function(call: Call, reference: FunctionReference) -> None:
    """Removes a function with all its versions, aliases and policies."""
    key = (reference.account, reference.region, reference.name)
    _FUNCTIONS.delete(call, *key)
    _VERSIONS.delete_below(call, *key)
    _ALIASES.delete_below(call, *key)
    _POLICIES.delete_below(call, *key)
    _EVENT_CONFIGS.delete_below(call, *key)
    for index in (_UNSETTLED, _RESTING_SOON):
        call.transaction.delete_range((*index, *key), (*index, *key, LAST))


def list_versions(
    call: Call, reference: FunctionReference, after: str | None = None
) -> Iterator[FunctionVersion]:
    """$LATEST, then the published versions in the order of their numbers."""
    beyond = None if after is None else _version_key(reference, after)[3:]
    return _VERSIONS.below(call, reference.account, reference.region, reference.name, after=beyond)


def list_all_versions(call: Call, after: FunctionReference | None) -> Iterator[FunctionVersion]:
    """The versions of all functions of the call's account and region that follow one, by name."""
    beyond = None if after is None else _version_key(after, after.qualifier or LATEST)[2:]
    return _VERSIONS.below(call, call.account, call.region, after=beyond)


def list_latest(call: Call, after: str | None) -> Iterator[FunctionVersion]:
    """$LATEST of the functions that follow a name."""
    heads = _FUNCTIONS.below(call, call.account, call.region, after=(after,) if after else None)
    own = FunctionReference(call.account, call.region, "")
    return (version(call, replace(own, name=head.name), LATEST) for head in heads)


def unsettled(call: Call) -> list[tuple[FunctionReference, str]]:
    """Every version that waits to be put into place, in all accounts."""
    rows = call.transaction.range(_UNSETTLED, (*_UNSETTLED, LAST), limit=1000)
    return [_version_of(key) for key, _ in rows]


def resting_soon(call: Call) -> list[tuple[FunctionReference, str]]:
    """Every active version that becomes inactive when nobody uses it for long, in all accounts."""
    rows = call.transaction.range(_RESTING_SOON, (*_RESTING_SOON, LAST), limit=_EVERYTHING)
    return [_version_of(key) for key, _ in rows]


# --- aliases


def find_alias(call: Call, reference: FunctionReference, name: str) -> Alias | None:
    """An alias, or None."""
    return _ALIASES.find(call, reference.account, reference.region, reference.name, name)


def alias(call: Call, reference: FunctionReference, name: str) -> Alias:
    """An alias. Raises ResourceNotFoundException."""
    found = find_alias(call, reference, name)
    if found is None:
        raise errors.ResourceNotFoundException(f"Cannot find alias arn: {reference.arn_of(name)}")
    return found


def save_alias(call: Call, reference: FunctionReference, row: Alias) -> None:
    """Writes an alias."""
    _ALIASES.save(call, row, reference.account, reference.region, reference.name, row.name)


def delete_alias(call: Call, reference: FunctionReference, name: str) -> None:
    """Removes an alias and its policy."""
    _ALIASES.delete(call, reference.account, reference.region, reference.name, name)
    _POLICIES.delete(call, reference.account, reference.region, reference.name, name)


def list_aliases(call: Call, reference: FunctionReference, after: str | None = None) -> Iterator[Alias]:
    """A function's aliases by name."""
    return _ALIASES.below(
        call,
        reference.account,
        reference.region,
        reference.name,
        after=(after,) if after else None,
    )


# --- resource policies


def find_policy(call: Call, reference: FunctionReference) -> ResourcePolicy | None:
    """The policy of exactly what is named, or None."""
    return _POLICIES.find(
        call, reference.account, reference.region, reference.name, reference.qualifier or ""
    )


def save_policy(call: Call, reference: FunctionReference, row: ResourcePolicy) -> None:
    """Writes a policy; one without statements is removed."""
    key = (reference.account, reference.region, reference.name, reference.qualifier or "")
    if row.statements:
        _POLICIES.save(call, row, *key)
    else:
        _POLICIES.delete(call, *key)


# --- layers


def find_layer(call: Call, account: str, region: str, name: str) -> Layer | None:
    """What all versions of a layer share, or None."""
    return _LAYERS.find(call, account, region, name)


def save_layer(call: Call, row: Layer) -> None:
    """Writes what all versions of a layer share."""
    _LAYERS.save(call, row, call.account, call.region, row.name)


def list_layers(call: Call, after: str | None) -> Iterator[Layer]:
    """The account's layers by name."""
    return _LAYERS.below(call, call.account, call.region, after=(after,) if after else None)


def find_layer_version(call: Call, account: str, region: str, name: str, number: int) -> LayerVersion | None:
    """A layer version, or None."""
    return _LAYER_VERSIONS.find(call, account, region, name, number)


def save_layer_version(call: Call, row: LayerVersion) -> None:
    """Writes a layer version."""
    _LAYER_VERSIONS.save(call, row, call.account, call.region, row.name, row.version)


def delete_layer_version(call: Call, row: LayerVersion) -> None:
    """Removes a layer version and its policy."""
    key = (call.account, call.region, row.name, row.version)
    _LAYER_VERSIONS.delete(call, *key)
    _LAYER_POLICIES.delete(call, *key)


def list_layer_versions(
    call: Call, account: str, region: str, name: str, before: str | None = None
) -> Iterator[LayerVersion]:
    """A layer's versions, the newest first; only those before one if given."""
    beyond = (int(before),) if before else None
    return _LAYER_VERSIONS.below(call, account, region, name, after=beyond, reverse=True)


def find_layer_policy(call: Call, account: str, region: str, name: str, number: int) -> ResourcePolicy | None:
    """A layer version's policy, or None."""
    return _LAYER_POLICIES.find(call, account, region, name, number)


def save_layer_policy(call: Call, name: str, number: int, row: ResourcePolicy) -> None:
    """Writes a layer version's policy; one without statements is removed."""
    key = (call.account, call.region, name, number)
    if row.statements:
        _LAYER_POLICIES.save(call, row, *key)
    else:
        _LAYER_POLICIES.delete(call, *key)


# --- packages


async def blobs_in_use(call: Call) -> AsyncIterator[str]:
    """The packages of all layers and functions.

    In the order in which one gets to name what another did: layers before the functions that take them in, of
    these $LATEST before the versions that are published of it.
    """
    async for _, layer in _LAYER_VERSIONS.scan(call):
        yield layer.package.blob_id
    async for _, function_version in _VERSIONS.scan(call):
        yield function_version.package.blob_id
        for reference in function_version.configuration.layers:
            yield reference.package.blob_id


# --- accounts


def usage(call: Call, account: str, region: str) -> AccountUsage:
    """What an account uses."""
    return _USAGE.find(call, account, region) or AccountUsage()


def add_usage(call: Call, *, code_bytes: int = 0, functions: int = 0, reserved_concurrency: int = 0) -> None:
    """Counts what an account uses more, or less."""
    before = usage(call, call.account, call.region)
    after = AccountUsage(
        before.code_bytes + code_bytes,
        before.functions + functions,
        before.reserved_concurrency + reserved_concurrency,
    )
    _USAGE.save(call, after, call.account, call.region)


# --- asynchronous events


def find_event_invoke_config(call: Call, reference: FunctionReference) -> EventInvokeConfig | None:
    """How events for exactly what is named are tried, or None."""
    return _EVENT_CONFIGS.find(
        call, reference.account, reference.region, reference.name, reference.qualifier or LATEST
    )


def save_event_invoke_config(call: Call, reference: FunctionReference, row: EventInvokeConfig) -> None:
    """Writes how events are tried."""
    _EVENT_CONFIGS.save(call, row, reference.account, reference.region, reference.name, row.qualifier)


def delete_event_invoke_config(call: Call, reference: FunctionReference, row: EventInvokeConfig) -> None:
    """Removes how events are tried."""
    _EVENT_CONFIGS.delete(call, reference.account, reference.region, reference.name, row.qualifier)


def list_event_invoke_configs(
    call: Call, reference: FunctionReference, after: str | None
) -> Iterator[EventInvokeConfig]:
    """The configurations of a function's versions and aliases."""
    return _EVENT_CONFIGS.below(
        call,
        reference.account,
        reference.region,
        reference.name,
        after=(after,) if after else None,
    )


def add_event(call: Call, row: QueuedEvent) -> None:
    """Writes an accepted event, which is due at once."""
    _EVENTS.save(call, row, row.id)
    save_event_progress(call, row.id, EventProgress(row.accepted_at))


def find_event_progress(call: Call, event_id: str) -> EventProgress | None:
    """How far an event has come, or None if it is done."""
    return _EVENT_PROGRESS.find(call, event_id)


def save_event_progress(
    call: Call, event_id: str, row: EventProgress, before: EventProgress | None = None
) -> None:
    """Writes how far an event has come and when it is due."""
    if before is not None:
        call.transaction.delete(_due_key(event_id, before))
    _EVENT_PROGRESS.save(call, row, event_id)
    call.transaction.put(_due_key(event_id, row), b"")


def delete_event(call: Call, event_id: str, progress: EventProgress) -> None:
    """Removes an event that is done."""
    _EVENTS.delete(call, event_id)
    _EVENT_PROGRESS.delete(call, event_id)
    call.transaction.delete(_due_key(event_id, progress))


def due_events(call: Call, now: float, limit: int) -> list[tuple[QueuedEvent, EventProgress]]:
    """The events that are due, the longest overdue first."""
    rows = call.transaction.range(_DUE, (*_DUE, int(now * 1000) + 1), limit=limit)
    ids = [str(key[3]) for key, _ in rows]
    found = [(_EVENTS.find(call, each), _EVENT_PROGRESS.find(call, each)) for each in ids]
    return [(event, progress) for event, progress in found if event is not None and progress is not None]


def next_due(call: Call) -> float | None:
    """When the next event is due."""
    for key, _ in call.transaction.range(_DUE, (*_DUE, LAST), limit=1):
        due: KeyPart = key[2]
        return int(due) / 1000 if isinstance(due, int) else None
    return None


def _due_key(event_id: str, progress: EventProgress) -> tuple[str, str, int, str]:
    return (*_DUE, int(progress.due_at * 1000), event_id)


def _version_of(key: tuple[KeyPart, ...]) -> tuple[FunctionReference, str]:
    """The version whose key ends an index's."""
    return FunctionReference(str(key[2]), str(key[3]), str(key[4])), str(key[5])


def _version_key(reference: FunctionReference, version: str) -> tuple[str, str, str, str | int]:
    # Numbers sort after text and by value: $LATEST first, then 1, 2, ... 10.
    number = int(version) if is_version(version) else version
    return (reference.account, reference.region, reference.name, number)
