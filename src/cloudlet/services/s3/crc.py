"""The checksum of joined bytes from the checksums of the parts, without reading them again.

A cyclic redundancy check is linear: appending n zero bytes to what was checked is a matrix over GF(2), and
the matrices of powers of two zeros are made by squaring.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final

_POLYNOMIALS: Final = {
    "CRC32": (0xEDB88320, 32),
    "CRC32C": (0x82F63B78, 32),
    "CRC64NVME": (0x9A6C9329AC4BC9B5, 64),
}
"""In reflected form, with their width in bits."""


def joined(algorithm: str, parts: Iterable[tuple[str, int]]) -> str:
    """The checksum of all parts, each given as its checksum in base64 and its size."""
    polynomial, width = _POLYNOMIALS[algorithm]
    total = 0
    for value, size in parts:
        total = _shifted(total, size, polynomial, width) ^ int.from_bytes(base64.b64decode(value), "big")
    return base64.b64encode(total.to_bytes(width // 8, "big")).decode()


def _shifted(value: int, zero_bytes: int, polynomial: int, width: int) -> int:
    """The checksum after as many bytes of zeros."""
    matrix = _squared(_squared(_squared([polynomial, *(1 << bit for bit in range(width - 1))])))
    while zero_bytes:
        if zero_bytes & 1:
            value = _times(matrix, value)
        zero_bytes >>= 1
        matrix = _squared(matrix)
    return value


def _times(matrix: list[int], vector: int) -> int:
    total = 0
    for column in matrix:
        if not vector:
            break
        if vector & 1:
            total ^= column
        vector >>= 1
    return total


def _squared(matrix: list[int]) -> list[int]:
    return [_times(matrix, column) for column in matrix]
