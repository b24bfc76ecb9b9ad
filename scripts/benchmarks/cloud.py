"""A cloud for the benchmarks: started as users start it, with a user whose calls are signed and judged."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "apigateway.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}


class BenchmarkCloud:
    """One server process."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="cloudlet-bench-"))
        self.environment = {**os.environ, "CLOUDLET_HOME": str(self.home)}
        # Users have compiled modules; some build machines forbid writing them.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self.credentials = ("test", "test")
        self._user: tuple[str, str] | None = None

    def start(self) -> float:
        """Starts the server; the seconds until it has answered its first request."""
        began = time.perf_counter()
        log = (self.home / "server.log").open("ab")
        command = ["cloudlet", "start", "--port", str(self.port)]
        self._process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        while True:
            try:
                with urllib.request.urlopen(f"{self.endpoint}/_cloudlet/health"):
                    return time.perf_counter() - began
            except urllib.error.URLError:
                if self._process.poll() is not None:
                    raise RuntimeError((self.home / "server.log").read_text()) from None
                time.sleep(0.002)

    def start_once(self) -> None:
        """Starts the server unless it runs."""
        if self._process is None or self._process.poll() is not None:
            self.start()

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    def resident_bytes(self) -> int:
        """The server's memory, as the kernel counts it."""
        assert self._process is not None
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def processor_seconds(self) -> float:
        """What the server has used of the processors since it started."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Ends the server."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)

    def remove(self) -> None:
        """Ends the server and removes what it kept."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def client(self, service: str) -> Any:
        """A boto3 client."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.credentials[0],
            aws_secret_access_key=self.credentials[1],
            config=Config(retries={"max_attempts": 0}),
        )

    def become_user(self) -> None:
        """Goes on as an IAM user with a policy, so that signatures and permissions count."""
        iam = self.client("iam")
        iam.create_user(UserName="bench")
        allow = {
            "Effect": "Allow",
            "Action": ["dynamodb:*", "kinesis:*", "lambda:*", "s3:*"],
            "Resource": "*",
        }
        iam.put_user_policy(
            UserName="bench",
            PolicyName="bench",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
        )
        key = iam.create_access_key(UserName="bench")["AccessKey"]
        self.credentials = self._user = (key["AccessKeyId"], key["SecretAccessKey"])

    def sign_in(self) -> None:
        """Goes on as that user, made the first time, on a server that runs."""
        self.start_once()
        if self._user is None:
            self.credentials = ("test", "test")
            self.become_user()
        else:
            self.credentials = self._user

    def make_role(self) -> str:
        """A role that functions and API Gateway may take; its ARN."""
        iam = self.client("iam")
        role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
        return str(role["Arn"])

    def find_or_make_role(self) -> str:
        """That role, made when it is first asked for."""
        iam = self.client("iam")
        try:
            return str(iam.get_role(RoleName="bench")["Role"]["Arn"])
        except iam.exceptions.NoSuchEntityException:
            return self.make_role()
