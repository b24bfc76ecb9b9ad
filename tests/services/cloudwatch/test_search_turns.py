"""A search over many metrics holds nobody else up."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from cloudlet.core.access import Principal
from cloudlet.services.cloudwatch.evaluation import Evaluation
from cloudlet.services.cloudwatch.math.values import Window
from cloudlet.services.cloudwatch.metric_queries import read_queries

METRICS, MINUTES = 100, 60
SEARCH = "SUM(SEARCH('{Many,Name}', 'Sum', 60))"


def test_others_have_their_turn_between_the_metrics_of_a_search(server, cloudwatch, now, account):
    for first in range(0, METRICS, 10):
        cloudwatch.put_metric_data(
            Namespace="Many",
            MetricData=[
                {
                    "MetricName": "calls",
                    "Dimensions": [{"Name": "Name", "Value": str(number)}],
                    "Timestamp": now - timedelta(minutes=minute),
                    "Value": 1,
                }
                for number in range(first, first + 10)
                for minute in range(1, MINUTES + 1)
            ],
        )
    end = int(now.timestamp())
    [query] = read_queries([{"Id": "e1", "Expression": SEARCH}], "MetricDataQueries")
    evaluation = Evaluation([query], Window(end - 60 * MINUTES, end))
    call = server.app.cloud.call("cloudwatch", Principal.root(account), account, "us-east-1")

    async def longest_pause() -> tuple[float, float]:
        begun = last = time.perf_counter()
        longest = 0.0
        searching = asyncio.ensure_future(evaluation.results(call, query))
        while not searching.done():
            await asyncio.sleep(0)
            longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
        [series] = await searching
        assert set(series.points.values()) == {METRICS}
        return longest, last - begun

    longest, whole = server.run(longest_pause())
    assert longest < whole / 3
