"""Templates made at random, rendered by us and by Velocity 1.7: the texts must be the same, byte for byte."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from random_templates import RandomTemplates
from velocity_oracle import VelocityOracle

from cloudlet.services.apigateway.execute.vtl.errors import TemplateError
from cloudlet.services.apigateway.execute.vtl.template import Template
from running_server import SEED

TEMPLATES = 1500


@pytest.fixture(scope="module")
def velocity() -> Iterator[VelocityOracle]:
    oracle = VelocityOracle()
    yield oracle
    oracle.close()


def test_templates_render_as_velocity_renders_them(velocity):
    source = RandomTemplates(random.Random(SEED))
    for _ in range(TEMPLATES):
        text = source.template()
        assert rendered(text) == velocity.render(text), text


def rendered(text: str) -> str | None:
    try:
        return Template.compile(text).render({})
    except TemplateError:
        return None
