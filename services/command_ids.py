"""One command id, one command: what comes again gets its first answer, another one is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.chain import canonical
from domain.drafts import step_id
from domain.errors import VersionConflict
from domain.events import Actor, Command, Event
from domain.time import to_microseconds
from services.event_ports import EventLog
from services.ports import Transaction

_NOT_THE_COMMAND = ("command_id", "expected_version")
"""What a sender may change when it sends the same command again."""


def fingerprint(target: str, actor: Actor, sent: Mapping[str, Any]) -> str:
    """What tells a command from every other: who sent it, to what (``target``), and all of it.

    The password of a second person is left out, so that nothing of it is ever kept.
    """
    said = {name: part for name, part in sent.items() if name not in _NOT_THE_COMMAND}
    if isinstance(said.get("second_person"), Mapping):
        said["second_person"] = said["second_person"].get("user")
    whole = {"target": target, "user": actor.name, "sent": said}
    return hashlib.sha256(canonical(whole).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Sent:
    """A command that may have been carried out before: its id, its fingerprint and its sender.

    ``stream`` and ``command`` are where it goes and what it says, None where that is not one event;
    only what was recorded before there were fingerprints is compared by them.
    """

    command_id: str
    mark: str
    actor: Actor
    stream: str | None = None
    command: Command | None = None


def carried_out(log: EventLog, connection: Transaction, operation: str, sent: Sent) -> list[Event]:
    """What this command has led to already, in the order of recording; empty when it is new.

    Raises ``VersionConflict`` where the id was used for another command, in any operation.
    """
    found = log.by_commands(connection, [sent.command_id, step_id(sent.command_id, 0)])
    if not found:
        return []
    if any(one.operation != operation for one in found) or not _same(found, sent):
        raise VersionConflict(
            "this command_id was used for another command: send this one with an id of its own",
            field="command_id",
        )
    return found


def _same(found: Sequence[Event], sent: Sent) -> bool:
    """Whether the events came from this command."""
    marks = {one.body.get("fingerprint") for one in found} - {None}
    return marks == {sent.mark} if marks else _as_before(found[0], sent)


def _as_before(event: Event, sent: Sent) -> bool:
    """The same of an event that carries no fingerprint."""
    if event.entered_by != sent.actor.name or (sent.stream and event.stream != sent.stream):
        return False
    said = sent.command
    if said is None:
        return True
    kept = {name: part for name, part in event.record.items() if name != "exception"}
    return (
        (event.region, event.event, event.corrects) == (said.region, said.event, said.corrects)
        and event.occurred_us == to_microseconds(said.occurred_at)
        and kept == {name: part for name, part in said.record.items() if name != "exception"}
    )
