"""The hardware security module with a domain key of its own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cloudlet.core.ids import Ids
from cloudlet.services.kms.hsm import HardwareSecurityModule
from cloudlet.services.kms.model import Key


def module(secret):
    secrets = SimpleNamespace(secret=lambda _name: secret)
    return HardwareSecurityModule(SimpleNamespace(secrets=secrets))


def test_a_lost_domain_key_is_told_as_that_and_not_as_a_bad_ciphertext():
    call = SimpleNamespace(ids=Ids(), time=lambda: 0.0)
    key = Key("1234abcd-12ab-34cd-56ef-1234567890ab", "111122223333", "us-east-1", 0.0, "{}")
    material = module(b"a" * 32).new_material(call, key)

    assert len(module(b"a" * 32).unwrapped(key, material)) == 32
    with pytest.raises(RuntimeError, match="was not wrapped by the secret kms-domain-key"):
        module(b"b" * 32).unwrapped(key, material)
