"""The digest of many positions at once: the same bytes wherever and however they are stored.

Of each fix 136 bytes: both times, what was measured, and the SHA-256 of its device and of its
attributes; in order of fix time and device, hashed as one piece. Hashing a column at a time costs
about as much as reading it; a digest a fix would cost many times that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from data.fix_chunks import ChunkFixes
from data.fix_rows import MEASURED
from domain.seals import Content, Span

_RECORD = np.dtype(
    [
        ("fix_time", "<i8"),
        ("received_at", "<i8"),
        ("measured", "<f8", (len(MEASURED),)),
        ("device", "V32"),
        ("attributes", "V32"),
    ]
)


class _Texts(dict[str | None, bytes]):
    """The digest of each text; 32 zeros for none."""

    def __missing__(self, text: str | None) -> bytes:
        made = bytes(32) if text is None else hashlib.sha256(text.encode()).digest()
        self[text] = made
        return made


def contents(fixes: ChunkFixes, spans: Sequence[Span]) -> Iterator[tuple[Span, Content]]:
    """Number and digest of the fixes in each of the ``spans`` that has any; spans ascend."""
    if not len(fixes) or not spans:
        return
    fixes = _in_order(fixes)
    records = _records(fixes)
    firsts = np.searchsorted(fixes.fix_time, [span[0] for span in spans]).tolist()
    lasts = np.searchsorted(fixes.fix_time, [span[1] for span in spans]).tolist()
    for span, first, last in zip(spans, firsts, lasts, strict=True):
        if last > first:
            yield span, (last - first, hashlib.sha256(records[first:last].tobytes()).hexdigest())


def without(fixes: ChunkFixes, keys: Iterable[tuple[int, str]]) -> ChunkFixes:
    """The fixes but those of these times and devices."""
    gone = set(keys)
    if not gone or not len(fixes):
        return fixes
    times = np.fromiter((time for time, _ in gone), dtype=np.int64, count=len(gone))
    kept = np.ones(len(fixes), dtype=np.bool_)
    for index in np.flatnonzero(np.isin(fixes.fix_time, times)).tolist():
        kept[index] = (int(fixes.fix_time[index]), fixes.device[index]) not in gone
    return fixes if kept.all() else fixes.take(kept)


def _in_order(fixes: ChunkFixes) -> ChunkFixes:
    if (np.diff(fixes.fix_time) > 0).all():
        return fixes
    _, device = np.unique(fixes.device, return_inverse=True)  # by code point, in every database
    return fixes.take(np.lexsort((device, fixes.fix_time)))


def _records(fixes: ChunkFixes) -> NDArray[np.void]:
    texts = _Texts()
    records = np.empty(len(fixes), dtype=_RECORD)
    records["fix_time"] = fixes.fix_time
    records["received_at"] = fixes.received_at
    for number, name in enumerate(MEASURED):
        values = getattr(fixes, name) + 0.0  # one zero, and below one kind of none
        values[np.isnan(values)] = np.nan
        records["measured"][:, number] = values
    for name in ("device", "attributes"):
        digests = b"".join(map(texts.__getitem__, getattr(fixes, name).tolist()))
        records[name] = np.frombuffer(digests, dtype="V32")
    return records
