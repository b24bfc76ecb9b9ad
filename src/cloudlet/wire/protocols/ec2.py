"""The EC2 dialect of the query protocol: flat lists, capitalized names, answers without a wrapper.

Only the differences from `query` stand here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudlet.wire.protocols.protocol import ErrorAnswer, Members
from cloudlet.wire.protocols.query import FormCodecs, QueryProtocol, write_error_members
from cloudlet.wire.protocols.xml import Writer, escape

if TYPE_CHECKING:
    from cloudlet.wire.model import ServiceModel, Shape


class Ec2FormCodecs(FormCodecs):
    """Form readers with EC2's names."""

    def member_names(self, shape: Shape, name: str) -> list[str]:
        """The names under which a member may stand in the form."""
        query_name = shape.reference.get("queryName")
        if query_name:
            return [query_name]
        plain = shape.location_name or name
        return [plain[:1].upper() + plain[1:]]

    def is_flat(self, shape: Shape) -> bool:
        """EC2's lists always stand right below their name."""
        return True


class Ec2Protocol(QueryProtocol):
    """EC2 Query."""

    access_denied = ("UnauthorizedOperation", 403)
    validation = "InvalidParameterValue"
    internal_failure = "InternalError"
    content_type = "text/xml;charset=UTF-8"

    def __init__(self, service: ServiceModel) -> None:
        super().__init__(service)
        self.forms = Ec2FormCodecs()

    def envelope(
        self, out: list[str], operation: str, content: Writer | None, result: Members, request_id: str
    ) -> None:
        """Appends the whole document."""
        out.append('<?xml version="1.0" encoding="UTF-8"?>\n')
        out.append(f'<{operation}Response xmlns="{escape(self.namespace)}">')
        out.append(f"<requestId>{escape(request_id)}</requestId>")
        if content:
            content(out, result)
        out.append(f"</{operation}Response>")

    def error_envelope(self, out: list[str], answer: ErrorAnswer, request_id: str) -> None:
        """Appends the whole document of an error."""
        out.append('<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>')
        write_error_members(out, self.xml, answer)
        out.append(f"</Error></Errors><RequestID>{escape(request_id)}</RequestID></Response>")
