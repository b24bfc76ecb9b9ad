"""A mapping template, compiled once and rendered as often as wanted.

Must not know what the variables mean; `context.py` builds API Gateway's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..escapes import joined
from ..java_regex import PatternError
from .compile import compile_block, cost
from .errors import TemplateError
from .parser import parse
from .run import MAX_STEPS, Action, BreakLoop, Run, StopTemplate
from .values import checked_text

# AWS's quota "Mapping template size".
MAX_TEMPLATE_BYTES: Final = 300 * 1024


class Template:
    """A compiled template. It holds no state of a rendering, so one may serve many requests at once."""

    __slots__ = ("_action", "_cost")

    def __init__(self, action: Action, cost: int) -> None:
        self._action = action
        self._cost = cost
        """Its steps outside of loops and definitions."""

    @classmethod
    def compile(cls, text: str) -> Template:
        """Parse and compile; raises TemplateError for what breaks the grammar."""
        if len(text.encode("utf-8", "surrogatepass")) > MAX_TEMPLATE_BYTES:
            raise TemplateError("The mapping template is larger than 300 KB")
        try:
            block = parse(text)
            return cls(compile_block(block), cost(block))
        except RecursionError as error:
            raise TemplateError("The mapping template is nested too deeply") from error

    def render(self, variables: Mapping[str, Any], steps: int = MAX_STEPS) -> str:
        """The text for these variables; maps and lists among them change where the template changes them.

        Raises OutOfSteps where it takes more than `steps`, another TemplateError where it fails.
        """
        run = Run(variables, steps)
        try:
            run.charge(self._cost)
            self._action(run)
        except (BreakLoop, StopTemplate):
            pass
        except PatternError as error:
            raise TemplateError(str(error)) from error
        except RecursionError as error:
            raise TemplateError("The mapping template is nested too deeply") from error
        run.spend(0)
        return _encodable(checked_text("".join(run.output)))


def _encodable(text: str) -> str:
    # Java writes ? for half a character; left alone, the gateway could not encode the text.
    return text if text.isascii() else joined(text).encode("utf-8", "replace").decode("utf-8")
