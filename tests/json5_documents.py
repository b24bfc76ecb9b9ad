"""The little of JSON5 that published vectors use: comments, and commas before a closing bracket."""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|,(?=\s*(?://[^\n]*\n\s*)*[}\]])')


def read_json5(text: str) -> Any:
    """The value of such a document."""
    return json.loads(_TOKEN.sub(lambda token: token[0] if token[0].startswith('"') else "", text))
