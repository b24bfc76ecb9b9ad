"""A server killed in the middle of an upload: what it has of the body is gone after some time."""

from __future__ import annotations

import json
import os
import socket
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from cloud_process import CloudProcess

MIB = 1 << 20


def test_what_a_killed_upload_left_is_removed(tmp_path: Path) -> None:
    with CloudProcess(tmp_path) as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="kept", Body=b"k" * MIB)
        (kept,) = files(tmp_path)
        parameters = {"Bucket": "bucket", "Key": "k"}
        url = urlsplit(s3.generate_presigned_url("put_object", Params=parameters))
        with socket.create_connection((str(url.hostname), url.port or 80)) as connection:
            head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n"
            connection.sendall(f"{head}Content-Length: {4 * MIB}\r\n\r\n".encode() + bytes(2 * MIB))
            while not (left := files(tmp_path) - {kept}):
                s3.list_buckets()
            cloud.kill()
        for file in (kept, *left):
            os.utime(file, (1, 1))
        cloud.start()
        advance(cloud, 301)
        s3 = cloud.client("s3")
        for _ in range(500):
            if files(tmp_path) == {kept}:
                break
            s3.list_buckets()
        assert files(tmp_path) == {kept}
        assert s3.get_object(Bucket="bucket", Key="kept")["Body"].read() == b"k" * MIB


def files(home: Path) -> set[Path]:
    """The bodies that lie on the disk."""
    return {file for folder in home.rglob("blobs") for file in folder.rglob("*") if file.is_file()}


def advance(cloud: CloudProcess, seconds: float) -> None:
    """Moves the cloud's clock."""
    body = json.dumps({"advance_seconds": seconds}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{cloud.endpoint}/_cloudlet/clock", body, headers)
    urllib.request.urlopen(request).close()
