"""What the quarantine keeps of strangers, read again where a person decides about it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from domain.fixes import Rejection, Report
from domain.stored_fixes import QuarantineEntry
from formats.message import Unreadable
from formats.refused import read_entry
from formats.registry import FORMATS
from tests.formats.samples import RECEIVED_AT, samples

_SOURCES = tuple(FORMATS)
_WHY = Rejection("unreadable", "body", "cannot be read")


def entry(raw: bytes) -> Sequence[Report]:
    """An entry of one of the formats, which its length chooses."""
    source = _SOURCES[len(raw) % len(_SOURCES)]
    report = read_entry(QuarantineEntry(None, None, "d", RECEIVED_AT, source, _WHY, raw))
    if report is None:
        raise Unreadable("raw", f"says nothing that can be read as {source}")
    return [report]


def entries() -> Iterable[bytes]:
    """Bodies of messages, addresses, and descriptions of points of files."""
    for name in _SOURCES:
        for path in samples(name):
            if path.suffix in (".http", ".mqtt"):
                head, _, body = path.read_bytes().partition(b"\n\n")
                yield body or head.partition(b"?")[2].partition(b" ")[0]
    said = {"latitude": 42.8, "longitude": 20.8, "time": "2026-11-21T20:30:00+00:00", "speed": 3.5}
    yield json.dumps(said | {"note": "x"}).encode()
