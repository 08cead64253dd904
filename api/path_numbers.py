"""Numbers in addresses: those that a database can hold; any other is the number of nothing."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**63 - 1
"""Of an id in SQLite and in PostgreSQL."""

_MOST_DIGITS = 19


class StoredNumber(IntegerConverter):
    """What ``<int:…>`` takes: ASCII digits up to ``LARGEST``, so no store is asked for more."""

    regex = rf"[0-9]{{1,{_MOST_DIGITS}}}"

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST)


def register(server: Flask) -> None:
    """Every ``<int:…>`` of ``server`` that is added from now on."""
    server.url_map.converters["int"] = StoredNumber
