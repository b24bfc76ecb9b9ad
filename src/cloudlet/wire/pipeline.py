"""The path of every request, as one list of steps. Read this file first.

    own pages -> data planes -> route -> name bucket -> answer preflight
              -> find operation -> authenticate -> parse -> invoke -> serialize

A step adds what it found to the exchange, or answers, or raises a ServiceError; then the rest is skipped.
No step knows what an operation does.
"""

from __future__ import annotations
