"""A client of Lambda and a role that functions may have."""

from __future__ import annotations

import pytest
from event_source_functions import Bench
from lambda_functions import make_role


@pytest.fixture
def functions(client):
    return client("lambda")


@pytest.fixture
def role(client):
    return make_role(client("iam"))


@pytest.fixture
def bench(client, server):
    """Sources, functions and the mappings between them."""
    return Bench(client, server)
