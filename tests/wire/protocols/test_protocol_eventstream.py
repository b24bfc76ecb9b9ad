"""Event streams are framed as botocore reads them, and anything else is refused."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.core.errors import ServiceError
from cloudlet.core.http import HttpRequest
from cloudlet.wire.model import Models
from cloudlet.wire.protocols import Protocols
from cloudlet.wire.protocols.errors import SerializationException
from cloudlet.wire.protocols.eventstream import Message, MessageDecoder, encode_message

PROTOCOLS = Protocols(Models())


def events_of(service, operation, result):
    response = PROTOCOLS.choose(service, HttpRequest("POST", "/")).serialize(operation, result, "id-1")
    assert response.header("content-type") == "application/vnd.amazon.eventstream"

    async def read():
        return b"".join([chunk async for chunk in response.body])

    buffer = EventStreamBuffer()
    buffer.add_data(asyncio.run(read()))
    return [event.to_response_dict() for event in buffer]


async def stream(*events, error=None):
    for event in events:
        yield event
    if error:
        raise error


def test_select_object_content_sends_records_stats_and_end():
    records, stats, end = events_of(
        "s3",
        "SelectObjectContent",
        {
            "Payload": stream(
                {"Records": {"Payload": b"a,b\n"}}, {"Stats": {"Details": {"BytesScanned": 4}}}, {"End": {}}
            )
        },
    )
    assert (records["headers"][":event-type"], records["body"]) == ("Records", b"a,b\n")
    assert records["headers"][":content-type"] == "application/octet-stream"
    assert b"<BytesScanned>4</BytesScanned>" in stats["body"]
    assert stats["headers"][":content-type"] == "text/xml"
    assert (end["headers"][":event-type"], end["body"]) == ("End", b"")


def test_invoke_with_response_stream_sends_chunks_and_completion():
    chunk, complete = events_of(
        "lambda",
        "InvokeWithResponseStream",
        {
            "EventStream": stream(
                {"PayloadChunk": {"Payload": b"hi"}}, {"InvokeComplete": {"LogResult": "bG9n"}}
            )
        },
    )
    assert (chunk["headers"][":event-type"], chunk["body"]) == ("PayloadChunk", b"hi")
    assert complete["body"] == b'{"LogResult":"bG9n"}'


def test_live_tail_begins_with_an_initial_response_and_ends_with_the_error():
    class SessionTimeoutException(ServiceError):
        """Raised when a session has lasted too long."""

    start, update, end = events_of(
        "logs",
        "StartLiveTail",
        {
            "responseStream": stream(
                {"sessionUpdate": {"sessionResults": [{"message": "m"}]}},
                error=SessionTimeoutException("Over."),
            )
        },
    )
    assert start["headers"][":event-type"] == "initial-response"
    assert update["body"] == b'{"sessionResults":[{"message":"m"}]}'
    assert end["headers"][":message-type"] == "exception"
    assert end["headers"][":exception-type"] == "SessionTimeoutException"
    assert end["body"] == b'{"message":"Over."}'


def test_error_that_the_stream_does_not_have_ends_it_with_code_and_message():
    class Gone(ServiceError):
        """Raised by nothing that the model knows."""

    (end,) = events_of("lambda", "InvokeWithResponseStream", {"EventStream": stream(error=Gone("Away."))})
    assert end["headers"] == {":message-type": "error", ":error-code": "Gone", ":error-message": "Away."}


HEADERS = st.dictionaries(
    st.text(min_size=1, max_size=20),
    st.one_of(
        st.booleans(),
        st.integers(-(1 << 63), (1 << 63) - 1),
        st.binary(max_size=50),
        st.text(max_size=50),
        st.uuids(),
        st.integers(0, 4_000_000_000_000).map(lambda ms: datetime.fromtimestamp(ms // 1000, UTC)),
    ),
    max_size=5,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.builds(Message, HEADERS, st.binary(max_size=200)), max_size=4), st.integers(1, 64))
def test_messages_survive_framing_however_the_bytes_are_cut(messages, size):
    framed = b"".join(encode_message(message) for message in messages)
    decoder = MessageDecoder()
    read = [message for at in range(0, len(framed), size) for message in decoder.feed(framed[at : at + size])]
    assert read == messages


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_stream_are_refused_or_wait_for_more(data):
    try:
        MessageDecoder().feed(data)
    except SerializationException:
        return


def test_altered_message_is_refused():
    framed = bytearray(encode_message(Message({"id": uuid.UUID(int=1)}, b"payload")))
    framed[-6] ^= 1
    with pytest.raises(SerializationException):
        MessageDecoder().feed(bytes(framed))
