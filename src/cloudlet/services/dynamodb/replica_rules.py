"""What DynamoDB demands of ReplicaUpdates, and of other updates of a table that has replicas.

Pure rules on requests and tables, in DynamoDB's words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudlet.core.errors import NotImplementedHere
from cloudlet.services.dynamodb.encryption import MANAGED_KEY, wanted_key
from cloudlet.services.dynamodb.errors import ResourceInUseException, ValidationException
from cloudlet.services.dynamodb.model import PROVISIONED
from cloudlet.services.dynamodb.replication import ACTIVE
from cloudlet.services.dynamodb.values import INVALID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudlet.core.operation import Request
    from cloudlet.services.dynamodb.model import Table

_ENCRYPTION: Final = "SSESpecification"
_REGIONAL: Final = ("DeletionProtectionEnabled", "StreamSpecification")
"""What each replica has for itself."""


def check_replica_updates(request: Request) -> None:
    """Raises ValidationException for updates that are never taken, whatever the table is."""
    kinds = [tuple(update) for update in request["ReplicaUpdates"]]
    if any("Disassociate" in kind for kind in kinds):
        raise NotImplementedHere("cloudlet does not implement global tables of several accounts (yet).")
    if any(len(kind) > 1 for kind in kinds) or len(set(kinds)) > 1:
        raise ValidationException(
            "Update table operation with more than one type of replica actions not allowed"
        )
    if not kinds[0]:
        raise no_actions()
    actions = {update[kinds[0][0]]["RegionName"] for update in request["ReplicaUpdates"]}
    if kinds[0] != ("Update",) and len(actions) > 1:
        raise ValidationException(
            "Update table operation with more than one create or delete replica actions not allowed"
        )


def check_of_replica(table: Table, request: Request) -> None:
    """Raises what a table with replicas refuses of an update. Raises as check_settled(), too."""
    stream = request.get("StreamSpecification")
    if stream is not None and not stream["StreamEnabled"]:
        raise ValidationException(f"{INVALID}Disabling Stream is not allowed for a Global Table replica.")
    if request.get("BillingMode") == PROVISIONED:
        raise ValidationException("Table write capacity should either be Pay-Per-Request or AutoScaled.")
    check_settled(table)


def shared_request(request: Request, replica: Table, like: Table) -> Request:
    """What of an update all replicas of a table take over; a read limit of its own is a replica's to keep.

    So is a customer's key. Raises ValidationException where such a key is the first one.
    """
    shared = {name: value for name, value in request.items() if name not in _REGIONAL}
    if wanted_key(shared.get(_ENCRYPTION)) not in (None, MANAGED_KEY):
        if replica.encryption is None or replica.encryption.managed:
            raise key_for_each_replica()
        del shared[_ENCRYPTION]
    if replica.on_demand_throughput != like.on_demand_throughput:
        shared = _without_read_limit(shared)
    if "GlobalSecondaryIndexUpdates" in shared:
        updates = [_shared_update(each, replica, like) for each in shared["GlobalSecondaryIndexUpdates"]]
        shared["GlobalSecondaryIndexUpdates"] = [each for each in updates if each]
    return shared


def _shared_update(update: Mapping[str, Any], replica: Table, like: Table) -> dict[str, Any]:
    """What is left for a replica of an update of an index; nothing if that was only of the read limit."""
    kind, action = next(iter(update.items()))
    if kind != "Update" or not _has_own_limit(replica, like, action):
        return dict(update)
    left = _without_read_limit(action)
    return {kind: left} if len(left) > 1 else {}


def _has_own_limit(replica: Table, like: Table, action: Mapping[str, Any]) -> bool:
    found = (each.find_index(action["IndexName"]) for each in (replica, like))
    limits = [None if index is None else index.on_demand_throughput for index in found]
    return limits[0] != limits[1]


def _without_read_limit(request: Mapping[str, Any]) -> dict[str, Any]:
    if "OnDemandThroughput" not in request:
        return dict(request)
    limits = request["OnDemandThroughput"].items()
    left = {name: value for name, value in limits if name != "MaxReadRequestUnits"}
    others = {name: value for name, value in request.items() if name != "OnDemandThroughput"}
    return {**others, "OnDemandThroughput": left} if left else others


def check_settled(table: Table) -> None:
    """Raises ResourceInUseException while a replica of the table comes or goes."""
    if any(each.status != ACTIVE for each in table.replicas):
        raise ResourceInUseException("The resource which you are attempting to change is in use.")


def key_for_each_replica() -> ValidationException:
    """The refusal of keys that some replicas would have, and others not."""
    return ValidationException(f"{INVALID}KMSMasterKeyId must be specified for each replica.")


def no_actions() -> ValidationException:
    """The refusal of an update that updates nothing."""
    return ValidationException("There are no actions specified in the Replica Update Action of the request.")
