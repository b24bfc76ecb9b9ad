"""How a function reaches the cloud: by address, by name, with and without TLS, and nothing else by name."""

from __future__ import annotations

import json

import pytest
from dnslib import QTYPE, RCODE, DNSRecord
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.sandbox.host import dns

FETCH = """
    import json, urllib.request

    def handler(event, context):
        with urllib.request.urlopen(event) as answer:
            return json.load(answer)
"""


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("http://127.0.0.1:4566/a", "http"),
        ("http://localhost:4566/a", "http"),
        ("http://s3.us-east-1.amazonaws.com/a", "http"),
        ("https://s3.us-east-1.amazonaws.com/a", "https"),
        ("https://sts.amazonaws.com/a", "https"),
    ],
)
def test_the_cloud_answers_by_address_and_by_name(bench, python, url, scheme):
    async def scenario():
        async with bench.function(python(FETCH)) as function:
            return await function.invoke(url)

    kind, said = bench.run(scenario())
    assert kind == "response", said
    assert (said["path"], said["scheme"], said["host"]) == ("/a", scheme, url.split("/")[2])


def test_other_names_do_not_exist(bench, python):
    source = """
        import socket

        def handler(event, context):
            try:
                return socket.getaddrinfo(event, 80)
            except socket.gaierror as error:
                return error.args[0]
    """

    async def scenario():
        async with bench.function(python(source)) as function:
            return await function.invoke("example.com"), await function.invoke("localhost")

    (_, refused), (_, own) = bench.run(scenario())
    assert refused == -2
    assert own[0][4] == ["127.0.0.1", 80]


def test_the_unmodified_sdk_for_python_reaches_the_cloud_without_any_setting(bench, python):
    source = """
        import boto3

        def handler(event, context):
            s3 = boto3.client("s3")
            return s3.get_object(Bucket="bucket", Key="key")["Body"].read().decode()
    """

    async def scenario():
        async with bench.function(python(source)) as function:
            return await function.invoke({})

    kind, said = bench.run(scenario())
    assert kind == "response", said
    said = json.loads(said)
    assert (said["host"], said["path"], said["scheme"]) == ("bucket.s3.amazonaws.com", "/key", "https")


def test_plain_https_from_node_reaches_the_cloud(bench, node):
    source = """
        const https = require('https')
        exports.handler = () => new Promise((resolve, reject) => {
          https.request('https://dynamodb.us-east-1.amazonaws.com/x', (response) => {
            let text = ''
            response.on('data', (piece) => { text += piece })
            response.on('end', () => resolve(JSON.parse(text)))
          }).on('error', reject).end()
        })
    """

    async def scenario():
        async with bench.function(node(source), runtime="nodejs") as function:
            return await function.invoke({})

    kind, said = bench.run(scenario())
    assert kind == "response", said
    assert (said["host"], said["scheme"]) == ("dynamodb.us-east-1.amazonaws.com", "https")


def cloud_only(name):
    return name.endswith("amazonaws.com")


def ask(name, kind="A"):
    reply = dns.answer(DNSRecord.question(name, kind).pack(), cloud_only)
    return DNSRecord.parse(reply)


def test_names_of_the_cloud_have_an_address_of_version_4_only():
    assert str(ask("Sqs.us-east-1.AmazonAWS.com").rr[0].rdata) == "127.0.0.1"
    version_6 = ask("sqs.us-east-1.amazonaws.com", "AAAA")
    assert (version_6.header.rcode, version_6.rr) == (RCODE.NOERROR, [])


def test_other_names_are_answered_as_absent():
    assert ask("example.com").header.rcode == RCODE.NXDOMAIN
    assert ask("example.com").q.qtype == QTYPE.A


def test_a_reply_is_not_answered():
    assert dns.answer(bytes(ask("example.com").pack()), cloud_only) is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=600))
def test_any_datagram_is_answered_or_dropped(data):
    reply = dns.answer(data, cloud_only)
    assert reply is None or reply[:2] == data[:2]
