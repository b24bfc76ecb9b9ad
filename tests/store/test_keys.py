from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloudlet.core.store import LAST, Key
from cloudlet.store.keys import KeyEncoder, decode
from store.engines import rank

PARTS = st.one_of(
    st.binary(max_size=6),
    st.text(st.sampled_from("\x00\x01\x02a\xfeé\uffff\U0001f600"), max_size=4),
    st.integers(),
    st.integers(-(1 << 70), 1 << 70),
    st.sampled_from([0, -1, 1, 255, 256, -255, -256, (1 << 64) - 1, 1 << 64, -(1 << 64), -(1 << 64) + 1]),
)
KEYS = st.lists(PARTS, max_size=6).map(tuple)


@given(KEYS)
@example(("", b"", 0))
@example((b"\x00\xff\x00", "\x00\x00", -(1 << 3000), 1 << 3000))
def test_a_key_is_decoded_as_it_was(key: Key) -> None:
    encoded = KeyEncoder().encode(key)
    assert decode(encoded) == key
    assert [type(part) for part in decode(encoded)] == [type(part) for part in key]


@given(st.lists(KEYS, min_size=2, max_size=8))
def test_bytes_sort_as_the_keys_do(keys: list[Key]) -> None:
    encode = KeyEncoder().encode
    assert sorted(keys, key=encode) == sorted(keys, key=rank)
    assert len({encode(key) for key in keys}) == len({rank(key) for key in keys})


@given(KEYS, KEYS, PARTS)
def test_last_closes_exactly_what_begins_with_the_prefix(
    prefix: Key, other: Key, part: bytes | str | int
) -> None:
    encode = KeyEncoder().encode
    start, end = encode(prefix), encode((*prefix, LAST))
    assert start <= encode(prefix) < end
    assert start < encode((*prefix, part)) < end
    assert (start <= encode(other) < end) == (other[: len(prefix)] == prefix and rank(other) >= rank(prefix))


def test_last_itself_is_decoded_and_sorts_between_a_text_and_that_text_with_more() -> None:
    encode = KeyEncoder().encode
    assert decode(encode(("a", LAST, 1))) == ("a", LAST, 1)
    assert encode(("a", "b")) < encode(("a", LAST, "z")) < encode(("a\x00",)) < encode(("a\x01",))


def test_more_heads_than_are_kept_encode_the_same() -> None:
    encoder = KeyEncoder()
    keys: list[Key] = [("a", "b", number, b"c", "d") for number in range(5000)]
    assert [decode(encoder.encode(key)) for key in keys] == keys
    assert [encoder.encode(key) for key in keys] == [KeyEncoder().encode(key) for key in keys]


def test_a_part_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="not float"):
        KeyEncoder().encode((1.5,))  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(TypeError, match="not NoneType"):
        KeyEncoder().encode(("a", "b", "c", "d", None))  # type: ignore[arg-type]  # wrong on purpose


def test_bytes_that_are_no_key_are_refused() -> None:
    with pytest.raises(ValueError, match="tag 0x77"):
        decode(b"\x77")
