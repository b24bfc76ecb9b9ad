"""Range headers against Python's own slices."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.services.s3.content import runs_of
from cloudlet.services.s3.errors import InvalidRange
from cloudlet.services.s3.model import Piece
from cloudlet.services.s3.ranges import find_span


@settings(max_examples=200)
@given(st.text(max_size=30), st.integers(0, 50))
def test_noise_is_a_range_of_the_object_or_none(header, size):
    try:
        span = find_span(f"bytes={header}", size)
    except InvalidRange:
        return
    assert span is None or (span.offset >= 0 and span.count > 0 and span.offset + span.count <= size)


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=8), max_size=5), st.data())
def test_runs_of_pieces_hold_the_bytes_that_are_asked_for(blobs, data):
    whole = b"".join(blobs)
    offset = data.draw(st.integers(0, len(whole)))
    count = data.draw(st.integers(0, len(whole) - offset))
    pieces = [Piece(str(index), len(blob)) for index, blob in enumerate(blobs)]
    runs = runs_of(pieces, offset, count)
    taken = b"".join(blobs[int(run.blob_id)][run.offset : run.offset + run.count] for run in runs)
    assert taken == whole[offset : offset + count]
