"""The one error of JSONPath.

Must not know who asked.
"""

from __future__ import annotations


class PathError(Exception):
    """Raised for a path that breaks the grammar or runs away, and for a function that cannot be done."""
