"""TOML that a person has written, read at a cost that its length bounds.

The reader of the standard library keeps every beginning of a dotted key, so the memory that one
takes grows with the square of its parts: seventy kilobytes of ``a.a.a.a`` were more than a
gigabyte.
"""

from __future__ import annotations

import tomllib
from typing import Any

LARGEST = 1_000_000
"""Bytes; the demonstration has fifty thousand."""

MOST_DOTS = 100
"""In one line, be it a key or a text."""


def read_toml(data: bytes) -> dict[str, Any]:
    """The document. Raises ``ValueError`` for what is no TOML in UTF-8, or too large or too deep;
    ``RecursionError`` where it is nested without end.
    """
    if len(data) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    for number, line in enumerate(data.splitlines(), 1):
        if line.count(b".") > MOST_DOTS:
            raise ValueError(f"more than {MOST_DOTS} dots (at line {number})")
    return tomllib.loads(data.decode("utf-8"))
