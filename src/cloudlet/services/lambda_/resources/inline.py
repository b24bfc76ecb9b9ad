"""Code that stands in a template: packed as AWS packs it, with the module for answering custom resources.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
from importlib import resources
from typing import Final

from cloudlet.services.lambda_.errors import InvalidParameterValueException

_LIMIT_BYTES: Final = 4 << 20
_USES_PYTHON_MODULE: Final = re.compile(r"^\s*import cfnresponse\b", re.MULTILINE)
_USES_NODE_MODULE: Final = re.compile(r"require\(\s*['\"]cfn-response['\"]\s*\)")
_MODULES: Final = "cloudlet.services.lambda_.resources"
_FILE_MODE: Final = (stat.S_IFREG | 0o644) << 16


def package(source: str, runtime: str) -> bytes:
    """The zip of a template's inline code; the same code makes the same zip."""
    if len(source.encode()) > _LIMIT_BYTES:
        raise InvalidParameterValueException(f"Inline code must not be larger than {_LIMIT_BYTES} bytes.")
    files = {"index.py" if runtime.startswith("python") else "index.js": source}
    if runtime.startswith("python") and _USES_PYTHON_MODULE.search(source):
        files["cfnresponse.py"] = _module("cfnresponse.py")
    elif runtime.startswith("nodejs") and _USES_NODE_MODULE.search(source):
        files["node_modules/cfn-response/index.js"] = _module("cfn-response.js")
    return _zip(files)


def _module(name: str) -> str:
    return resources.files(_MODULES).joinpath("modules", name).read_text()


def _zip(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = _FILE_MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()
