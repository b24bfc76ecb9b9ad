"""Which mapping template a payload gets.

Compiles nothing itself, `vtl` does; renders nothing, `rendering.py` does. A template that does not compile
fails the requests that need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .errors import configuration_error, unsupported_media_type
from .vtl.template import Template

JSON: Final = "application/json"


class Templates:
    """The templates of one request or response, by content type."""

    __slots__ = ("_by_type", "_texts")

    def __init__(self, texts: Mapping[str, str | None]) -> None:
        # An empty template stands for none: what CloudFormation templates often hold passes through.
        self._texts = {content_type: text for content_type, text in texts.items() if text}
        self._by_type: dict[str, Template] = {}

    def __bool__(self) -> bool:
        return bool(self._texts)

    def for_request(self, content_type: str, passthrough: str) -> str | None:
        """The key of the template for a request; None where the body passes through. Raises GatewayError."""
        for each in (content_type, content_type.partition(";")[0].strip(), "$default"):
            if each in self._texts:
                return each
        if passthrough == "NEVER" or (passthrough == "WHEN_NO_TEMPLATES" and self._texts):
            raise unsupported_media_type()
        return None

    def for_response(self, accept: str) -> str | None:
        """The key of the template for a response; None where there is none."""
        wanted = accept.rpartition(",")[2].partition(";")[0].strip()
        for each in (wanted, JSON):
            if each in self._texts:
                return each
        return next(iter(self._texts), None)

    def template(self, content_type: str) -> Template:
        """The template of a content type that has one. Raises TemplateError where it breaks the grammar."""
        template = self._by_type.get(content_type)
        if template is None:
            template = self._by_type[content_type] = Template.compile(self._texts[content_type])
        return template


def text_of(body: bytes) -> str:
    """A body as a template reads it. Raises GatewayError for bytes that are no text."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise configuration_error() from error
