"""Python functions, run by AWS's own client."""

from __future__ import annotations

import pytest

ECHO = """
    def handler(event, context):
        return {"event": event, "id": context.aws_request_id}
"""


@pytest.fixture(autouse=True, params=["waiting", "direct"])
def stock(bench, request):
    """A runtime that waited for its function, and one that was forked for it."""
    bench.sandboxes._spares.clear()
    if request.param == "waiting":
        bench.run(bench.stock_python())


def test_a_python_function_answers_its_events_in_turn(bench, python):
    async def scenario():
        async with bench.function(python(ECHO)) as function:
            return [await function.invoke({"n": n}) for n in range(3)]

    answers = bench.run(scenario())
    assert answers == [("response", {"event": {"n": n}, "id": f"request-{n + 1}"}) for n in range(3)]


def test_an_exception_is_reported_as_aws_reports_it(bench, python):
    source = """
        def handler(event, context):
            raise ValueError("no such thing")
    """

    async def scenario():
        async with bench.function(python(source)) as function:
            return await function.invoke({}), function

    (kind, error), function = bench.run(scenario())
    assert kind == "error"
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no such thing")
    assert "[ERROR] ValueError: no such thing" in function.log


def test_a_missing_module_is_an_init_error_and_ends_the_function(bench, python):
    async def scenario():
        async with bench.function(python(ECHO), environment={"_HANDLER": "absent.handler"}) as function:
            answer = await function.answers.get()
            return answer, await function.sandbox.wait()

    (kind, error), ended = bench.run(scenario())
    assert kind == "init_error"
    assert error["errorMessage"] == "Unable to import module 'absent': No module named 'absent'"
    assert ended.status == 1


def test_prints_come_as_lines_and_log_records_as_whole_messages(bench, python):
    source = """
        import logging, sys

        def handler(event, context):
            print("one line")
            print("another", file=sys.stderr)
            logging.getLogger().warning("first\\nsecond")
    """

    async def scenario():
        async with bench.function(python(source)) as function:
            await function.invoke({})
        return function

    function = bench.run(scenario())
    assert b"one line" in function.written
    assert b"another" in function.written
    (record,) = [piece for piece in function.written if b"first" in piece]
    assert record.startswith(b"[WARNING]") and record.endswith(b"first\nsecond\n")


def test_the_environment_is_what_was_given_and_what_a_sandbox_needs(bench, python):
    source = """
        import os

        def handler(event, context):
            return dict(os.environ)
    """

    async def scenario():
        async with bench.function(python(source), environment={"TABLE": "comments"}) as function:
            return await function.invoke({})

    _, seen = bench.run(scenario())
    assert seen["TABLE"] == "comments"
    assert seen["LAMBDA_TASK_ROOT"] == "/var/task"
    assert seen["AWS_LAMBDA_RUNTIME_API"] == "127.0.0.1:9001"
    assert not {"HOME", "USER", "PWD", "VIRTUAL_ENV"} & seen.keys()


def test_the_sdk_is_there_and_is_the_functions_own_when_it_ships_one(bench, python):
    source = """
        import boto3

        def handler(event, context):
            return [boto3.__file__, getattr(boto3, "mark", None)]
    """

    async def scenario(code):
        async with bench.function(code) as function:
            return (await function.invoke({}))[1]

    assert bench.run(scenario(python(source))) == ["/var/runtime/boto3/__init__.py", None]
    own = python(source, boto3____init__="") / "boto3"
    (own / "__init__.py").write_text("mark = 'ours'\n")
    assert bench.run(scenario(own.parent)) == ["/var/task/boto3/__init__.py", "ours"]


def test_later_layers_hide_earlier_ones(bench, python, tmp_path):
    for layer, names in {"first": ("a", "both"), "second": ("b", "both")}.items():
        folder = tmp_path / layer / "python"
        folder.mkdir(parents=True)
        (tmp_path / layer).chmod(0o755)
        for name in names:
            (folder / f"{name}.py").write_text(f"origin = {layer!r}\n")
    source = """
        import a, b, both

        def handler(event, context):
            return [a.origin, b.origin, both.origin]
    """

    async def scenario():
        layers = (tmp_path / "first", tmp_path / "second")
        async with bench.function(python(source), layers=layers) as function:
            return (await function.invoke({}))[1]

    assert bench.run(scenario()) == ["first", "second", "second"]


def test_a_module_named_as_one_of_the_standard_library_is_the_functions_own(bench, python):
    source = """
        import json, platform, socket, resource

        def handler(event, context):
            return [platform.origin, resource.origin, socket.__file__, json.__file__]
    """
    own = {
        "platform.py": "origin = 'own'\n",
        "resource.py": "origin = 'own too'\n",
        "json.py": "origin = 'no'\n",
    }
    code = python(source)
    for name, text in own.items():
        (code / name).write_text(text)

    async def scenario():
        async with bench.function(code) as function:
            return (await function.invoke({}))[1]

    first, second, *standard = bench.run(scenario())
    assert (first, second) == ("own", "own too")
    assert all(path.startswith("/var/lang/lib/") for path in standard)


def test_a_wrapper_script_starts_the_runtime(bench, python):
    source = """
        import os, sys

        def handler(event, context):
            return [os.environ["WRAPPED"], sys.flags.optimize, sys.path[0], "boto3" in sys.modules]
    """
    wrapper = python(source, wrapper='#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n')
    environment = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper", "PYTHONOPTIMIZE": "1"}

    async def scenario():
        async with bench.function(wrapper, environment=environment) as function:
            return await function.invoke({}), function.log

    assert bench.run(scenario())[0] == ("response", ["yes", 1, "/var/task", False])


def test_layers_may_have_any_name(bench, python, tmp_path):
    folders = [tmp_path / name for name in ("a:b", "c,d", "e\\f")]
    for folder in folders:
        (folder / "python").mkdir(parents=True)
        (folder / "python" / f"m{folder.name[0]}.py").write_text(f"name = {folder.name!r}\n")
    source = """
        import ma, mc, me

        def handler(event, context):
            return [ma.name, mc.name, me.name]
    """

    async def scenario():
        async with bench.function(python(source), layers=tuple(folders)) as function:
            return await function.invoke({})

    assert bench.run(scenario()) == ("response", ["a:b", "c,d", "e\\f"])
