"""Measures what SPECIFICATION.md promises and prints it beside the promise and the physical reference."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from scripts.benchmarks import (
    cases,
    event_sources,
    gateways,
    lambda_figures,
    queues,
    reference,
    streams,
    tables,
)
from scripts.benchmarks.cloud import BenchmarkCloud

WIDTH = 56
CASES = {
    **cases.CASES,
    **tables.CASES,
    "event-sources": event_sources.event_sources,
    "gateways": gateways.gateways,
    "queues": queues.queues,
    "streams": streams.streams,
}
BY_NAME_ONLY = {
    **tables.BY_NAME_ONLY,
    "full-queues": queues.full_queues,
    "lambda": lambda_figures.lambda_figures,
}
"""What takes minutes to prepare, or installs other programs."""


def main() -> int:
    """Runs the cases; the exit status. A figure that misses its promise is marked, and fails nothing."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "only", nargs="*", help=f"cases to run: {', '.join(CASES)} (all), {', '.join(BY_NAME_ONLY)}"
    )
    chosen = parser.parse_args().only or list(CASES)
    unknown = [name for name in chosen if name not in {**CASES, **BY_NAME_ONLY}]
    if unknown:
        parser.error(f"there is no case {unknown[0]!r}")
    writes = reference.synced_writes_per_second()
    alone, many = reference.fixed_answers(1), reference.fixed_answers(16)
    print(
        f"reference: {writes:,.0f} synced writes of 1 KiB/s; a server that does nothing answers this client"
    )
    print(
        f"           in {alone.p50_ms:.3f} ms (p50) alone, and {many.per_second:,.0f}/s at 16 connections\n"
    )
    print(f"{'':{WIDTH}}{'measured':>12}{'promised':>12}   ratio to reference")
    cloud = BenchmarkCloud()
    try:
        for name in chosen:
            for figure in _measured({**CASES, **BY_NAME_ONLY}[name], cloud):
                print(
                    figure.line(WIDTH, writes=writes, alone_ms=alone.p50_ms, per_second=many.per_second),
                    flush=True,
                )
    finally:
        cloud.remove()
    return 0


def _measured(
    case: Callable[[BenchmarkCloud], list[cases.Figure]], cloud: BenchmarkCloud
) -> list[cases.Figure]:
    return case(cloud)


if __name__ == "__main__":
    sys.exit(main())
