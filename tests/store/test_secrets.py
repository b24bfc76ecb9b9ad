"""The files of the cloud's own secrets."""

from __future__ import annotations

import stat

import pytest

from cloudlet.store.secrets import DirectorySecrets


def test_a_secret_stays_the_same_and_is_only_its_users(tmp_path):
    directory = tmp_path / "secrets"
    found = DirectorySecrets(directory).secret("one")

    assert len(found) == 32
    assert DirectorySecrets(directory).secret("one") == found
    assert DirectorySecrets(directory).secret("two") != found
    assert stat.S_IMODE((directory / "one").stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert sorted(path.name for path in directory.iterdir()) == ["one", "two"]


def test_a_broken_secret_is_not_taken(tmp_path):
    (tmp_path / "one").write_bytes(b"short")
    with pytest.raises(ValueError, match="does not have 32 bytes"):
        DirectorySecrets(tmp_path).secret("one")
