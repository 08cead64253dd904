"""The hash chain of an operation's log: how it is made, and how a fault in it is found.

A chain shows that something was changed or removed in its middle. It cannot show that its end was
cut off or that all of it was made anew: for that an anchor, the newest number and hash, is kept
outside (``flask log anchor``) and compared later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from domain.events import Event

GENESIS = "0" * 64
"""What the first event of an operation follows."""

_HASHED = tuple(name for name in Event._fields if name != "hash")


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end of a chain at some time: kept elsewhere, it can be held against the log."""

    operation: str
    chain_seq: int
    hash: str


def digest(event: Event) -> str:
    """SHA-256 over the canonical JSON of every field but the hash, as 64 hexadecimal digits."""
    kept = {name: getattr(event, name) for name in _HASHED}
    return hashlib.sha256(canonical(kept).encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON with sorted keys and no space, the same bytes for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def broken_links(events: Iterable[Event]) -> list[str]:
    """What is wrong with a whole chain read in order: changed, missing or re-linked events."""
    faults: list[str] = []
    previous, expected = GENESIS, 1
    for event in events:
        if event.chain_seq != expected:
            faults.append(f"event {expected} is missing")
        elif event.prev_hash != previous:
            faults.append(f"event {event.chain_seq} does not follow the one before it")
        if digest(event) != event.hash:
            faults.append(f"event {event.chain_seq} was changed after it was recorded")
        previous, expected = event.hash, event.chain_seq + 1
    return faults


def lost_anchors(events: Iterable[Event], anchors: Iterable[Anchor]) -> list[str]:
    """Anchors that the chain no longer holds: its end was cut, or all of it was made anew."""
    hashes = {event.chain_seq: event.hash for event in events}
    faults = []
    for anchor in anchors:
        found = hashes.get(anchor.chain_seq)
        if found is None:
            faults.append(f"event {anchor.chain_seq} was anchored and is gone")
        elif found != anchor.hash:
            faults.append(f"event {anchor.chain_seq} is not the one that was anchored")
    return faults
