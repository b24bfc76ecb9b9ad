"""Checksums of joined bytes from checksums of the parts, against those of the bytes themselves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.checksums import ALGORITHMS, encoded
from cloudlet.services.s3.checksums import FULL_OBJECT_ALGORITHMS
from cloudlet.services.s3.crc import joined


def checksum(algorithm, data):
    hasher = ALGORITHMS[algorithm]()
    hasher.update(data)
    return encoded(hasher)


@pytest.mark.parametrize("algorithm", sorted(FULL_OBJECT_ALGORITHMS))
@settings(max_examples=40, deadline=None)
@given(parts=st.lists(st.binary(max_size=300), max_size=4))
def test_joined_checksums_are_those_of_the_joined_bytes(algorithm, parts):
    known = [(checksum(algorithm, part), len(part)) for part in parts]
    assert joined(algorithm, known) == checksum(algorithm, b"".join(parts))
