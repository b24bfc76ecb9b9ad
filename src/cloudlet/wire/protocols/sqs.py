"""SQS in the query protocol, which its model has forgotten: names in forms and XML, queue URLs as paths.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html
Only the differences from `query` stand here.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from cloudlet.wire.model import ServiceModel
from cloudlet.wire.protocols.query import QueryProtocol, write_error_members
from cloudlet.wire.protocols.xml import escape

if TYPE_CHECKING:
    from cloudlet.core.http import Body, HttpRequest
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
        "MessageSystemAttributeNames": "AttributeName",
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


class SqsQueryProtocol(QueryProtocol):
    """AWS Query as SQS speaks it."""

    def __init__(self, service: ServiceModel) -> None:
        super().__init__(with_query_names(service))

    def parse(self, operation: str, request: HttpRequest, body: bytes | Body) -> Members:
        """The parameters; a queue URL that is not among them is where the request was sent to."""
        members = super().parse(operation, request, body)
        shape = self.service.operation(operation).input
        if shape is not None and "QueueUrl" in shape.members and request.path.count("/") > 1:
            members.setdefault("QueueUrl", request.path)
        return members

    def error_envelope(self, out: list[str], answer: ErrorAnswer, request_id: str) -> None:
        """Appends the whole document of an error."""
        out.append(f'<ErrorResponse xmlns="{escape(self.namespace)}"><Error><Type>{answer.fault}</Type>')
        if answer.code == _NO_QUEUE:
            out.append(f"<Code>{_NO_QUEUE}</Code>")
            out.append("<Message>The specified queue does not exist for this wsdl version.</Message>")
        else:
            write_error_members(out, self.xml, answer)
        out.append(f"<Detail/></Error><RequestId>{escape(request_id)}</RequestId></ErrorResponse>")
