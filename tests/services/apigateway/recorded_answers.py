"""AWS's recorded answers, and whether ours have the same members with the same values.

Names such as <id:1> stand for values that differ between runs; the same name must be the same value. Names
without a number, such as <request-time>, stand for any value, unless a test binds them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from vectors import vectors

NAME = re.compile(r"<[^<>]+>")


def recording(file: str, test: str) -> Recording:
    """What was recorded of one test."""
    path = vectors("recorded-answers") / "apigateway" / f"test_apigateway_{file}.snapshot.json"
    found = [value for name, value in json.loads(path.read_text()).items() if name.endswith(f"::{test}")]
    return Recording(found[0]["recorded-content"])


class Recording:
    """The answers of one recorded test, by their keys."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content
        self.bound: dict[str, str] = {}

    def expect(self, key: str, answer: Any) -> None:
        """Fails unless an answer is what AWS answered."""
        self._compare(key, self.content[key], answer)

    def without(self, pattern: str) -> Recording:
        """The answers without the members whose names match: what AWS's network adds on the way."""
        return Recording(_without(self.content, re.compile(pattern, re.IGNORECASE)))

    def refuses(self, key: str, call: Any, **request: Any) -> None:
        """Fails unless a call is refused as AWS refused it."""
        with pytest.raises(ClientError) as caught:
            call(**request)
        expected, answer = self.content[key], caught.value.response
        assert answer["Error"]["Code"] == expected["Error"]["Code"], key
        self._compare(key, expected["Error"]["Message"], answer["Error"]["Message"])
        assert (
            answer["ResponseMetadata"]["HTTPStatusCode"] == expected["ResponseMetadata"]["HTTPStatusCode"]
        ), key

    def _compare(self, where: str, expected: Any, actual: Any) -> None:
        if isinstance(expected, Mapping) and isinstance(actual, str):
            actual = json.loads(actual)
        if isinstance(expected, Mapping):
            names = expected.keys() - {"ResponseMetadata"}
            assert names == actual.keys() - {"ResponseMetadata"}, where
            for name in names:
                self._compare(f"{where}.{name}", expected[name], actual[name])
            if "ResponseMetadata" in expected:
                status = expected["ResponseMetadata"]["HTTPStatusCode"]
                assert actual["ResponseMetadata"]["HTTPStatusCode"] == status, where
        elif isinstance(expected, list):
            assert len(expected) == len(actual), where
            for place, (one, other) in enumerate(zip(expected, actual, strict=True)):
                self._compare(f"{where}[{place}]", one, other)
        elif expected == "datetime":
            assert isinstance(actual, datetime), where
        elif (
            isinstance(expected, str)
            and expected != actual
            and (NAME.search(expected) or "111111111111" in expected)
        ):
            self._bind(where, expected, str(actual))
        else:
            assert expected == actual, where

    def _bind(self, where: str, expected: str, actual: str) -> None:
        names = NAME.findall(expected)
        pattern = "".join(
            f"({re.escape(self.bound.get(part, ''))})"
            if part in self.bound
            else "(.+)"
            if NAME.fullmatch(part)
            else re.escape(part)
            for part in re.split(r"(<[^<>]+>)", expected)
        ).replace("111111111111", r"\d{12}")
        found = re.fullmatch(pattern, actual, re.DOTALL)
        assert found, f"{where}: {expected} is not {actual}"
        self.bound.update(
            {name: value for name, value in zip(names, found.groups(), strict=True) if ":" in name}
        )


def _without(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, Mapping):
        kept = {name: each for name, each in value.items() if not pattern.fullmatch(name)}
        return {name: _without(each, pattern) for name, each in kept.items()}
    return [_without(each, pattern) for each in value] if isinstance(value, list) else value
