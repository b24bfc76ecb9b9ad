"""scripts/new-operation writes code that is in order, and a test that fails until somebody wrote the rest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scripts.new_operation import Refused, begin

PROJECT = Path(__file__).resolve().parents[2]
UNWRITTEN = "DecodeAuthorizationMessage"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy to write in."""
    ignored = shutil.ignore_patterns("__pycache__", "managed")
    shutil.copytree(PROJECT / "src", tmp_path / "src", ignore=ignored)
    shutil.copytree(
        PROJECT / "src/cloudlet/services/iam/managed", tmp_path / "src/cloudlet/services/iam/managed"
    )
    (tmp_path / "tests").mkdir()
    for module in ("conftest.py", "running_server.py"):
        shutil.copy(PROJECT / "tests" / module, tmp_path / "tests")
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def checked(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(project / "src")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_writes_valid_code_that_fails_its_test(project: Path) -> None:
    place = begin(project, "sts", UNWRITTEN, None)
    assert f'@operation("{UNWRITTEN}"' in place.operations.read_text()
    ran = checked(project, "pytest", str(place.test))
    assert ran.returncode == 1
    assert f"{UNWRITTEN} is not written yet." in ran.stdout
    assert "1 failed" in ran.stdout


def test_its_code_has_no_fault_that_ruff_finds(project: Path) -> None:
    pytest.importorskip("ruff")
    place = begin(project, "iam", "UpdateServerCertificate", "certificates")
    ran = checked(project, "ruff", "check", str(place.operations), str(place.test))
    assert ran.returncode == 0, ran.stdout


def test_an_operation_without_an_answer_gets_a_test_that_fails_too(project: Path) -> None:
    place = begin(project, "iam", "UpdateServerCertificate", "certificates")
    assert "pytest.fail(" in place.test.read_text()


@pytest.mark.parametrize(
    ("service", "operation", "noun", "said"),
    [
        ("nothing", "X", None, "There is no model of 'nothing'"),
        (
            "sts",
            "GetFederationTokens",
            None,
            "STS has no operation 'GetFederationTokens': GetFederationToken",
        ),
        (
            "sts",
            "GetCallerIdentity",
            None,
            "GetCallerIdentity works already: it is cloudlet.services.sts.operations.",
        ),
        ("iam", "UpdateServerCertificate", None, "Say which file it belongs in: --noun access_keys or "),
        ("ec2", "RunInstances", None, "There is no package ec2 yet"),
    ],
)
def test_what_cannot_be_begun_is_refused(service: str, operation: str, noun: str | None, said: str) -> None:
    with pytest.raises(Refused) as refused:
        begin(PROJECT, service, operation, noun)
    assert str(refused.value).startswith(said)
