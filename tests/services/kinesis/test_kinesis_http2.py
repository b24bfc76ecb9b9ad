"""SubscribeToShard as AWS's SDKs ask for it: over HTTP/2. boto3 speaks HTTP/1.1 only."""

from __future__ import annotations

import json

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamBuffer


def test_records_are_pushed_over_http2(server, kinesis, stream, account):
    stream()
    arn = f"arn:aws:kinesis:us-east-1:{account}:stream/orders"
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="app")["Consumer"]["ConsumerARN"]
    server.advance(1)
    while kinesis.list_stream_consumers(StreamARN=arn)["Consumers"][0]["ConsumerStatus"] != "ACTIVE":
        pass
    document = {"ConsumerARN": consumer, "ShardId": "0", "StartingPosition": {"Type": "LATEST"}}
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "Kinesis_20131202.SubscribeToShard",
    }
    request = AWSRequest("POST", f"{server.endpoint}/", headers, json.dumps(document).encode())
    SigV4Auth(Credentials(account, "secret"), "kinesis", "us-east-1").add_auth(request)
    prepared = request.prepare()
    frames, kinds, records = EventStreamBuffer(), [], []
    with (
        httpx.Client(http1=False, http2=True, timeout=20) as client,
        client.stream(
            "POST", prepared.url, content=prepared.body, headers=dict(prepared.headers)
        ) as response,
    ):
        assert (response.http_version, response.status_code) == ("HTTP/2", 200)
        for piece in response.iter_raw():
            frames.add_data(piece)
            for frame in frames:
                kinds.append(frame.headers[":event-type"])
                records += json.loads(frame.payload).get("Records", ())
            if len(kinds) == 2:
                kinesis.put_record(StreamName="orders", Data="pushed", PartitionKey="k")
            if records:
                break
    assert kinds == ["initial-response", "SubscribeToShardEvent", "SubscribeToShardEvent"]
    assert records[0]["Data"] == "cHVzaGVk"
