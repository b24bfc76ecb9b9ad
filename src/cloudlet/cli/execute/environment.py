"""The environment of a program under `cloudlet exec`. Reads none by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloudlet.cli.execute.files import Files
from cloudlet.cli.execute.names import DOMAINS
from cloudlet.cli.runfile import Running

_REGION: Final = "us-east-1"
_BUNDLE_VARIABLES: Final = ("SSL_CERT_FILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_PROXY_VARIABLES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


def within_namespaces(
    given: Mapping[str, str], cloud: Running, files: Files, proxy_port: int
) -> dict[str, str]:
    """Where AWS's names lead to the cloud by themselves: programs are told of no endpoint."""
    made = _common(given, cloud, files, proxy_port)
    made["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
    direct = ",".join([*_LOCAL, *DOMAINS, *(f".{domain}" for domain in DOMAINS)])
    return made | {"NO_PROXY": direct, "no_proxy": direct}


def without_namespaces(
    given: Mapping[str, str], cloud: Running, files: Files, proxy_port: int
) -> dict[str, str]:
    """Where only what programs are told leads them to the cloud."""
    direct = ",".join(_LOCAL)
    made = _common(given, cloud, files, proxy_port)
    return made | {"AWS_ENDPOINT_URL": cloud.endpoint, "NO_PROXY": direct, "no_proxy": direct}


def _common(given: Mapping[str, str], cloud: Running, files: Files, proxy_port: int) -> dict[str, str]:
    made = {name: value for name, value in given.items() if not name.startswith("AWS_ENDPOINT_URL")}
    region = made.get("AWS_REGION") or made.get("AWS_DEFAULT_REGION") or _REGION
    made |= {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    if not made.get("AWS_ACCESS_KEY_ID") and not made.get("AWS_PROFILE"):
        made |= {"AWS_ACCESS_KEY_ID": cloud.access_key_id, "AWS_SECRET_ACCESS_KEY": cloud.secret_access_key}
        made.pop("AWS_SESSION_TOKEN", None)
    made |= dict.fromkeys(_BUNDLE_VARIABLES, str(files.bundle))
    made["NODE_EXTRA_CA_CERTS"] = str(files.bundle)
    return made | dict.fromkeys(_PROXY_VARIABLES, f"http://127.0.0.1:{proxy_port}")
