"""Node functions, run by AWS's own client without its native module."""

from __future__ import annotations

import pytest

ECHO = """
    exports.handler = async (event, context) => ({ event, id: context.awsRequestId })
"""


@pytest.fixture(params=["idle", "direct"])
def environment(request):
    """A Node that waited for its function, and one that was started for it."""
    return {} if request.param == "idle" else {"NODE_OPTIONS": "--no-deprecation"}


def test_a_node_function_answers_its_events_in_turn(bench, node, environment):
    async def scenario():
        async with bench.function(node(ECHO), runtime="nodejs", environment=environment) as function:
            return [await function.invoke({"n": n}) for n in range(3)]

    answers = bench.run(scenario())
    assert answers == [("response", {"event": {"n": n}, "id": f"request-{n + 1}"}) for n in range(3)]


def test_a_large_event_and_a_large_answer_pass_whole(bench, node):
    async def scenario():
        async with bench.function(node(ECHO), runtime="nodejs") as function:
            return await function.invoke({"text": "é" * 2_000_000})

    _, answer = bench.run(scenario())
    assert answer["event"] == {"text": "é" * 2_000_000}


def test_a_thrown_error_is_reported_as_aws_reports_it(bench, node):
    source = """
        exports.handler = async () => { throw new TypeError('no such thing') }
    """

    async def scenario():
        async with bench.function(node(source), runtime="nodejs") as function:
            return await function.invoke({}), await function.invoke({})

    for kind, error in bench.run(scenario()):
        assert kind == "error"
        assert (error["errorType"], error["errorMessage"]) == ("TypeError", "no such thing")


def test_an_uncaught_error_is_reported_before_the_process_ends(bench, node):
    source = """
        exports.handler = (event, context, callback) => { setTimeout(() => { throw new Error('late') }, 1) }
    """

    async def scenario():
        async with bench.function(node(source), runtime="nodejs") as function:
            return await function.invoke({}), await function.sandbox.wait()

    (kind, error), ended = bench.run(scenario())
    assert (kind, error["errorMessage"], ended.status) == ("error", "late", 129)


def test_a_handler_that_never_calls_back_answers_null_when_nothing_is_left_to_do(bench, node):
    async def scenario():
        async with bench.function(node("exports.handler = () => {}"), runtime="nodejs") as function:
            return await function.invoke({}), await function.invoke({})

    assert bench.run(scenario()) == (("response", None), ("response", None))


def test_a_missing_module_is_an_init_error(bench, node):
    async def scenario():
        environment = {"_HANDLER": "absent.handler"}
        async with bench.function(node(ECHO), runtime="nodejs", environment=environment) as function:
            return await function.answers.get(), await function.sandbox.wait()

    (kind, error), ended = bench.run(scenario())
    assert (kind, error["errorType"]) == ("init_error", "Runtime.ImportModuleError")
    assert ended.status == 129


def test_console_messages_come_whole(bench, node, environment):
    source = """
        exports.handler = async () => { console.log('first\\nsecond'); process.stdout.write('raw\\n') }
    """

    async def scenario():
        async with bench.function(node(source), runtime="nodejs", environment=environment) as function:
            await function.invoke({})
        return function

    function = bench.run(scenario())
    assert b"raw" in function.written
    (message,) = [piece for piece in function.written if b"first" in piece]
    assert message.endswith(b"\tINFO\tfirst\nsecond\n")


def test_layers_and_environment_are_those_of_the_function(bench, node, tmp_path, environment):
    package = tmp_path / "layer" / "nodejs" / "node_modules" / "left"
    package.mkdir(parents=True)
    (package / "index.js").write_text("module.exports = 'from the layer'")
    source = """
        const { TABLE, CLOUDLET_ORDER } = process.env
        exports.handler = async () => [require('left'), TABLE, CLOUDLET_ORDER, process.cwd()]
    """

    async def scenario():
        given = environment | {"TABLE": "comments"}
        layers = (tmp_path / "layer",)
        async with bench.function(
            node(source), runtime="nodejs", environment=given, layers=layers
        ) as function:
            return await function.invoke({})

    assert bench.run(scenario()) == ("response", ["from the layer", "comments", None, "/var/task"])


def test_a_module_of_the_standard_kind_can_be_the_handler(bench, node):
    code = node("export const handler = async (event) => event.n + 1\n", package__json="{}")
    (code / "app.js").rename(code / "app.mjs")

    async def scenario():
        async with bench.function(code, runtime="nodejs") as function:
            return await function.invoke({"n": 1})

    assert bench.run(scenario()) == ("response", 2)
