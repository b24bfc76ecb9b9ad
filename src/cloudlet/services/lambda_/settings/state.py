"""Where the rows of URLs, provisioned concurrency and code signing lie. The only file that names their keys.

It decides nothing: what may be set is the operations' business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.rows import Rows
from cloudlet.services.lambda_.references import FunctionReference
from cloudlet.services.lambda_.settings.model import CodeSigningConfig, FunctionUrl, ProvisionedConcurrency

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudlet.core.call import Call


_URLS: Final = Rows(("lambda", "function-url"), FunctionUrl)
_URL_IDS: Final = Rows(("lambda", "function-url-id"), FunctionReference)
_PROVISIONED: Final = Rows(("lambda", "provisioned"), ProvisionedConcurrency)
_CODE_SIGNING: Final = Rows(("lambda", "code-signing-config"), CodeSigningConfig)


def delete_of_function(call: Call, reference: FunctionReference) -> None:
    """Removes all settings of a function and of its versions and aliases."""
    for url in list_urls(call, reference):
        _URL_IDS.delete(call, url.id)
    _URLS.delete_below(call, *_key(reference))
    _PROVISIONED.delete_below(call, *_key(reference))


# --- function URLs


def find_url(call: Call, reference: FunctionReference) -> FunctionUrl | None:
    """The URL of exactly what is named, or None."""
    return _URLS.find(call, *_key(reference), reference.qualifier or "")


def find_url_target(call: Call, url_id: str) -> FunctionReference | None:
    """What a URL leads to, or None."""
    return _URL_IDS.find(call, url_id)


def save_url(call: Call, reference: FunctionReference, row: FunctionUrl) -> None:
    """Writes a URL, and what its id leads to."""
    _URLS.save(call, row, *_key(reference), row.qualifier)
    _URL_IDS.save(call, reference.with_qualifier(row.qualifier or None), row.id)


def delete_url(call: Call, reference: FunctionReference, row: FunctionUrl) -> None:
    """Removes a URL."""
    _URLS.delete(call, *_key(reference), row.qualifier)
    _URL_IDS.delete(call, row.id)


def list_urls(call: Call, reference: FunctionReference, after: str | None = None) -> Iterator[FunctionUrl]:
    """The URLs of a function and of its aliases, by alias."""
    return _URLS.below(call, *_key(reference), after=None if after is None else (after,))


# --- provisioned concurrency


def find_provisioned(call: Call, reference: FunctionReference) -> ProvisionedConcurrency | None:
    """What exactly what is named shall have ready, or None."""
    return _PROVISIONED.find(call, *_key(reference), reference.qualifier or "")


def save_provisioned(call: Call, reference: FunctionReference, row: ProvisionedConcurrency) -> None:
    """Writes what a version or alias shall have ready."""
    _PROVISIONED.save(call, row, *_key(reference), row.qualifier)


def delete_provisioned(call: Call, reference: FunctionReference, qualifier: str) -> None:
    """Removes it."""
    _PROVISIONED.delete(call, *_key(reference), qualifier)


def list_provisioned(
    call: Call, reference: FunctionReference, after: str | None = None
) -> Iterator[ProvisionedConcurrency]:
    """What a function's versions and aliases shall have ready."""
    return _PROVISIONED.below(call, *_key(reference), after=None if after is None else (after,))


def all_provisioned(call: Call, *place: str) -> list[tuple[FunctionReference, int]]:
    """The same of all functions, in an account and region if these are given."""
    rows = _PROVISIONED.items_below(call, *place)
    return [
        (FunctionReference(str(key[0]), str(key[1]), str(key[2]), row.qualifier), row.requested)
        for key, row in rows
    ]


# --- code signing


def find_code_signing_config(call: Call, config_id: str) -> CodeSigningConfig | None:
    """A configuration of the call's account, or None."""
    return _CODE_SIGNING.find(call, call.account, call.region, config_id)


def save_code_signing_config(call: Call, row: CodeSigningConfig) -> None:
    """Writes a configuration."""
    _CODE_SIGNING.save(call, row, call.account, call.region, row.id)


def delete_code_signing_config(call: Call, config_id: str) -> None:
    """Removes a configuration."""
    _CODE_SIGNING.delete(call, call.account, call.region, config_id)


def list_code_signing_configs(call: Call, after: str | None = None) -> Iterator[CodeSigningConfig]:
    """The account's configurations."""
    return _CODE_SIGNING.below(call, call.account, call.region, after=None if after is None else (after,))


def _key(reference: FunctionReference) -> tuple[str, str, str]:
    return (reference.account, reference.region, reference.name)
