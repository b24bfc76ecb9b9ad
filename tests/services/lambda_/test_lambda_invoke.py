"""Functions that run."""

from __future__ import annotations

from lambda_functions import make_function, make_role, invoke
import pytest


@pytest.fixture
def role(client):
    return make_role(client("iam"))


def test_function_answers_what_its_handler_returns(client, role):
    make_function(client("lambda"), role)
    assert invoke(client("lambda"), event={"a": [1]}) == {"a": [1]}
