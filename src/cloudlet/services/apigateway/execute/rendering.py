"""Rendering a mapping template for a request without holding up the others.

Nearly every template is done in less than a millisecond and is rendered where it is asked for. One that turns
out to take longer begins anew in a thread, beside the event loop. Compiles nothing; `templates.py` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .errors import internal_server_error
from .template_thread import TemplateThread
from .templates import text_of
from .vtl.errors import OutOfSteps, TemplateError

if TYPE_CHECKING:
    from .invocation import Invocation
    from .templates import Templates

_BRIEF_STEPS: Final = 20_000
"""Some five milliseconds."""
_BRIEF_BODY_CHARACTERS: Final = 128 * 1024


async def render(templates: Templates, content_type: str, invocation: Invocation, body: bytes) -> bytes:
    """What the template of a content type makes of a body. Raises GatewayError."""
    text = text_of(body)
    try:
        template = templates.template(content_type)
        if len(text) <= _BRIEF_BODY_CHARACTERS:
            before = invocation.overrides()
            try:
                return template.render(invocation.variables(text), _BRIEF_STEPS).encode()
            except OutOfSteps:
                invocation.start_over(before)
        thread = invocation.call.cloud.component(TemplateThread)
        return (await thread.render(template, invocation, text)).encode()
    except TemplateError as error:
        raise internal_server_error(reason=f"Unable to transform: {error}") from error
