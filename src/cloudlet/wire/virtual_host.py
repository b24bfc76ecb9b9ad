"""S3's virtual-hosted addresses: a bucket named by the host becomes the first segment of the path.

Only for S3, and only where the host leaves no doubt; signatures are made over the request as it was sent.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

if TYPE_CHECKING:
    from cloudlet.core.http import HttpRequest

_REGION: Final = r"[a-z]{2}(?:-[a-z]+)+-\d"
_HOSTS: Final = (
    re.compile(rf"(.+)\.s3(?:\.dualstack)?(?:[.-]{_REGION})?\.amazonaws\.com"),
    re.compile(rf"(.+)\.s3(?:\.{_REGION})?\.localhost(?:\.localstack\.cloud)?"),
    # Clients of http://localhost:4566 put the bucket before it; s3.localhost is the endpoint itself.
    re.compile(rf"(?!s3\.)(?!s3(?:\.{_REGION})?\.localhost)(.+)\.localhost"),
)


def find_bucket(host: str) -> str | None:
    """The bucket that a Host header names, or None."""
    name = host.partition(":")[0].lower()
    return next((match[1] for pattern in _HOSTS if (match := pattern.fullmatch(name))), None)


def path_style(request: HttpRequest) -> HttpRequest:
    """The same request with its bucket in the path, if the host names one."""
    bucket = find_bucket(request.header("host") or "")
    return request if bucket is None else replace(request, path=f"/{bucket}{request.path}")
