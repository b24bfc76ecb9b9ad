"""The errors of a request that cannot be understood, before any operation sees it.

Nothing here judges a value that could be read: that is validation.
"""

from __future__ import annotations

from cloudlet.core.errors import ServiceError


class SerializationException(ServiceError):
    """Raised for a JSON or CBOR body that does not fit the model."""


class MalformedXML(ServiceError):
    """Raised for an XML body that is not well-formed or does not fit the model."""


class MalformedInput(ServiceError):
    """Raised for a parameter of a query protocol that does not fit the model."""


class InvalidArgument(ServiceError):
    """Raised for a header, path or query parameter of rest-xml that does not fit the model."""


NOT_WELL_FORMED = "The XML you provided was not well-formed or did not validate against our published schema"
