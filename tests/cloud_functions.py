"""Functions that tests deploy and call, with roles that allow what a test says and nothing else."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
WRITE_LOGS = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "*",
}


def zipped(files: Mapping[str, str | bytes], *, mode: int = 0o644) -> bytes:
    """A deployment package."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFREG | mode) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def allow(action: str | list[str], resource: str | list[str] = "*") -> dict[str, Any]:
    """A statement of a policy."""
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def policy(*statements: dict[str, Any]) -> str:
    """A policy of statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller of a function gets."""

    value: Any
    error: str | None
    request_id: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """Deploys functions into one account, and calls them."""

    functions: Any
    iam: Any

    @classmethod
    def by(cls, client: Callable[..., Any]) -> Deployment:
        """One that uses the clients of a test."""
        return cls(client("lambda"), client("iam"))

    def role(self, name: str, *statements: dict[str, Any]) -> str:
        """A role that functions may have; what it may do beside writing logs."""
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        self.allow(name, *statements)
        return str(made["Role"]["Arn"])

    def allow(self, role: str, *statements: dict[str, Any]) -> None:
        """Replaces what a role may do."""
        document = policy(WRITE_LOGS, *statements)
        self.iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=document)

    def python(self, name: str, source: str, *statements: dict[str, Any], **more: Any) -> None:
        """A Python function with a role of its own name."""
        self._create(name, "python3.12", {"index.py": source}, statements, more)

    def node(self, name: str, source: str, *statements: dict[str, Any], **more: Any) -> None:
        """A Node function with a role of its own name."""
        self._create(name, "nodejs20.x", {"index.js": source}, statements, more)

    def call(self, name: str, event: Any = None) -> Answer:
        """Calls a function and waits for what it answers."""
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(event))
        value = json.loads(answer["Payload"].read())
        return Answer(value, answer.get("FunctionError"), answer["ResponseMetadata"]["RequestId"])

    def _create(
        self,
        name: str,
        runtime: str,
        files: Mapping[str, str | bytes],
        statements: tuple[dict[str, Any], ...],
        more: dict[str, Any],
    ) -> None:
        settings = {"Timeout": 20, "MemorySize": 1769, "Handler": "index.handler", **more}
        self.functions.create_function(
            FunctionName=name,
            Runtime=runtime,
            Role=self.role(name, *statements),
            Code={"ZipFile": zipped(files)},
            **settings,
        )
        waiter = self.functions.get_waiter("function_active_v2")
        waiter.wait(FunctionName=name, WaiterConfig={"Delay": 0})
