"""Events into CloudWatch Logs: each into a stream of its own, as the log groups' resource policies say.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cloudlet.core.errors import ServiceError
from cloudlet.services.events import inputs
from cloudlet.services.events.model import milliseconds

if TYPE_CHECKING:
    from cloudlet.core.arn import Arn
    from cloudlet.core.call import Call
    from cloudlet.services.events.model import Delivery


async def write(call: Call, delivery: Delivery, arn: Arn) -> None:
    """Writes an event into a log group. Raises ServiceError."""
    where = {
        "logGroupName": arn.resource.removeprefix("log-group:").removesuffix(":*"),
        "logStreamName": delivery.id,
    }
    try:
        await call.ask("logs", "CreateLogStream", where)
    except ServiceError as error:
        # An attempt before this one may have made it, and got no further.
        if error.code != "ResourceAlreadyExistsException":
            raise
    await call.ask("logs", "PutLogEvents", {**where, "logEvents": [_log_event(delivery)]})


def _log_event(delivery: Delivery) -> dict[str, Any]:
    """The event as a line; a template for log groups tells the time and the message."""
    text = inputs.text(delivery)
    line: dict[str, Any] = {"timestamp": milliseconds(delivery.ingested_at), "message": text}
    if "InputTransformer" not in delivery.target.settings:
        return line
    told = json.loads(text) if inputs.is_json(text) else None
    if not isinstance(told, dict) or "message" not in told:
        return line
    message = told["message"]
    line["message"] = message if isinstance(message, str) else json.dumps(message)
    if isinstance(told.get("timestamp"), int):
        line["timestamp"] = told["timestamp"]
    return line
