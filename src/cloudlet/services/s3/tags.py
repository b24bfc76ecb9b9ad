"""The rules for tags of buckets and objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-managing.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from cloudlet.services.s3.errors import BadRequest, InvalidTag

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import TagTypeDef

_ALLOWED: Final = re.compile(r"[\w\s+\-=.:/@]*")
MOST_OF_OBJECT: Final = 10
MOST_OF_BUCKET: Final = 50


def read_tags(tag_set: Iterable[TagTypeDef], *, most: int, system: bool = False) -> dict[str, str]:
    """The tags of a Tagging document. Raises InvalidTag or BadRequest."""
    tags: dict[str, str] = {}
    for tag in tag_set:
        if tag["Key"] in tags:
            raise InvalidTag("Cannot provide multiple Tags with the same key", TagKey=tag["Key"])
        tags[tag["Key"]] = tag.get("Value", "")
    check_tags(tags, most=most, system=system)
    return tags


def check_tags(tags: Mapping[str, str], *, most: int, system: bool = False) -> None:
    """Raises InvalidTag or BadRequest; `system`: whether tags of AWS's own may be among them."""
    if len(tags) > most:
        what = "Object" if most == MOST_OF_OBJECT else "Bucket"
        raise BadRequest(f"{what} tags cannot be greater than {most}")
    for key, value in tags.items():
        if not key or len(key) > 128 or not _ALLOWED.fullmatch(key):
            raise InvalidTag("The TagKey you have provided is invalid", TagKey=key)
        if len(value) > 256 or not _ALLOWED.fullmatch(value):
            raise InvalidTag("The TagValue you have provided is invalid", TagKey=key, TagValue=value)
        if is_system_tag(key) and not system:
            raise InvalidTag("System tags cannot be added/updated by requester", TagKey=key)


def is_system_tag(key: str) -> bool:
    """Whether a tag is one that only AWS's own services set."""
    return key.lower().startswith("aws:")


def check_system_tags(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Raises InvalidTag where the tags of AWS's own are not left as they are."""
    kept = {key: value for key, value in before.items() if is_system_tag(key)}
    given = {key: value for key, value in after.items() if is_system_tag(key)}
    if any(kept.get(key) != value for key, value in given.items()):
        raise InvalidTag("System tags cannot be added/updated by requester")
    if kept.keys() - given.keys():
        raise InvalidTag("System tags cannot be removed by requester")
