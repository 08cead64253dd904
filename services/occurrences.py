"""The operation's own stream: the occurrence log, and the alerts that a person acknowledges."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.access.rights import Act, Data, require
from domain.alerts import ACKNOWLEDGED, RAISED, SPOT, Alert, kind_of_alarm, taken_back_record
from domain.drafts import marked_late
from domain.errors import InvalidField, NotFound, VersionConflict
from domain.events import Actor, Command, Event, NewEvent
from domain.floors import check_fact_times
from domain.permission import may_write
from domain.policy import Policy
from domain.situation import Situation
from domain.streams import LOG_STREAM
from domain.system_entries import SYSTEM
from domain.time import to_date_time_group, to_rfc3339
from domain.transitions import LOG
from domain.words import clean
from services.alert_books import AlertBooks
from services.clock import Clock
from services.command_ids import Sent, carried_out
from services.commands import read_command
from services.event_ports import EventLog, OperationFacts, Places
from services.ports import JournalWriter, Transaction
from services.shape import check_record
from services.summaries import event_view

_LONGEST_REASON = 500


class Occurrences:
    """The use cases; ``wake`` tells the live stream that something was committed."""

    def __init__(
        self,
        log: EventLog,
        journal: JournalWriter,
        roster: OperationFacts,
        places: Places,
        clock: Clock,
        wake: Callable[[], None],
        policy: Policy | None = None,
    ) -> None:
        self._log = log
        self._journal = journal
        self._roster = roster
        self._places = places
        self._clock = clock
        self._wake = wake
        self._policy = policy or Policy()
        self._alerts = AlertBooks(log)

    def enter(self, operation_id: str, actor: Actor, sent: object) -> tuple[bool, dict[str, Any]]:
        """One line of the occurrence log. Returns whether it is new, and the line."""
        command = read_command("log", sent, actor, self._places, operation_id)
        with self._log.transaction() as connection:
            asked = Sent(command.command_id, command.fingerprint, actor, LOG_STREAM, command)
            before = carried_out(self._log, connection, operation_id, asked)
            if before:
                return False, event_view(before[0])
            situation = self._situation(operation_id, actor)
            may_write(situation)
            check_record(LOG, "entry", command.record)
            check_fact_times(situation, command)
            command = marked_late(command, situation)
            line = self._append(connection, operation_id, command, "log")
        self._wake()
        return True, event_view(line)

    def note(
        self, connection: Transaction, operation: str, actor: Actor, words: str, now: datetime
    ) -> None:
        """A line of the log about an act of the actor elsewhere, inside the transaction of it."""
        command = _command("entry", actor, now, {"text": words})
        self._append(connection, operation, command, "log")

    def acknowledge(
        self,
        operation_id: str,
        alert_id: str,
        actor: Actor,
        *,
        incident: str | None = None,
        reason: str | None = None,
    ) -> dict[str, Any]:
        """Take an alert by name. Raises ``NotFound``, ``VersionConflict`` when it was taken.

        A spot needs a decision: the id of the ``incident`` as which it was reported, or the
        ``reason`` why it is none; without one ``InvalidField``.
        """
        situation = self._situation(operation_id, actor)
        require(actor.role, Act.CHANGE, Data.ALERTS)
        may_write(situation)
        with self._log.transaction() as connection:
            alert = self._alerts.current(connection, operation_id).find(alert_id)
            if alert is None:
                raise NotFound("no such alert in this operation")
            if not alert.open:
                raise VersionConflict(f"{alert.acknowledged_by} has acknowledged it already")
            named = incident and incident.startswith(f"{operation_id}-")
            if incident and not (named and self._log.stream(connection, operation_id, incident)):
                raise InvalidField("incident", "is no incident of this operation")
            decision = _decision(alert, incident, reason)
            record = {"alert": alert_id, **decision}
            repeats = self._log.repeats(connection, operation_id).get(alert_id)
            if repeats is not None:
                record |= repeats.summary()
                self._log.keep_repeats(connection, operation_id, alert_id, None)
            command = _command(ACKNOWLEDGED, actor, situation.now, record)
            self._append(connection, operation_id, command, None)
            taken = self._alerts.current(connection, operation_id).find(alert_id)
            view = (taken or alert).view()
            self._journal.append(connection, operation_id, "alert", view, situation.now)
        self._wake()
        return view

    def alarm(
        self,
        connection: Transaction,
        *,
        operation: str,
        unit: str,
        callsign: str,
        device: str,
        kind: str,
        occurred_at: datetime,
        received_at: datetime,
        latitude: float | None,
        longitude: float | None,
        uid: str = "",
        goes_on: bool = False,
        told: bool = False,
    ) -> None:
        """An alarm of a device, inside the transaction that stores its fix.

        As long as nobody has acknowledged the one before, it is a repeat of that (``open_for``).
        One that ``goes_on`` with what somebody has taken is counted there and rings no more; one
        that was ``told`` before somebody took it is the same message once more.
        """
        where = None if latitude is None else {"lat": latitude, "lon": longitude}
        record = _alarm_record(unit, callsign, device, kind, where, uid)
        whose = unit, device, record.get("uid", ""), kind
        book = self._alerts.current(connection, operation)
        repeats = self._log.repeats(connection, operation) if told or goes_on else {}
        if told and book.has_told(*whose, occurred_at, repeats):
            return
        earlier = book.open_for(*whose)
        if earlier is None and goes_on:
            earlier = book.taken_for(*whose, occurred_at, repeats)
        if earlier is not None:
            self._repeat(connection, operation, earlier, record, occurred_at, received_at)
        else:
            self._append(connection, operation, _command(RAISED, SYSTEM, occurred_at, record), None)
            raised = self._alerts.current(connection, operation).open_for(*whose)
            if raised is not None:
                self._journal.append(connection, operation, "alert", raised.view(), received_at)

    def _repeat(
        self,
        connection: Transaction,
        operation: str,
        alert: Alert,
        record: dict[str, Any],
        occurred_at: datetime,
        received_at: datetime,
    ) -> None:
        """Counted for good; the log is told where it is due (``domain.repeats``)."""
        known = self._log.repeats(connection, operation).get(alert.id)
        repeats = (known or alert.repeats(received_at)).with_call(
            to_rfc3339(occurred_at), record["alarm"], record.get("uid", ""), record["position"]
        )
        if repeats.due(received_at):
            repeats = replace(repeats, recorded_at=received_at)
            told = {**record, "again": alert.id, **repeats.summary()}
            self._append(connection, operation, _command(RAISED, SYSTEM, occurred_at, told), None)
        self._log.keep_repeats(connection, operation, alert.id, repeats)
        view = alert.with_repeats(repeats).view()
        self._journal.append(connection, operation, "alert", view, received_at)

    def came_late(
        self,
        connection: Transaction,
        *,
        operation: str,
        unit: str,
        callsign: str,
        device: str,
        kind: str,
        occurred_at: datetime,
        received_at: datetime,
        latitude: float | None,
        longitude: float | None,
        uid: str = "",
        goes_on: bool = False,
        told: bool = False,
    ) -> None:
        """An alarm that is history by now. It is counted where the same person's call is open;
        otherwise it is a line of the log, once, which is read and does not ring."""
        where = None if latitude is None else {"lat": latitude, "lon": longitude}
        about = _alarm_record(unit, callsign, device, kind, where, uid)
        whose = unit, device, about.get("uid", ""), kind
        book = self._alerts.current(connection, operation)
        repeats = self._log.repeats(connection, operation) if told else {}
        if told and book.has_told(*whose, occurred_at, repeats):
            return
        earlier = book.open_for(*whose)
        if earlier is not None:
            self._repeat(connection, operation, earlier, about, occurred_at, received_at)
            return
        place = "" if latitude is None else f" at {latitude:.5f}, {longitude:.5f}"
        if "uid" in about:
            device = f"{device} ({uid})"
        said = to_date_time_group(occurred_at)
        text = f"{callsign}: the device {device} said {kind} at {said}{place}. It came late."
        if told and book.has_line(occurred_at, text):
            return
        record = {"text": text, "unit": unit, "significant": True}
        command = _command("entry", SYSTEM, occurred_at, record)
        self._append(connection, operation, command, "log")

    def taken_back(
        self,
        connection: Transaction,
        *,
        operation: str,
        unit: str,
        callsign: str,
        device: str,
        occurred_at: datetime,
    ) -> None:
        """A call that was taken back on the device, as a line of the log, once. The alert stays; a
        person closes it."""
        record = taken_back_record(unit, callsign, device)
        if not self._alerts.current(connection, operation).has_line(occurred_at, record["text"]):
            command = _command("entry", SYSTEM, occurred_at, record)
            self._append(connection, operation, command, "log")

    def _situation(self, operation_id: str, actor: Actor) -> Situation:
        operation = self._roster.operation(operation_id)
        return Situation(
            now=self._clock(),
            actor=actor,
            operation_kind=operation.kind,
            sealed=operation.over(self._clock()),
            policy=self._policy.of(operation),
        )

    def _append(
        self, connection: Transaction, operation: str, command: Command, kind: str | None
    ) -> Event:
        body = {
            "position": dict(command.position) if command.position else None,
            "place_ref": command.place_ref,
            "lang": command.lang,
            "session": command.actor.session or None,
            "fingerprint": command.fingerprint or None,
        }
        kept = {key: part for key, part in body.items() if part is not None}
        new = NewEvent(
            LOG_STREAM, LOG, command.event, None, None, kept | {"record": dict(command.record)}
        )
        stored = self._log.append(connection, operation, [new], command, self._clock())[0]
        if kind is not None:
            self._journal.append(connection, operation, kind, event_view(stored), self._clock())
        return stored


def _alarm_record(
    unit: str,
    callsign: str,
    device: str,
    kind: str,
    position: dict[str, Any] | None,
    uid: str,
) -> dict[str, Any]:
    record = {
        "kind": kind_of_alarm(kind),
        "unit": unit,
        "callsign": callsign,
        "device": device,
        "alarm": kind,
        "position": position,
    }
    return record | ({"uid": uid} if uid and uid != device else {})


def _decision(alert: Alert, incident: str | None, reason: str | None) -> dict[str, str]:
    if alert.kind != SPOT:
        return {}
    if incident:
        return {"incident": incident}
    words = clean(reason or "").strip()
    if not words:
        raise InvalidField("reason", "is needed: why this becomes no incident")
    if len(words) > _LONGEST_REASON:
        raise InvalidField("reason", f"must have at most {_LONGEST_REASON} characters")
    return {"reason": words}


def _command(event: str, actor: Actor, occurred_at: datetime, record: dict[str, Any]) -> Command:
    return Command(
        command_id=str(uuid.uuid4()),
        region=LOG,
        event=event,
        occurred_at=occurred_at,
        actor=actor,
        asserted_by={"org": "FPU", "function": actor.role},
        record=record,
    )
