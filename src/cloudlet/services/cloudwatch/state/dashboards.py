"""Dashboards, by account: regions share them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloudlet.core.call import Call
from cloudlet.core.rows import Rows
from cloudlet.services.cloudwatch.dashboards import Dashboard

_DASHBOARDS: Final = Rows(("cloudwatch", "dashboard"), Dashboard)
"""account, name"""


def arn(call: Call, name: str) -> str:
    """A dashboard's ARN, which has no region."""
    return f"arn:aws:cloudwatch::{call.account}:dashboard/{name}"


def find_dashboard(call: Call, name: str) -> Dashboard | None:
    """A dashboard, or None."""
    return _DASHBOARDS.find(call, call.account, name)


def save_dashboard(call: Call, dashboard: Dashboard) -> None:
    """Writes a dashboard."""
    _DASHBOARDS.save(call, dashboard, call.account, dashboard.name)


def delete_dashboard(call: Call, name: str) -> None:
    """Removes a dashboard."""
    _DASHBOARDS.delete(call, call.account, name)


def list_dashboards(call: Call) -> Iterator[Dashboard]:
    """The account's dashboards by name."""
    return _DASHBOARDS.below(call, call.account)
