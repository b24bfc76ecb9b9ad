"""A client of Lambda and a role that functions may have."""

from __future__ import annotations

import pytest
from event_source_functions import Bench
from lambda_functions import make_role

from cloud_functions import WRITE_LOGS


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


@pytest.fixture
def writing_role(client):
    """A role with which functions may write their log."""
    return make_role(client("iam"), "writer", WRITE_LOGS)
