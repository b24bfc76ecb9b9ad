"""Holding answers against those that AWS gave in recorded test runs, member by member.

A placeholder such as <uuid:1> stands for whatever comes, but for the same each time within one record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from vectors import vectors

_PLACEHOLDER = re.compile(r"<[^<>]+>")
_FREE = {
    "date",
    "datetime",
    "<datetime>",
    "code-sha256",
    "timestamp",
    "lambda-url",
    "<function-url>",
    "sent-timestamp",
    "sender-id",
    "<approximate-first-receive-timestamp>",
    "<approximate-arrival-timestamp>",
    "<approximate-creation-datetime>",
    "<execution-start>",
    "<md5-hash>",
    "maximum-batching-window-in-seconds",
}
_TIMESTAMP = "<timestamp:"
"""Begins a placeholder that shows the form of a time."""
_IN_LINES = {
    "<duration>": r"[\d.]+",
    "<memory>": r"\d+",
    "<version>": r"\d+",
    "<runtime-id>": "[0-9a-f]{64}",
    "date": r"\d{4}-\d\d-\d\dT[\d:.]+Z",
}
"""What placeholders in lines of logs stand for, each time something else."""
_IGNORED = {"HTTPHeaders", "RequestId", "RetryAttempts", "HostId", "MaxAttemptsReached"}


class Record:
    """One recorded test run."""

    def __init__(self, file: str, test: str, known: dict[str, str] | None = None) -> None:
        recorded = json.loads(vectors(f"recorded-answers/lambda/{file}.snapshot.json").read_text())
        found = [value for key, value in recorded.items() if key.split("::", 1)[1] == test]
        assert found, f"no record of {test}"
        self.content = found[-1]["recorded-content"]  # recorded last, where it was more than once
        self._bound: dict[str, Any] = {
            "<partition>": "aws",
            "<region>": "us-east-1",
            **{f"<{key}>": value for key, value in (known or {}).items()},
        }

    def bind(self, name: str, value: str) -> None:
        """Says what a placeholder stands for, once that is known."""
        self._bound[f"<{name}>"] = value

    def check(self, step: str, answer: Any) -> None:
        """Fails, naming the place, where an answer differs from the recorded one."""
        expected = self.content[step]
        if isinstance(expected, dict) and "CreateFunctionResponse" in expected:
            expected = expected["CreateFunctionResponse"]
        self._compare(expected, answer, step)

    def check_lines(self, expected: list[str], lines: list[str]) -> None:
        """Fails where the lines of a log differ from recorded ones, but for times and what was measured."""
        assert len(lines) == len(expected), lines
        for recorded, line in zip(expected, lines, strict=True):
            pieces = re.split(r"(<[^<>]+>|\bdate\b)", recorded)
            pattern = "".join(
                _IN_LINES.get(each) or re.escape(self._bound.get(each, each)) for each in pieces
            )
            assert re.fullmatch(pattern, line), f"{line!r} is not {recorded!r}"

    def settle(self, step: str, *path: str, revision: str) -> None:
        """Expects a function to be in place, as another revision, where AWS was still putting it there."""
        told = self.content[step]
        for member in path:
            told = told[member]
        for member in (
            "LastUpdateStatusReason",
            "LastUpdateStatusReasonCode",
            "StateReason",
            "StateReasonCode",
        ):
            told.pop(member, None)
        told |= {"State": "Active", "LastUpdateStatus": "Successful", "RevisionId": f"<uuid:{revision}>"}

    def check_part(self, expected: Any, answer: Any, path: str) -> None:
        """Fails, naming the place, where a part of an answer differs from a part of a recorded one."""
        self._compare(expected, answer, path)

    def call(self, call: Callable[..., Any], **request: Any) -> Any:
        """A call's answer, or its refusal, as check() takes it."""
        return _answer(call, request)

    def replay(self, step: str, call: Callable[..., Any], **request: Any) -> Any:
        """Makes a call and holds its answer, or its refusal, against the recorded one."""
        answer = _answer(call, request)
        self.check(step, answer)
        return answer

    def _compare(self, expected: Any, actual: Any, path: str) -> None:
        if isinstance(expected, dict) and isinstance(actual, str):
            actual = json.loads(actual)  # the recorder parsed JSON in texts
        if isinstance(expected, dict):
            assert isinstance(actual, dict), f"{path}: {actual!r} is no structure"
            wanted = {key for key in expected if key not in _IGNORED}
            assert {key for key in actual if key not in _IGNORED} == wanted, f"members of {path}"
            for key in wanted:
                self._compare(expected[key], actual[key], f"{path}.{key}")
        elif isinstance(expected, list):
            assert len(actual) == len(expected), f"length of {path}: {actual!r}"
            for index, (each, other) in enumerate(zip(expected, actual, strict=True)):
                self._compare(each, other, f"{path}[{index}]")
        elif isinstance(expected, str):
            self._compare_text(expected, actual, path)
        else:
            assert actual == expected, f"{path}: {actual!r} is not {expected!r}"

    def _compare_text(self, expected: str, actual: Any, path: str) -> None:
        if expected in _FREE or expected.startswith("<<code-sha-256>"):
            return
        if expected.startswith(_TIMESTAMP):
            form, found = (re.sub(r"\d", "0", each) for each in (expected, f"{_TIMESTAMP}{actual}>"))
            assert form == found, f"{path}: {actual!r} is not of the form of {expected!r}"
            return
        if _PLACEHOLDER.fullmatch(expected):
            self._bind(expected, actual, path)
            return
        pattern, names = "", []
        for piece in re.split(r"(<[^<>]+>|111111111111)", expected):
            if piece == "111111111111":
                pattern += r"\d{12}"
            elif _PLACEHOLDER.fullmatch(piece):
                pattern += f"({re.escape(self._bound[piece])})" if piece in self._bound else r"([^:\s]+?)"
                names.append(piece)
            else:
                pattern += re.escape(piece)
        found = re.fullmatch(pattern, str(actual), re.DOTALL)
        assert found, f"{path}: {actual!r} is not {expected!r}"
        for name, value in zip(names, found.groups(), strict=True):
            self._bind(name, value, path)

    def _bind(self, name: str, value: Any, path: str) -> None:
        if name.startswith("<code-size"):
            assert isinstance(value, int), f"{path}: {value!r}"
            return
        if name in ("<location>", "<layer-location>"):
            assert value.startswith("http"), f"{path}: {value!r}"
            return
        bound = self._bound.setdefault(name, value)
        assert bound == value, f"{path}: {value!r}, but {name} was {bound!r}"
        others = [other for other, its in self._bound.items() if its == value and other != name]
        if name.startswith("<uuid"):
            assert not [other for other in others if other.startswith("<uuid")], f"{path}: same as {others}"


def record_of(test: str, file: str = "test_lambda_api", **known: str) -> Record:
    """A test run, with what its placeholders stand for."""
    return Record(file, test, {name.replace("_", "-"): value for name, value in known.items()})


def _answer(call: Callable[..., Any], request: dict[str, Any]) -> Any:
    try:
        answer = call(**request)
        if hasattr(answer.get("Payload"), "read"):
            answer["Payload"] = answer["Payload"].read().decode()
        return answer
    except ClientError as error:
        return error.response
