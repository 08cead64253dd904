"""Bytes of connections: cut anywhere, the events in them are the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.fixes import Report
from formats import cot
from formats.cot_stream import LARGEST_EVENT, Splitter
from tests.formats.samples import samples


def cot_events(raw: bytes) -> Sequence[Report]:
    """The events of a TAK connection; raises the first refusal where there is nothing else."""
    whole = _pieces(raw, len(raw) + 1)
    if len(raw) <= LARGEST_EVENT:
        assert _pieces(raw, 1 + len(raw) % 97) == whole, "cut in another way, other events"
    found = cot.read(whole)
    events = [one.report for one in found if isinstance(one, cot.CotEvent)]
    refused = [one.fault for one in found if isinstance(one, cot.Refused)]
    if refused and not events:
        raise refused[0]
    return events


def cot_seeds() -> Iterable[bytes]:
    """The bodies of the payloads."""
    return [path.read_bytes().partition(b"\n\n")[2] for path in samples("cot")]


def _pieces(raw: bytes, size: int) -> list[bytes]:
    splitter = Splitter()
    pieces = [
        piece for at in range(0, len(raw), size) for piece in splitter.feed(raw[at : at + size])
    ]
    rest = splitter.rest()
    return [*pieces, rest] if rest.strip() else pieces
