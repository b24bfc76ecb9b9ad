"""Functions that bring their own runtime."""

from __future__ import annotations

import asyncio

LOOP = """\
#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while :; do
  event=$(curl -sS -D /tmp/headers "$api/next")
  id=$(grep -i '^lambda-runtime-aws-request-id' /tmp/headers | tr -d '\\r' | cut -d' ' -f2)
  echo "handling $id in $(pwd)"
  curl -sS -o /dev/null -d "{\\"event\\":$event,\\"root\\":\\"$LAMBDA_TASK_ROOT\\"}" "$api/$id/response"
done
"""


def test_a_shell_script_can_be_a_function(bench, shell):
    async def scenario():
        async with bench.function(shell(LOOP), runtime="provided") as function:
            return await function.invoke({"n": 1}), await function.invoke({"n": 2}), function

    first, second, function = bench.run(scenario())
    assert first == ("response", {"event": {"n": 1}, "root": "/var/task"})
    assert second == ("response", {"event": {"n": 2}, "root": "/var/task"})
    assert b"handling request-1 in /var/task" in function.written


def test_curl_trusts_the_cloud_by_its_names(bench, shell):
    script = "#!/bin/sh\ncurl -sS https://sts.us-east-1.amazonaws.com/path 2>&1\n"

    async def scenario():
        async with bench.function(shell(script), runtime="provided") as function:
            await asyncio.wait_for(function.sandbox.wait(), 10)
            return function.log

    assert '"scheme": "https"' in bench.run(scenario())


def test_the_bootstrap_may_lie_in_a_layer(bench, tmp_path):
    code, layer = tmp_path / "code", tmp_path / "layer"
    for folder in (code, layer):
        folder.mkdir(mode=0o755)
    (layer / "bootstrap").write_text(LOOP)
    (layer / "bootstrap").chmod(0o755)

    async def scenario():
        async with bench.function(code, runtime="provided", layers=(layer,)) as function:
            return await function.invoke(1)

    assert bench.run(scenario())[0] == "response"


def test_without_a_bootstrap_it_says_so_and_ends(bench, tmp_path):
    async def scenario():
        async with bench.function(tmp_path, runtime="provided") as function:
            return await asyncio.wait_for(function.sandbox.wait(), 10)

    tmp_path.chmod(0o755)
    ended = bench.run(scenario())
    assert ended.not_started == "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"


def test_a_bootstrap_that_cannot_be_run_says_so_and_ends(bench, shell):
    async def scenario():
        async with bench.function(code, runtime="provided") as function:
            return await asyncio.wait_for(function.sandbox.wait(), 10)

    code = shell("#!/bin/sh\n")
    (code / "bootstrap").chmod(0o644)
    assert bench.run(scenario()).not_started == "fork/exec /var/task/bootstrap: permission denied"


def test_a_bootstrap_has_no_way_to_say_that_it_was_not_started(bench, shell):
    async def scenario():
        async with bench.function(code, runtime="provided") as function:
            return await asyncio.wait_for(function.sandbox.wait(), 10)

    code = shell("#!/bin/sh\necho lie >&4\nexit 7\n")
    ended = bench.run(scenario())
    assert (ended.not_started, ended.signal) == (None, None)
