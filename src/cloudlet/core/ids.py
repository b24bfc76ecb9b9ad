"""Identifiers in the forms AWS gives them, from an injected source of randomness."""

from __future__ import annotations

import base64
import hashlib
import random
import string
from typing import Final

_BASE32: Final = string.ascii_uppercase + "234567"
_LOWER: Final = string.ascii_lowercase + string.digits
_MIXED: Final = string.ascii_letters + string.digits


def host_id(request_id: str) -> str:
    """The second id of a request to S3, in AWS's form: 76 characters of base64."""
    return base64.b64encode(hashlib.sha512(request_id.encode()).digest()[:57]).decode("ascii")


class Ids:
    """A source of identifiers. Seeded in tests, from the operating system otherwise."""

    def __init__(self, source: random.Random | None = None) -> None:
        self.random = source or random.SystemRandom()
        self._fast = source or random.Random(self.random.getrandbits(256))

    def uuid(self) -> str:
        """A random UUID, as AWS's request ids are; not for secrets."""
        digits = f"{self._fast.getrandbits(128):032x}"
        variant = "89ab"[int(digits[16], 16) & 3]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def unique_id(self, prefix: str, length: int = 21) -> str:
        """An IAM unique id such as AIDAQ3EGP5EXAMPLEID: prefix, then capitals and digits, `length` in all."""
        return prefix + self._pick(_BASE32, length - len(prefix))

    def lower(self, length: int) -> str:
        """Lower-case letters and digits, as API Gateway's ids are."""
        return self._pick(_LOWER, length)

    def mixed(self, length: int) -> str:
        """Letters and digits; good for secrets."""
        return self._pick(_MIXED, length)

    def hexadecimal(self, length: int) -> str:
        """Hexadecimal digits."""
        return self._pick("0123456789abcdef", length)

    def _pick(self, alphabet: str, length: int) -> str:
        return "".join(self.random.choices(alphabet, k=length))
