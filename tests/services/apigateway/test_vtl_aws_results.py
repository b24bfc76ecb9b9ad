"""Every published result of a mapping template on AWS, rendered here the way it was rendered there."""

from __future__ import annotations

import json
import re

import pytest

from cloudlet.services.apigateway.execute.vtl.context import context_variables
from cloudlet.services.apigateway.execute.vtl.template import Template
from vectors import vectors

CASES = json.loads(vectors("vtl-aws-results.json").read_text())


def on_aws(case):
    """The response template around the case's own, which binds its variables from the posted body."""
    bindings = " ".join(f"#set(${name} = $bodyJSON.{name})" for name in case["context"])
    preamble = "#set($body = $context.requestOverride.path.body)\n#set($bodyJSON = $util.parseJson($body)) "
    return f"{preamble}{bindings}\n{case['template']}"


def folded(text):
    return re.sub(r"\s+", " ", text).strip()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_renders_as_on_aws(case):
    variables = context_variables(
        body="", context={"requestOverride": {"path": {"body": json.dumps(case["context"])}}}
    )
    rendered = Template.compile(on_aws(case)).render(variables)
    if case["whitespace"] == "ignored":
        assert folded(rendered) == folded(case["aws"])
    elif isinstance(case["aws"], str):
        assert rendered == case["aws"]
    else:
        assert json.loads(rendered) == case["aws"]
