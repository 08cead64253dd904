"""Anchors as lines of JSON, and when the next ones are due."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.anchors import AnchorFile
from domain.chain import Anchor
from domain.errors import DashboardError, InvalidField
from domain.time import parse_rfc3339, to_rfc3339
from services.clock import Clock
from services.log_check import LogCheck, Verdict

HEARTBEAT = timedelta(days=1)
"""So often anchors are written although nothing has changed: an older one tells of a silence."""

_HASH = re.compile(r"[0-9a-f]{64}")


class BrokenChain(DashboardError):
    """What is broken is not anchored; ``verdicts`` are those with faults."""

    title = "Broken chain"

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        super().__init__("a broken chain is not anchored")
        self.verdicts = verdicts


class Anchoring:
    """Gives the ends of the chains to be written elsewhere; ``seal`` is called before, so that
    what was stored until then is in a chain."""

    def __init__(self, check: LogCheck, clock: Clock, seal: Callable[[], object]) -> None:
        self._check = check
        self._clock = clock
        self._seal = seal

    def due(self, file: AnchorFile | None, *, always: bool = True) -> list[Anchor]:
        """The end of every chain, now.

        ``file`` is what was written before: the chains are held against it first, without reading
        what they hold digests of. Unless
        ``always``, nothing where they have not changed since, for up to a ``HEARTBEAT``. Raises
        ``BrokenChain`` and ``StoreUnavailable``.
        """
        found = self._check.verify(file, only_chains=True)
        broken = [verdict for verdict in found if verdict.faults]
        if broken:
            raise BrokenChain(broken)
        self._seal()
        now = self._clock()
        heads = self._check.heads()
        if not always and file is not None and _rests(file, heads, now):
            return []
        return [Anchor(one.operation, one.chain_seq, one.hash, now) for one in heads]


def _rests(file: AnchorFile, heads: Iterable[Anchor], now: datetime) -> bool:
    newest = file.newest
    last = {one.operation: (one.chain_seq, one.hash) for one in file.anchors}
    changed = any(last.get(one.operation) != (one.chain_seq, one.hash) for one in heads)
    return not changed and newest is not None and now - newest < HEARTBEAT


def write_anchors(anchors: Iterable[Anchor]) -> str:
    """The anchors as lines, to be added to a file that is kept elsewhere."""
    return "".join(json.dumps(_line(anchor), sort_keys=True) + "\n" for anchor in anchors)


def read_anchors(text: str) -> AnchorFile:
    """What such a file holds; a fault names its line.

    A last line without its end was broken off while it was written: it is remarked, and no fault.
    """
    anchors: list[Anchor] = []
    faults: list[str] = []
    remarks: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            anchors.append(_anchor(line))
        except (ValueError, KeyError, TypeError, InvalidField):
            if number == len(lines):
                remarks.append(f"line {number}, the last, was broken off while it was written")
            else:
                faults.append(f"line {number} is no anchor")
    return AnchorFile(tuple(anchors), tuple(faults), tuple(remarks))


def _line(anchor: Anchor) -> dict[str, Any]:
    line: dict[str, Any] = {
        "operation": anchor.operation,
        "chain_seq": anchor.chain_seq,
        "hash": anchor.hash,
    }
    return line if anchor.at is None else {**line, "at": to_rfc3339(anchor.at)}


def _anchor(line: str) -> Anchor:
    found = json.loads(line)
    operation, number, digest = found["operation"], found["chain_seq"], found["hash"]
    right = isinstance(operation, str) and isinstance(digest, str) and type(number) is int
    if not right or number < 0 or not _HASH.fullmatch(digest):
        raise ValueError("is no anchor")
    at = found.get("at")
    return Anchor(operation, number, digest, None if at is None else parse_rfc3339(at, "at"))
