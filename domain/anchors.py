"""Ends of chains that were written down elsewhere, and what holding them against the log shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.chain import Anchor
from domain.system_log import SYSTEM


@dataclass(frozen=True, slots=True)
class AnchorFile:
    """What a file of anchors holds: ``faults`` make it none, ``remarks`` only have to be known."""

    anchors: tuple[Anchor, ...]
    faults: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def newest(self) -> datetime | None:
        """When the newest anchor was written, None where none of them tells."""
        return max((one.at for one in self.anchors if one.at is not None), default=None)

    @property
    def unfinished(self) -> bool:
        """Whether the last ones were broken off: those of one time end with the chain of the
        system."""
        if not self.anchors or self.anchors[-1].at is None:
            return False
        last = [one.operation for one in self.anchors if one.at == self.anchors[-1].at]
        return SYSTEM not in last

    @property
    def only_begun(self) -> bool:
        """Whether it holds nothing but such."""
        return self.unfinished and len({one.at for one in self.anchors}) == 1


def went_back(anchors: Sequence[Anchor]) -> list[str]:
    """Anchors of one chain, in the order of the file, that are of an earlier event than one before
    them: between the two the chain had lost its end."""
    faults, highest = [], 0
    for one in anchors:
        if one.chain_seq < highest:
            faults.append(f"event {one.chain_seq} was anchored after event {highest}")
        highest = max(highest, one.chain_seq)
    return faults


def anchored_up_to(hashes: Mapping[int, str], anchors: Iterable[Anchor]) -> int | None:
    """The newest event that an anchor holds, 0 for an empty chain; None where none fits."""
    held = [
        one.chain_seq
        for one in anchors
        if one.chain_seq == 0 or hashes.get(one.chain_seq) == one.hash
    ]
    return max(held, default=None)


def without_anchor(expected: Collection[str], anchors: Iterable[Anchor]) -> list[str]:
    """Chains that were there when the newest anchors were written and have none."""
    return sorted(set(expected) - {one.operation for one in anchors})
