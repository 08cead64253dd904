"""The common passwords that ship with the program (``SOURCES.md``)."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("common-passwords.txt.gz")


class CommonPasswords:
    """A collection to be asked with ``in``, in small letters; read when it is first asked."""

    def __contains__(self, password: object) -> bool:
        return password in _read()


@cache
def _read() -> frozenset[str]:
    return frozenset(gzip.decompress(_FILE.read_bytes()).decode("utf-8").splitlines())
