"""The name that a client asks for, read before the handshake."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlet.wire.server.client_hello import RECORD_HEADER_BYTES, record_bytes, server_name


def hello(name: str | None) -> bytes:
    """What a client of this machine's library sends first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    sent = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


@pytest.mark.parametrize("name", ["api.example.com", "A.Example.Com", None])
def test_the_name_of_a_hello_is_found(name):
    sent = hello(name)
    assert record_bytes(sent[:RECORD_HEADER_BYTES]) == len(sent)
    assert server_name(sent) == (name.lower() if name else None)


@given(st.integers(0, 600))
def test_a_hello_that_is_cut_off_names_its_server_or_none(length):
    assert server_name(hello("api.example.com")[:length]) in ("api.example.com", None)


@given(st.binary(max_size=200))
def test_whatever_is_sent_names_a_server_or_none(content):
    assert record_bytes(content[:RECORD_HEADER_BYTES]) <= RECORD_HEADER_BYTES + (1 << 14)
    name = server_name(b"\x16\x03\x01\x00\xc8\x01" + content)
    assert name is None or name.isascii()
