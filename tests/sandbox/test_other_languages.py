"""Ruby and Java in a sandbox: which program runs a function, by which client, told of which limits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from sandbox_bench import Bench, leads_to_cloud

from cloudlet.cli import languages
from cloudlet.core.sandbox import SandboxError
from cloudlet.sandbox.host.interpreters import JAVA, RUBY, Interpreter
from cloudlet.sandbox.opening import open_sandboxes

# Stands in for AWS's client: it asks for one event and answers what Java says of itself.
CLIENT = """
package com.amazonaws.services.lambda.runtime.api.client;

import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;

public class AWSLambda {
    public static void main(String[] arguments) throws Exception {
        String api = "http://" + System.getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/";
        HttpURLConnection next = (HttpURLConnection) new URL(api + "next").openConnection();
        next.getInputStream().readAllBytes();
        String id = next.getHeaderField("Lambda-Runtime-Aws-Request-Id");
        HttpURLConnection answer = (HttpURLConnection) new URL(api + id + "/response").openConnection();
        answer.setDoOutput(true);
        long most = Runtime.getRuntime().maxMemory() >> 20;
        String version = System.getProperty("java.version");
        String said = String.format("[\\"%s\\", \\"%s\\", %d]", arguments[0], version, most);
        try (OutputStream body = answer.getOutputStream()) {
            body.write(said.getBytes());
        }
        answer.getResponseCode();
        Thread.sleep(10000);
    }
}
"""


def test_language_that_is_not_there_says_what_to_install(bench, python):
    code = python("def handler(event, context):\n    return 1\n")

    async def scenario(runtime):
        async with bench.function(code, runtime=runtime, release="3.3"):
            pass

    for runtime in (RUBY, JAVA):
        with pytest.raises(SandboxError, match=rf"`cloudlet runtimes install {runtime}3\.3`"):
            bench.run(scenario(runtime))
        with pytest.raises(SandboxError, match=f"needs {runtime} on this machine"):
            bench.run(bench.sandboxes.prepare(runtime, "3.3"))


@pytest.fixture
def opened(runner, server, authority, tmp_path):
    """A driver with what lies in a runtimes folder."""
    running = []

    def make(folder):
        options = {"serve": server.serve, "ca_certificate": authority[0], "hosts": leads_to_cloud}
        state = tmp_path / "state"
        state.mkdir()
        opening = open_sandboxes(state_dir=state, driver="namespaces", runtimes_dir=folder, **options)
        running.append(runner.run(opening))
        return Bench(runner, running[0])

    yield make
    for sandboxes in running:
        runner.run(sandboxes.close())


def note(folder, interpreter):
    target = folder / f"{interpreter.language}{interpreter.release}"
    target.mkdir(parents=True, exist_ok=True)
    told = {name: getattr(interpreter, name) for name in interpreter.__struct_fields__}
    (target / "interpreter.json").write_text(json.dumps(told))


@pytest.mark.unverified(
    "AWS's client for Java cannot be had here: a program in its place shows how it is started"
)
def test_java_functions_are_started_by_the_class_of_aws_s_client(opened, tmp_path):
    java = languages.on_this_machine(JAVA, "")
    if java is None or shutil.which("javac") is None:
        pytest.skip("there is no Java with its compiler on this machine")
    source = tmp_path / "AWSLambda.java"
    source.write_text(CLIENT)
    jars, code = tmp_path / "runtimes/jars", tmp_path / "code"
    for folder in (jars, code, tmp_path / "classes"):
        folder.mkdir(parents=True)
    release = ["--release", "11"]
    subprocess.run(["javac", *release, "-d", tmp_path / "classes", source], check=True, capture_output=True)
    packed = [
        "jar",
        "cf",
        jars / "aws-lambda-java-runtime-interface-client-0.jar",
        "-C",
        tmp_path / "classes",
        ".",
    ]
    subprocess.run(packed, check=True)
    known = Interpreter(JAVA, java.version, java.executable, java.standard_library, packages=str(jars))
    note(tmp_path / "runtimes", known)
    bench = opened(tmp_path / "runtimes")

    async def scenario():
        environment = {"_HANDLER": "app.Handler"}
        async with bench.function(code, runtime=JAVA, release="21", environment=environment) as function:
            return await function.invoke({})

    kind, (handler, version, megabytes) = bench.run(scenario())
    assert (kind, handler, version) == ("response", "app.Handler", java.version)
    assert 150 < megabytes < 256


def test_ruby_functions_run_by_aws_s_client(opened, tmp_path):
    folder = os.environ.get("CLOUDLET_RUNTIMES")
    if not folder or not list(Path(folder).glob("ruby*/interpreter.json")):
        pytest.skip("`cloudlet runtimes install ruby3.3` was not run here")
    code = tmp_path / "code"
    code.mkdir()
    (code / "app.rb").write_text(
        "def handler(event:, context:)\n  [event, RUBY_VERSION, `ruby --version`]\nend\n"
    )
    bench = opened(Path(folder))

    async def scenario():
        async with bench.function(code, runtime=RUBY, release="3.3") as function:
            return await function.invoke({"a": 1})

    kind, (event, version, told) = bench.run(scenario())
    assert (kind, event) == ("response", {"a": 1})
    assert version == bench.sandboxes.interpreter(RUBY, "3.3")
    assert told.startswith(f"ruby {version}")
