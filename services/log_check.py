"""Whether the log is whole: every operation's chain, also against anchors kept elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from domain.chain import Anchor, broken_links, lost_anchors
from domain.errors import InvalidField
from services.event_ports import EventLog, OperationFacts


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found in one operation; ``head`` is None where nothing is recorded."""

    operation: str
    events: int
    head: Anchor | None
    faults: tuple[str, ...]


class LogCheck:
    """Reads whole chains."""

    def __init__(self, log: EventLog, roster: OperationFacts) -> None:
        self._log = log
        self._roster = roster

    def verify(self, anchors: Iterable[Anchor] = ()) -> list[Verdict]:
        """One verdict an operation, in the order of their names; an operation that was anchored
        and is gone has one too.
        """
        kept = list(anchors)
        names = {one.id for one in self._roster.operations()}
        return [
            self._verify(name, [anchor for anchor in kept if anchor.operation == name])
            for name in sorted(names | {anchor.operation for anchor in kept})
        ]

    def _verify(self, operation: str, anchors: list[Anchor]) -> Verdict:
        with self._log.view() as connection:
            events = self._log.since(connection, operation, 0)
        faults = [*broken_links(events), *lost_anchors(events, anchors)]
        head = Anchor(operation, events[-1].chain_seq, events[-1].hash) if events else None
        return Verdict(operation, len(events), head, tuple(faults))


def write_anchors(verdicts: Iterable[Verdict]) -> str:
    """The ends of the chains as lines of JSON, one an operation, to be kept elsewhere."""
    heads = (verdict.head for verdict in verdicts if verdict.head is not None)
    return "".join(json.dumps(asdict(head), sort_keys=True) + "\n" for head in heads)


def read_anchors(text: str) -> list[Anchor]:
    """The anchors of such lines; raises ``InvalidField`` naming the line."""
    return [
        _anchor(number, line)
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    ]


def _anchor(number: int, line: str) -> Anchor:
    try:
        found: dict[str, Any] = json.loads(line)
        return Anchor(str(found["operation"]), int(found["chain_seq"]), str(found["hash"]))
    except (ValueError, KeyError, TypeError) as fault:
        raise InvalidField(f"line {number}", "is no anchor") from fault
