"""The aws command itself, as people type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def environment(endpoint: str, folder: Path, key: str, secret: str, token: str = "") -> dict[str, str]:
    """The variables that lead the command to a cloud, and away from its user's own settings."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    own = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(folder / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return {**others, **own, **({"AWS_SESSION_TOKEN": token} if token else {})}


@dataclass(frozen=True, slots=True)
class AwsCommand:
    """The command with somebody's keys, in a folder."""

    endpoint: str
    folder: Path
    key: str
    secret: str = "secret"
    token: str = ""

    def __call__(self, *words: str) -> str:
        """What a command prints; the test fails where the command does."""
        done = self.run(*words)
        assert done.returncode == 0, f"aws {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *words: str) -> Any:
        """What a command answers."""
        return json.loads(self(*words, "--output", "json"))

    def refusal(self, *words: str) -> str:
        """What a command that must fail says."""
        done = self.run(*words)
        assert done.returncode != 0, f"aws {' '.join(words)}: {done.stdout}"
        return done.stderr.strip()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        return subprocess.run(
            [str(Path(sys.executable).with_name("aws")), *words],
            env=environment(self.endpoint, self.folder, self.key, self.secret, self.token),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def signing_with(self, credentials: Mapping[str, str]) -> AwsCommand:
        """The command with other keys, as IAM and STS give them out."""
        return AwsCommand(
            self.endpoint,
            self.folder,
            credentials["AccessKeyId"],
            credentials["SecretAccessKey"],
            credentials.get("SessionToken", ""),
        )
