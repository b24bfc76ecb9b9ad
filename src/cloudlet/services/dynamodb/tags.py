"""Tags of tables: which there may be, in DynamoDB's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cloudlet.services.dynamodb.errors import ValidationException

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_TAGS: Final = 50
_MAX_KEY: Final = 128
_MAX_VALUE: Final = 256
_PUNCTUATION: Final = frozenset("+-=._:/@")
_RESERVED: Final = "aws:"
_TOO_MANY: Final = "Number of Tags exceed the current limit for the provided ResourceArn"

Tags: TypeAlias = tuple[tuple[str, str], ...]


def new_tags(requested: Sequence[Mapping[str, Any]] | None, *, by_service: bool) -> Tags:
    """The tags of a new table. Raises ValidationException.

    A service of AWS, such as CloudFormation, may set tags of its own, beginning with aws:.
    """
    return _bounded(_accepted(requested or (), by_service=by_service))


def with_tags(current: Tags, requested: Sequence[Mapping[str, Any]], *, by_service: bool) -> Tags:
    """The tags after some were set. Raises ValidationException."""
    if not requested:
        raise ValidationException("Atleast one Tag needs to be provided as Input.")
    return _bounded({**dict(current), **_accepted(requested, by_service=by_service)})


def without_tags(current: Tags, keys: Sequence[str], *, by_service: bool) -> Tags:
    """The tags after some were removed; one that is not there is no error. Raises ValidationException."""
    if not keys:
        raise ValidationException("Atleast one Tag Key needs to be provided as Input.")
    for key in keys:
        _check_key(key, by_service=by_service)
    if len(keys) > MAX_TAGS:
        raise ValidationException(_TOO_MANY)
    return tuple((key, value) for key, value in current if key not in keys)


def _accepted(requested: Iterable[Mapping[str, Any]], *, by_service: bool) -> dict[str, str]:
    tags: dict[str, str] = {}
    for tag in requested:
        key, value = tag.get("Key"), tag.get("Value")
        _check_key(key, by_service=by_service)
        if value is None or len(value) > _MAX_VALUE or not all(map(_fits, value)):
            raise ValidationException(f"The Tag Value provided is invalid, Value: {_told(value)}")
        if key in tags:
            raise ValidationException(f"Duplicate Tag Keys provided as input: Duplicate Tag Key found {key}")
        tags[str(key)] = value
    return tags


def _bounded(tags: Mapping[str, str]) -> Tags:
    if len(tags) > MAX_TAGS:
        raise ValidationException(_TOO_MANY)
    return tuple(tags.items())


def _check_key(key: str | None, *, by_service: bool) -> None:
    if not key or len(key) > _MAX_KEY or not all(map(_fits, key)):
        raise ValidationException(f"The Tag Key provided is invalid, Key: {_told(key)}")
    if key.lower().startswith(_RESERVED) and not by_service:
        raise ValidationException(f"Tag Key cannot be prefixed with {_RESERVED}, Key: {key}")


def _fits(character: str) -> bool:
    return character.isalnum() or character.isspace() or character in _PUNCTUATION


def _told(text: str | None) -> str:
    return "null" if text is None else text
