"""The aws command itself, as people type it."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest


@pytest.fixture
def aws(server, account, tmp_path):
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
    }
    environment.pop("AWS_SESSION_TOKEN", None)

    def run(*arguments):
        command = [sys.executable, str(Path(sys.executable).with_name("aws")), *arguments]
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_mb_cp_ls_presign_sync_and_rb(aws, account, tmp_path):
    url = f"s3://command-{account}"
    (tmp_path / "big.bin").write_bytes(os.urandom(3 * 1024 * 1024))
    assert aws("s3", "mb", url) == f"make_bucket: command-{account}\n"
    aws("s3", "cp", "big.bin", f"{url}/dir/big.bin")
    assert "PRE dir/" in aws("s3", "ls", url)
    aws("s3", "sync", f"{url}/dir", "copied")
    assert (tmp_path / "copied" / "big.bin").read_bytes() == (tmp_path / "big.bin").read_bytes()
    with urllib.request.urlopen(aws("s3", "presign", f"{url}/dir/big.bin").strip()) as answer:
        assert answer.read() == (tmp_path / "big.bin").read_bytes()
    aws("s3", "rm", "--recursive", url)
    assert aws("s3", "rb", url) == f"remove_bucket: command-{account}\n"
