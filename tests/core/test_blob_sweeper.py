"""Blobs that no row names go after an hour; what is in use stays, however old it is."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudlet.config import Config
from cloudlet.core.access import Principal
from cloudlet.core.blobs import BlobSweeper
from cloudlet.core.call import Call
from cloudlet.core.rows import Rows

MIB = 1 << 20
TWO_HOURS = 2 * 3600
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


class BlobFolder:
    """The files of the running server, which can be made older."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._cloud = server.app.cloud
        self._known = self._files()

    def orphan(self) -> Path:
        """A blob whose row was never written."""

        async def body() -> AsyncIterator[bytes]:
            yield b"lost"

        blob_id, _ = self._server.run(self._cloud.blobs.write(body()))
        file: Path = self._cloud.blobs.path(blob_id)
        return file

    def new(self) -> set[Path]:
        """The files that came since this was asked last, by now two hours old."""
        found = self._files() - self._known
        for file in found:
            age(file)
        self._known |= found
        return found

    def sweep(self) -> int:
        removed: int = self._server.run(BlobSweeper(self._cloud).sweep())
        return removed

    def _files(self) -> set[Path]:
        folder = self._cloud.work_dir.parent / "blobs"
        return {file for file in folder.rglob("*") if file.is_file()}


def age(file: Path) -> None:
    written = file.stat().st_mtime - TWO_HOURS
    os.utime(file, (written, written))


def package(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", source)
    return buffer.getvalue()


def made_function(client: Callable[..., Any], source: str, **settings: Any) -> Any:
    """A function named f; the client that it was made by."""
    made = client("iam").create_role(RoleName="runner", AssumeRolePolicyDocument=json.dumps(TRUST))
    functions = client("lambda")
    functions.create_function(
        FunctionName="f",
        Role=made["Role"]["Arn"],
        Runtime="python3.12",
        Handler="index.handler",
        Code={"ZipFile": package(source)},
        **settings,
    )
    settle(functions)
    return functions


def settle(functions: Any) -> None:
    often = {"Delay": 0, "MaxAttempts": 10**6}
    functions.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig=often)
    functions.get_waiter("function_updated_v2").wait(FunctionName="f", WaiterConfig=often)


@pytest.fixture(scope="module")
def server(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server, and so a clock, of its own."""
    running = type(server)(Config(data=tmp_path_factory.mktemp("blobs"), port=0))
    yield running
    running.close()


@pytest.fixture
def blobs(server: Any) -> BlobFolder:
    return BlobFolder(server)


@pytest.fixture
def bucket(client: Callable[..., Any], account: str) -> str:
    client("s3").create_bucket(Bucket=f"test-{account}")
    return f"test-{account}"


def test_an_old_blob_without_a_row_goes_and_a_young_one_stays(blobs: BlobFolder) -> None:
    old, young = blobs.orphan(), blobs.orphan()
    age(old)
    assert blobs.sweep() == 1
    assert not old.exists()
    assert young.exists()
    age(young)
    assert blobs.sweep() == 1


def test_objects_versions_and_parts_keep_their_blobs(
    blobs: BlobFolder, client: Callable[..., Any], bucket: str
) -> None:
    s3 = client("s3")
    enabled = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1" * MIB)["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"2" * MIB)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    named = {"Bucket": bucket, "Key": "parts", "UploadId": upload}
    part = s3.upload_part(**named, PartNumber=1, Body=b"3" * MIB)
    assert len(blobs.new()) == 4
    assert blobs.sweep() == 0
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    assert blobs.sweep() == 0
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=first)["Body"].read() == b"1" * MIB
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"2" * MIB
    assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == b"3" * MIB


def test_what_a_reader_may_still_be_at_is_not_swept(
    blobs: BlobFolder, client: Callable[..., Any], bucket: str
) -> None:
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1" * MIB)
    (file,) = blobs.new()
    s3.delete_object(Bucket=bucket, Key="k")
    assert blobs.sweep() == 0
    assert file.exists()


def test_packages_stay_as_long_as_a_version_has_them(blobs: BlobFolder, client: Callable[..., Any]) -> None:
    functions = made_function(client, "one = 1")
    (published,) = blobs.new()
    functions.publish_version(FunctionName="f")
    for source in ("two = 2", "three = 3"):
        functions.update_function_code(FunctionName="f", ZipFile=package(source))
        settle(functions)
    assert len(blobs.new()) == 2
    assert blobs.sweep() == 1
    assert published.exists()
    functions.delete_function(FunctionName="f")
    assert blobs.sweep() == 2
    assert not published.exists()


def test_a_deleted_layer_stays_for_the_functions_that_have_it(
    blobs: BlobFolder, client: Callable[..., Any]
) -> None:
    functions = client("lambda")
    layer = functions.publish_layer_version(LayerName="l", Content={"ZipFile": package("four = 4")})
    (file,) = blobs.new()
    assert blobs.sweep() == 0
    made_function(client, "five = 5", Layers=[layer["LayerVersionArn"]])
    functions.delete_layer_version(LayerName="l", VersionNumber=1)
    assert blobs.sweep() == 0
    functions.delete_function(FunctionName="f")
    assert blobs.sweep() == 1
    assert not file.exists()


def test_it_sweeps_some_minutes_after_the_start_and_every_hour(
    server: Any, blobs: BlobFolder, client: Callable[..., Any]
) -> None:
    s3 = client("s3")
    for _ in range(2):
        orphan = blobs.orphan()
        age(orphan)
        server.advance(3601)
        for _ in range(500):
            if not orphan.exists():
                break
            # Each request lets the worker get on.
            s3.list_buckets()
        assert not orphan.exists()


def test_a_scan_reads_every_row_once_and_in_order(server: Any, account: str) -> None:
    rows = Rows(("test-scan", account), int)
    cloud = server.app.cloud
    call = cloud.call("s3", Principal.root(account), account, "us-east-1")

    def write(inner: Call) -> None:
        for number in range(1500):
            rows.save(inner, number * 2, number)

    async def scanned() -> list[tuple[Any, int]]:
        await call.transact(write)
        return [item async for item in rows.scan(call)]

    assert server.run(scanned()) == [((number,), number * 2) for number in range(1500)]
