"""SNS in the query protocol: its own word for what IAM refuses.

Only the difference from `query` stands here.
"""

from __future__ import annotations

from cloudlet.wire.protocols.query import QueryProtocol


class SnsProtocol(QueryProtocol):
    """AWS Query as SNS speaks it."""

    access_denied = ("AuthorizationErrorException", 403)
