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
from services.alarm_ports import Alarm
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

    def alarm(self, connection: Transaction, alarm: Alarm) -> None:
        """An alarm of a device, inside the transaction that stores its fix.

        As long as nobody has acknowledged the one before, it is a repeat of that (``open_for``).
        One that ``goes_on`` with what somebody has taken is counted there and rings no more; one
        that was ``told`` before somebody took it is the same message once more.
        """
        if self._is_known(connection, alarm, goes_on=alarm.goes_on):
            return
        command = _command(RAISED, SYSTEM, alarm.occurred_at, _alarm_record(alarm))
        self._append(connection, alarm.operation, command, None)
        raised = self._alerts.current(connection, alarm.operation).open_for(*alarm.whose)
        if raised is not None:
            self._journal.append(
                connection, alarm.operation, "alert", raised.view(), alarm.received_at
            )

    def came_late(self, connection: Transaction, alarm: Alarm) -> None:
        """An alarm that is history by now. It is counted where the same person's call is open;
        otherwise it is a line of the log, once, which is read and does not ring."""
        if self._is_known(connection, alarm, goes_on=False):
            return
        where = alarm.latitude, alarm.longitude
        place = "" if where[0] is None else f" at {where[0]:.5f}, {where[1]:.5f}"
        whom = f" ({alarm.of_whom})" if alarm.of_whom else ""
        said = to_date_time_group(alarm.occurred_at)
        text = (
            f"{alarm.callsign}: the device {alarm.device}{whom} said {alarm.kind} at {said}{place}."
            " It came late."
        )
        if alarm.told and self._has_line(connection, alarm, text):
            return
        record = {"text": text, "unit": alarm.unit, "significant": True}
        self._append(
            connection, alarm.operation, _command("entry", SYSTEM, alarm.occurred_at, record), "log"
        )

    def taken_back(self, connection: Transaction, alarm: Alarm) -> None:
        """A call that was taken back on the device, as a line of the log, once. The alert stays; a
        person closes it."""
        record = taken_back_record(alarm.unit, alarm.callsign, alarm.device)
        if not self._has_line(connection, alarm, record["text"]):
            command = _command("entry", SYSTEM, alarm.occurred_at, record)
            self._append(connection, alarm.operation, command, "log")

    def _has_line(self, connection: Transaction, alarm: Alarm, text: str) -> bool:
        book = self._alerts.current(connection, alarm.operation)
        return book.has_line(alarm.occurred_at, text)

    def _is_known(self, connection: Transaction, alarm: Alarm, *, goes_on: bool) -> bool:
        """Whether nothing more is due: it was heard before, or is counted with what it repeats."""
        book = self._alerts.current(connection, alarm.operation)
        repeats = self._log.repeats(connection, alarm.operation) if alarm.told or goes_on else {}
        if alarm.told and book.has_told(*alarm.whose, alarm.occurred_at, repeats):
            return True
        earlier = book.open_for(*alarm.whose)
        if earlier is None and goes_on:
            earlier = book.taken_for(*alarm.whose, alarm.occurred_at, repeats)
        if earlier is not None:
            self._repeat(connection, earlier, alarm)
        return earlier is not None

    def _repeat(self, connection: Transaction, alert: Alert, alarm: Alarm) -> None:
        """Counted for good; the log is told where it is due (``domain.repeats``)."""
        operation, record = alarm.operation, _alarm_record(alarm)
        known = self._log.repeats(connection, operation).get(alert.id)
        repeats = (known or alert.repeats(alarm.received_at)).with_call(
            to_rfc3339(alarm.occurred_at), alarm.kind, alarm.of_whom, record["position"]
        )
        if repeats.due(alarm.received_at):
            repeats = replace(repeats, recorded_at=alarm.received_at)
            told = {**record, "again": alert.id, **repeats.summary()}
            command = _command(RAISED, SYSTEM, alarm.occurred_at, told)
            self._append(connection, operation, command, None)
        self._log.keep_repeats(connection, operation, alert.id, repeats)
        view = alert.with_repeats(repeats).view()
        self._journal.append(connection, operation, "alert", view, alarm.received_at)

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


def _alarm_record(alarm: Alarm) -> dict[str, Any]:
    nowhere = alarm.latitude is None
    record = {
        "kind": kind_of_alarm(alarm.kind),
        "unit": alarm.unit,
        "callsign": alarm.callsign,
        "device": alarm.device,
        "alarm": alarm.kind,
        "position": None if nowhere else {"lat": alarm.latitude, "lon": alarm.longitude},
    }
    return record | ({"uid": alarm.of_whom} if alarm.of_whom else {})


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
