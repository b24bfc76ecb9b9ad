"""SQS in the query protocol, which its model has forgotten: names in forms and XML, queue URLs as paths.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html
Only the differences from `query` stand here.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from cloudlet.core.http import HttpResponse
from cloudlet.wire.model import ServiceModel
from cloudlet.wire.protocols.query import FormCodecs, QueryProtocol, write_error_members
from cloudlet.wire.protocols.xml import escape

if TYPE_CHECKING:
    from cloudlet.core.errors import ServiceError
    from cloudlet.core.http import Body, HttpRequest
    from cloudlet.wire.model import Shape
    from cloudlet.wire.protocols.protocol import ErrorAnswer, Members

_MEMBERS: Final = {
    "AddPermissionRequest": {"AWSAccountIds": "AWSAccountId", "Actions": "ActionName"},
    "ChangeMessageVisibilityBatchRequest": {"Entries": "ChangeMessageVisibilityBatchRequestEntry"},
    "ChangeMessageVisibilityBatchResult": {
        "Successful": "ChangeMessageVisibilityBatchResultEntry",
        "Failed": "BatchResultErrorEntry",
    },
    "CreateQueueRequest": {"Attributes": "Attribute", "tags": "Tag"},
    "DeleteMessageBatchRequest": {"Entries": "DeleteMessageBatchRequestEntry"},
    "DeleteMessageBatchResult": {
        "Successful": "DeleteMessageBatchResultEntry",
        "Failed": "BatchResultErrorEntry",
    },
    "GetQueueAttributesRequest": {"AttributeNames": "AttributeName"},
    "GetQueueAttributesResult": {"Attributes": "Attribute"},
    "ListDeadLetterSourceQueuesResult": {"queueUrls": "QueueUrl"},
    "ListMessageMoveTasksResult": {"Results": "ListMessageMoveTasksResultEntry"},
    "ListQueueTagsResult": {"Tags": "Tag"},
    "ListQueuesResult": {"QueueUrls": "QueueUrl"},
    "Message": {"Attributes": "Attribute", "MessageAttributes": "MessageAttribute"},
    "MessageAttributeValue": {
        "StringListValues": "StringListValue",
        "BinaryListValues": "BinaryListValue",
    },
    "MessageSystemAttributeValue": {
        "StringListValues": "StringListValue",
        "BinaryListValues": "BinaryListValue",
    },
    "ReceiveMessageRequest": {
        "AttributeNames": "AttributeName",
        "MessageSystemAttributeNames": "MessageSystemAttributeName",
        "MessageAttributeNames": "MessageAttributeName",
    },
    "ReceiveMessageResult": {"Messages": "Message"},
    "SendMessageBatchRequest": {"Entries": "SendMessageBatchRequestEntry"},
    "SendMessageBatchRequestEntry": {
        "MessageAttributes": "MessageAttribute",
        "MessageSystemAttributes": "MessageSystemAttribute",
    },
    "SendMessageBatchResult": {
        "Successful": "SendMessageBatchResultEntry",
        "Failed": "BatchResultErrorEntry",
    },
    "SendMessageRequest": {
        "MessageAttributes": "MessageAttribute",
        "MessageSystemAttributes": "MessageSystemAttribute",
    },
    "SetQueueAttributesRequest": {"Attributes": "Attribute"},
    "TagQueueRequest": {"Tags": "Tag"},
    "UntagQueueRequest": {"TagKeys": "TagKey"},
}
"""The names of lists' and maps' entries; the model only has those of the JSON protocol."""
_MAPS: Final = {
    "MessageBodyAttributeMap": ("Name", "Value"),
    "MessageBodySystemAttributeMap": ("Name", "Value"),
    "MessageSystemAttributeMap": ("Name", "Value"),
    "QueueAttributeMap": ("Name", "Value"),
    "TagMap": ("Key", "Value"),
}
_NO_QUEUE: Final = "AWS.SimpleQueueService.NonExistentQueue"
_NO_QUEUE_TEXT: Final = "The specified queue does not exist for this wsdl version."


def with_query_names(service: ServiceModel) -> ServiceModel:
    """The model with the names of the query protocol."""
    shapes: dict[str, Any] = copy.deepcopy(dict(service.shapes))
    for structure, names in _MEMBERS.items():
        for member, name in names.items():
            shapes[structure]["members"][member]["locationName"] = name
    for name, (key, value) in _MAPS.items():
        shapes[name]["key"]["locationName"] = key
        shapes[name]["value"]["locationName"] = value
    operations = {name: service.operation(name).traits for name in service.operation_names}
    return ServiceModel(
        service.name, {"metadata": service.metadata, "shapes": shapes, "operations": operations}
    )


class SqsFormCodecs(FormCodecs):
    """Form readers that know the entries of lists and maps by their members' names, too."""

    def member_names(self, shape: Shape, name: str) -> list[str]:
        """The names under which a member may stand in the form, the preferred one first."""
        return [*super().member_names(shape, name), name]


class SqsQueryProtocol(QueryProtocol):
    """AWS Query as SQS speaks it."""

    def __init__(self, service: ServiceModel) -> None:
        super().__init__(with_query_names(service))
        self.forms = SqsFormCodecs()

    def parse(self, operation: str, request: HttpRequest, body: bytes | Body) -> Members:
        """The parameters; a queue URL that is not among them is where the request was sent to."""
        members = super().parse(operation, request, body)
        shape = self.service.operation(operation).input
        if shape is not None and "QueueUrl" in shape.members and len(request.path) > 1:
            members.setdefault("QueueUrl", request.path)
        return members

    def error_envelope(self, out: list[str], answer: ErrorAnswer, request_id: str) -> None:
        """Appends the whole document of an error."""
        out.append(f'<ErrorResponse xmlns="{escape(self.namespace)}"><Error><Type>{answer.fault}</Type>')
        if answer.code == _NO_QUEUE:
            out.append(f"<Code>{_NO_QUEUE}</Code>")
            out.append(f"<Message>{_NO_QUEUE_TEXT}</Message>")
        else:
            write_error_members(out, self.xml, answer)
        out.append(f"<Detail/></Error><RequestId>{escape(request_id)}</RequestId></ErrorResponse>")


class SqsQueryInJsonProtocol(SqsQueryProtocol):
    """The same asked in a form and answered in JSON, as clients get it that accept nothing else.

    API Gateway is one of them: its mapping templates read `$.SendMessageResponse.SendMessageResult`.
    """

    content_type = "application/json"

    def serialize(self, operation: str, result: Members, request_id: str) -> HttpResponse:
        """The answer."""
        shape = self.service.operation(operation).output
        document: dict[str, Any] = {"ResponseMetadata": {"RequestId": request_id}}
        if shape is not None:
            document[f"{operation}Result"] = _plain(shape, result)
        return self._in_json(200, {f"{operation}Response": document}, request_id)

    def serialize_error(self, operation: str | None, error: ServiceError, request_id: str) -> HttpResponse:
        """The answer that says no."""
        answer = self.error_answer(error)
        message = _NO_QUEUE_TEXT if answer.code == _NO_QUEUE else answer.message
        told = {"Code": answer.code, "Detail": None, "Message": message, "Type": answer.fault}
        return self._in_json(answer.status, {"Error": told, "RequestId": request_id}, request_id)

    def _in_json(self, status: int, document: Any, request_id: str) -> HttpResponse:
        headers = [("x-amzn-RequestId", request_id), ("Content-Type", self.content_type)]
        return HttpResponse(status, headers, orjson.dumps(document))


def _plain(shape: Shape, value: Any) -> Any:
    """A value with the names that the entries of lists and maps have here."""
    match shape.type:
        case "structure":
            members = shape.members
            return {_member_name(name): _plain(members[name], item) for name, item in value.items()}
        case "list":
            return [_plain(shape.member, item) for item in value]
        case "map":
            return _pairs(shape, value)
        case "blob":
            return base64.b64encode(value).decode()
        case _:
            return value


def _pairs(shape: Shape, value: Mapping[str, Any]) -> list[dict[str, Any]]:
    key_name, value_name = shape.key.location_name or "key", shape.value.location_name or "value"
    return [{key_name: key, value_name: _plain(shape.value, item)} for key, item in value.items()]


def _member_name(name: str) -> str:
    return {"Messages": "messages", "QueueUrls": "queueUrls"}.get(name, name)
