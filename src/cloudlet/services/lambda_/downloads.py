"""Where GetFunction and GetLayerVersion say that code can be had: a URL that nobody can guess.

It serves packages only, to whoever has the URL, as a presigned URL of S3 does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from cloudlet.core.http import FileBody, HttpResponse
from cloudlet.core.operation import DataPlane
from cloudlet.core.store import BlobNotFound

if TYPE_CHECKING:
    from cloudlet.core.call import Cloud
    from cloudlet.core.http import HttpRequest

_PREFIX: Final = "/_lambda/packages/"
_ID_LENGTH: Final = 32


def location(cloud: Cloud, blob_id: str) -> str:
    """The URL of a package."""
    return f"{cloud.endpoint}{_PREFIX}{blob_id}.zip"


def _claims(request: HttpRequest) -> bool:
    return request.path.startswith(_PREFIX)


async def _download(cloud: Cloud, request: HttpRequest) -> HttpResponse:
    blob_id = request.path.removeprefix(_PREFIX).removesuffix(".zip")
    if len(blob_id) != _ID_LENGTH or not blob_id.isalnum():
        return HttpResponse(404)
    try:
        path = cloud.blobs.path(blob_id)
        size_bytes = (await asyncio.to_thread(path.stat)).st_size
    except (BlobNotFound, FileNotFoundError):
        return HttpResponse(404)
    return HttpResponse(200, [("Content-Type", "application/zip")], FileBody(path, 0, size_bytes))


DATA_PLANE: Final = DataPlane(_claims, _download)
