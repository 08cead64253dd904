"""The hash chain of an operation's log: how it is made, and how a fault in it is found.

A chain shows that something was changed or removed in its middle. It cannot show that its end was
cut off or that all of it was made anew: for that an anchor, the newest number and hash, is kept
outside (``flask log anchor``) and compared later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from domain.events import Event

GENESIS = "0" * 64
"""What the first event of an operation follows."""


class Linked(Protocol):
    """An event of any chain: a named tuple with a ``hash`` among its fields."""

    def _asdict(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end of a chain at some time: kept elsewhere, it can be held against the log.

    ``chain_seq`` is 0 for a chain without an event; ``at`` is None in files of an older version.
    """

    operation: str
    chain_seq: int
    hash: str
    at: datetime | None = None


def digest(event: Linked) -> str:
    """SHA-256 over the canonical JSON of every field but the hash, as 64 hexadecimal digits."""
    kept = event._asdict()
    del kept["hash"]
    return hashlib.sha256(canonical(kept).encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON with sorted keys and no space, the same bytes for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def broken_links(events: Iterable[Event]) -> list[str]:
    """What is wrong with a whole chain read in order: changed, missing or re-linked events."""
    return broken_chain(
        (event.chain_seq, event.prev_hash, event.hash, digest(event)) for event in events
    )


def broken_chain(links: Iterable[tuple[int, str, str, str]]) -> list[str]:
    """The same of a chain of whatever: of each link its number, the hash that it follows, its own,
    and what that has to be."""
    faults: list[str] = []
    previous, expected = GENESIS, 1
    for number, follows, kept, right in links:
        if number != expected:
            faults.append(f"event {expected} is missing")
        elif follows != previous:
            faults.append(f"event {number} does not follow the one before it")
        if right != kept:
            faults.append(f"event {number} was changed after it was recorded")
        previous, expected = kept, number + 1
    return faults


def lost_anchors(events: Iterable[Event], anchors: Iterable[Anchor]) -> list[str]:
    """Anchors that the chain no longer holds: its end was cut, or all of it was made anew."""
    return lost_from({event.chain_seq: event.hash for event in events}, anchors)


def lost_from(hashes: Mapping[int, str], anchors: Iterable[Anchor]) -> list[str]:
    """As ``lost_anchors``, of hashes by number; an anchor that was written twice is told once."""
    faults = []
    for number, digest_then in dict.fromkeys((one.chain_seq, one.hash) for one in anchors):
        if number == 0:
            continue
        found = hashes.get(number)
        if found is None:
            faults.append(f"event {number} was anchored and is gone")
        elif found != digest_then:
            faults.append(f"event {number} is not the one that was anchored")
    return faults
