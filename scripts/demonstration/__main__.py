"""The steps of the demonstration, in order."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

from scripts.demonstration.steps import Failed, Stage, complain, expect, http, step

STORY = "breaking-news-story-01-18-2016"


def main() -> int:
    """Runs the demonstration; the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument(
        "--keep", action="store_true", help="leave the cloud running and say what to try next"
    )
    keep = parser.parse_args().keep
    stage = Stage(Path(tempfile.mkdtemp(prefix="cloudlet-demo-")), _free_port())
    began = time.perf_counter()
    try:
        comments, hello = demonstrate(stage)
    except Failed as error:
        return complain(error)
    else:
        print(f"\nEvery answer was right, in {time.perf_counter() - began:.1f} s.")
        if keep:
            print(_what_next(stage, comments, hello))
        return 0
    finally:
        if not keep:
            _clean_up(stage)


def demonstrate(stage: Stage) -> tuple[str, str]:
    """All steps; the invoke URLs of the two applications. Raises Failed at the first wrong answer."""
    with step("start the cloud on its default store, on disk"):
        stage.cloudlet("start", "--background")
        stage.use_cloud()
    with step("aws cloudformation deploy: dynamodb-proxy"):
        stage.aws(
            "cloudformation", "deploy", "--stack-name", "comments", "--capabilities", "CAPABILITY_IAM",
            "--template-file", "examples/dynamodb-proxy/template.yaml",
        )  # fmt: skip
        comments = stage.invoke_url(stage.outputs("comments")["ApiId"], "prod") + "/comments"
    with step("aws s3 mb, aws cloudformation package and deploy: hello"):
        packaged = str(stage.home / "packaged.yaml")
        stage.aws("s3", "mb", "s3://artifacts")
        stage.aws(
            "cloudformation", "package", "--template-file", "examples/hello/template.yaml",
            "--s3-bucket", "artifacts", "--output-template-file", packaged,
        )  # fmt: skip
        stage.aws(
            "cloudformation", "deploy", "--stack-name", "hello", "--capabilities", "CAPABILITY_IAM",
            "--template-file", packaged,
        )  # fmt: skip
        outputs = stage.outputs("hello")
        hello = stage.invoke_url(outputs["ApiId"], "live")
    with step("POST a comment; API Gateway writes it to DynamoDB, with no function"):
        _post_comment(comments, "Just Saying Thank You", "I really enjoyed this story!!")
    with step("GET the comments back, through a mapping template"):
        _expect_comments(comments, [("Just Saying Thank You", "I really enjoyed this story!!")])
    with step("GET /count/ada twice: the Python function counts in DynamoDB"):
        expect("first visit", http(f"{hello}/count/ada").json(), {"greeting": "Hello, ada!", "visits": 1})
        expect("second visit", http(f"{hello}/count/ada").json(), {"greeting": "Hello, ada!", "visits": 2})
    with step("POST /notes: the Node function keeps a note in S3"):
        answer = http(f"{hello}/notes", {"name": "shopping", "text": "milk"})
        expect("the note's key", (answer.status, answer.json()), (201, {"key": "notes/shopping.txt"}))
        expect("the note", stage.aws("s3", "cp", f"s3://{outputs['Bucket']}/notes/shopping.txt", "-"), "milk")
    with step("a note outside of notes/ is refused by IAM: the role does not allow it"):
        answer = http(f"{hello}/notes", {"name": "secret/x", "text": "no"})
        expect("the refusal", (answer.status, answer.json()["error"]), (403, "AccessDenied"))
    with step("the function's log, by `cloudlet logs`"):
        _expect_log(stage, outputs["CountFunction"])
    with step("kill -9 the server"):
        os.kill(_server_process(stage), signal.SIGKILL)
    with step("start it again"):
        stage.cloudlet("start", "--background")
    with step("the comments are still there, and the count goes on"):
        _expect_comments(comments, [("Just Saying Thank You", "I really enjoyed this story!!")])
        expect("third visit", http(f"{hello}/count/ada").json(), {"greeting": "Hello, ada!", "visits": 3})
    return comments, hello


def _post_comment(url: str, user: str, message: str) -> None:
    answer = http(url, {"pageId": STORY, "userName": user, "message": message})
    expect("the answer to the post", (answer.status, answer.json()), (200, {}))


def _expect_comments(url: str, wanted: list[tuple[str, str]]) -> None:
    answer = http(f"{url}/{STORY}")
    expect("the status", answer.status, 200)
    found = [(comment["userName"], comment["message"]) for comment in answer.json()["comments"]]
    expect("the comments", found, wanted)


def _expect_log(stage: Stage, function: str) -> None:
    deadline = time.monotonic() + 10
    while "ada came for visit 2" not in (lines := stage.cloudlet("logs", function)):
        if time.monotonic() > deadline:
            raise Failed(f"the log has no line of the second visit:\n{lines}")
        time.sleep(0.1)
    for word in ("START RequestId: ", "END RequestId: ", "REPORT RequestId: "):
        if word not in lines:
            raise Failed(f"the log has no {word}line:\n{lines}")


def _server_process(stage: Stage) -> int:
    running = json.loads((stage.home / "run" / f"{stage.port}.json").read_text())
    return int(running["pid"])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _clean_up(stage: Stage) -> None:
    try:
        stage.cloudlet("stop")
    except Failed as error:
        print(error, file=sys.stderr)
    shutil.rmtree(stage.home, ignore_errors=True)


def _what_next(stage: Stage, comments: str, hello: str) -> str:
    return f"""
The cloud runs on. Try:
  export CLOUDLET_HOME={stage.home} PATH={Path(sys.executable).parent}:$PATH
  eval "$(cloudlet env --port {stage.port})"
  curl {comments}/{STORY}
  curl {hello}/count/grace
  aws dynamodb scan --table-name Comments
  cloudlet status --port {stage.port}
  cloudlet stop --port {stage.port}"""


if __name__ == "__main__":
    sys.exit(main())
