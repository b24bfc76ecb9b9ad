"""A client of Lambda and a role that functions may have."""

from __future__ import annotations

import pytest
from lambda_functions import make_role


@pytest.fixture
def functions(client):
    return client("lambda")


@pytest.fixture
def role(client):
    return make_role(client("iam"))
