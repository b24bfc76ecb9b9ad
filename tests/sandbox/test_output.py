"""Cutting what functions write into pieces, however it arrives."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.sandbox.host.output import LARGEST_PIECE_BYTES, FrameSplitter, LineSplitter

TEXTS = st.lists(st.binary(max_size=40), max_size=8)
CUTS = st.lists(st.integers(1, 30), max_size=30)


def frame(message):
    return b"\xa5\x5a\x00\x03" + len(message).to_bytes(4, "big") + bytes(8) + message


def feed(splitter, data, cuts):
    pieces = []
    for size in [*cuts, len(data) + 1]:
        pieces += splitter.feed(data[:size]) if data[:size] else []
        data = data[size:]
    return [*pieces, *splitter.end()]


@settings(max_examples=100, deadline=None)
@given(TEXTS, CUTS)
def test_lines_are_the_same_however_they_arrive(texts, cuts):
    lines = [text.replace(b"\n", b" ") for text in texts]
    assert feed(LineSplitter(), b"".join(line + b"\n" for line in lines), cuts) == lines


@settings(max_examples=100, deadline=None)
@given(TEXTS, CUTS)
def test_frames_are_the_same_however_they_arrive(texts, cuts):
    assert feed(FrameSplitter(), b"".join(frame(text) for text in texts), cuts) == [
        text for text in texts if text
    ]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), CUTS)
def test_garbage_on_the_framed_log_is_read_as_lines(data, cuts):
    if data[:1] != b"\xa5":
        assert b"\n".join(feed(FrameSplitter(), data, cuts)).rstrip(b"\n") == data.rstrip(b"\n")


def test_an_unfinished_last_line_is_passed_on_at_the_end():
    assert feed(LineSplitter(), b"one\ntwo", []) == [b"one", b"two"]


def test_pieces_are_never_longer_than_an_event_of_the_log():
    data = b"x" * (3 * LARGEST_PIECE_BYTES + 5)
    for splitter, stream in ((LineSplitter(), data + b"\n"), (FrameSplitter(), frame(data))):
        pieces = feed(splitter, stream, [65536] * 100)
        assert max(len(piece) for piece in pieces) == LARGEST_PIECE_BYTES
        assert b"".join(pieces) == data


def test_a_frame_that_promises_more_than_it_brings_gives_what_it_has():
    announced = b"\xa5\x5a\x00\x03\xff\xff\xff\xff" + bytes(8)
    assert feed(FrameSplitter(), announced + b"little", []) == [b"little"]
