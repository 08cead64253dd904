"""The invariants judged from the log alone, as an inspector would with the log in his hand.

Nothing of ``domain/state.py`` or ``domain/guards.py`` is used: what the machine believes is not
asked. ``breaches`` reads a log in order of recording and names every invariant that it breaks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.events import Event
from domain.time import from_microseconds, parse_rfc3339
from domain.transitions import INITIAL, TABLE
from tests.invariants import platoon_inspection as platoon_rules
from tests.invariants.authority_inspection import Authority
from tests.invariants.file_of import PLATOON, Breach, IncidentFile, PlatoonFile
from tests.invariants.time_inspection import breaches_of_time

T2_OVER = ("NONE", "REFUSED", "CANCELLED", "EXPIRED", "WITHDRAWN", "RELEASED")
T3_OVER = ("NONE", "REFUSED", "CANCELLED", "WITHDRAWN", "RELEASED")
COMMITTED = ("ACCEPTED", "EN_ROUTE", "ON_SCENE", "ENGAGED", "HANDING_BACK")
PATH = ["REQUESTED", "ACKNOWLEDGED", "ACCEPTED", "EN_ROUTE", "ON_SCENE"]
SAID_ANEW = ("change_purpose", "reconfirm")
SECOND_PERSONS = ("FPU_DUTY", "FPU_CMD", "EULEX_OPS")
FACTS = ("observation", "note", "casualties", "force", "stays")
HOUR, MINUTE = 3600, 60
SILENT = ("SYSTEM", "ADMIN", "AUDITOR", "WALL")
PATH_OF = {"request_by_kp": "KP", "request_via_eulex": "EULEX", "own_mandate": "OWN_MANDATE"}
OWN_GROUNDS = ("SSE", "FOM", "FORCE_PROTECTION", "ARRANGEMENT")
REQUEST_BLOCK = (
    "officer_function", "officer_service_no", "officer_unit", "received_at", "purpose",
    "legal_basis", "platoons_asked", "kp_commander_contact",
)  # fmt: skip
REASONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("INC", "discard"): ("reason",),
    ("T2", "refuse"): ("reason", "kp_told_at"),
    ("T2", "cancel"): ("reason_text",),
    ("T2", "withdraw"): ("ground", "kp_told_at"),
    ("T3", "refuse"): ("reason_text", "requester_told_at"),
    ("T3", "cancel"): ("reason_text",),
    ("T3", "withdraw"): ("ground",),
    ("RES", "redeploy"): ("reason_text", "kp_told_at", "from_incident", "to_incident"),
}
"""Invariant 17: what each of these carries."""

MAY_ENTER = {(row.region, row.event): frozenset(row.entered_by) for row in TABLE}
"""The roles of the table as it is delivered, whatever is done to it later."""


@dataclass
class Inspector:
    """Everything that is known after the events seen so far."""

    reserve: int = 0
    operation_kind: str = "exercise"
    off_shift: frozenset[str] = frozenset()
    linked: frozenset[str] = frozenset()
    authority: Authority = field(default_factory=Authority)
    incidents: dict[str, IncidentFile] = field(default_factory=dict)
    platoons: dict[str, PlatoonFile] = field(default_factory=lambda: defaultdict(PlatoonFile))
    found: list[Breach] = field(default_factory=list)
    recorded_us: int = 0
    chain_seq: int = 0

    def see(self, together: Sequence[Event]) -> None:
        """The events of one command, which happen at once."""
        for event in together:
            self._number(event)
            if event.to_state is None or event.corrects is not None:
                continue
            self._times_and_roles(event, together[0])
            if event.stream.startswith(PLATOON):
                self.found += platoon_rules.moved(self, event, together[0])
            else:
                self.found += self._moved(event)
        self.found += self.authority.see(together, self.linked)
        for incident, file in self.incidents.items():
            self.found += self._state(incident, file)
        self.found += platoon_rules.after(self, together)

    def _number(self, event: Event) -> None:
        file = self._file(event.stream)
        if event.seq != file.seq + 1 or event.chain_seq != self.chain_seq + 1:
            self._broken(13, "a number is missing or comes twice")
        if event.recorded_us < self.recorded_us:
            self._broken(14, "recorded before the event before it")
        file.seq, self.chain_seq = event.seq, event.chain_seq
        self.recorded_us = max(self.recorded_us, event.recorded_us)
        if event.event in FACTS and event.to_state:
            self._broken(16, "a fact moved a state")

    def _times_and_roles(self, event: Event, first: Event) -> None:
        file = self._file(event.stream)
        if event.from_state != file.states.get(event.region, INITIAL[event.region]):
            self._broken(12, "does not start from the state that the log leads to")
        if event.entered_role in SILENT:
            self._broken(5, f"{event.entered_role} moved a state")
        if event.entered_role == "EXCON" and self.operation_kind == "live":
            self._broken(5, "exercise control acted in the live operation")
        if event is first and event.entered_role not in MAY_ENTER.get(
            (event.region, event.event), ()
        ):
            self._broken(19, f"{event.entered_role} may not enter {event.region} {event.event}")
        for name in REASONS.get((event.region, event.event), ()):
            if not event.record.get(name):
                self._broken(17, f"{event.region} {event.event} without {name}")
            elif name.endswith("_told_at") and _in_future(event, event.record[name]):
                self._broken(17, f"{event.event}: told in the future")

    def _file(self, stream: str) -> Any:
        if stream.startswith(PLATOON):
            return self.platoons[stream.removeprefix(PLATOON)]
        return self.incidents.setdefault(stream, IncidentFile())

    def _broken(self, number: int, words: str) -> None:
        self.found.append(Breach(number, words))

    # --- one incident -------------------------------------------------------------------------

    def _moved(self, event: Event) -> Iterator[Breach]:
        file = self.incidents[event.stream]
        file.states[event.region] = str(event.to_state)
        if event.region == "INC":
            yield from self._incident_moved(event, file)
        elif event.region == "T2":
            yield from _tier2_moved(event, file)
        elif event.region == "T3":
            yield from _tier3_moved(event, file)
        elif event.region == "LINE":
            yield from _both_sides(event, str(event.from_state), str(event.to_state))

    def _incident_moved(self, event: Event, file: IncidentFile) -> Iterator[Breach]:
        if event.event == "report":
            file.place = event.body.get("position") or event.body.get("place_ref")
        if event.event == "reopen":
            file.request = None
            file.paths.clear()
        if event.event == "discard" and event.record.get("reason") == "duplicate":
            other = event.record.get("duplicate_of")
            if other == event.stream or other not in self.incidents:
                yield Breach(17, "a duplicate of nothing")

    def _state(self, incident: str, file: IncidentFile) -> Iterator[Breach]:
        inc, t2, t3, line = (file.states.get(r, INITIAL[r]) for r in ("INC", "T2", "T3", "LINE"))
        held = [one for one in self.platoons.values() if one.incident == incident and one.held]
        if t2 in COMMITTED and (file.request is None or file.accepts != 1):
            yield Breach(1, f"{t2} without one live request and one acceptance")
        if t3 not in ("INFORMED", *T3_OVER) and len(file.paths) != 1:
            yield Breach(4, f"{t3} by {len(file.paths)} paths")
        ended = inc in ("CLOSED", "DISCARDED")
        if ended and not (t2 in T2_OVER and t3 in T3_OVER and line == "KP" and not held):
            yield Breach(8, f"{inc} while {t2}, {t3}, line {line}, {len(held)} held")
        if line == "FPU" and t2 not in ("ENGAGED", "HANDING_BACK"):
            yield Breach(10, f"the FPU holds the line while {t2}")
        if line == "KFOR" and t3 not in ("ENGAGED", "HANDING_OVER"):
            yield Breach(10, f"KFOR holds the line while {t3}")
        if inc == "STABILISED" and "ENGAGED" in (t2, t3):
            yield Breach(21, "stabilised while somebody is engaged")


def _tier2_moved(event: Event, file: IncidentFile) -> Iterator[Breach]:
    to = str(event.to_state)
    if event.event == "kp_request":
        file.request, file.engagement = event, event.event_id
        file.accepts, file.path, file.revoked = 0, [], False
    if event.event != "reconfirm":
        file.path.append(to)
    if event.event in ("kp_request", *SAID_ANEW):
        yield from _complete(event, file)
    if event.event == "accept":
        file.accepts += 1
    if event.event in SAID_ANEW:
        file.request = event
        second = event.body.get("second_person") or {}
        if second.get("user") in (None, event.entered_by):
            yield Breach(3, f"{event.event} without a second person")
        elif second["role"] not in SECOND_PERSONS:
            yield Breach(3, f"{event.event} with a second person who is {second['role']}")
    if to not in T2_OVER and to != "PREALERT" and file.request is None:
        yield Breach(9, f"{event.event} after its request has ended")
    if event.event == "revoke_request":
        file.revoked = True
    elif file.revoked and to not in ("HANDING_BACK", *T2_OVER):
        yield Breach(11, f"{event.event} after the request was revoked")
    if to == "ENGAGED" != event.from_state:
        yield from _engaged(file)
    if event.event == "engage":
        yield from _agreed(event)
    if event.event == "handback_confirmed":
        yield from _both_sides(event, "FPU", "KP")
    if to in T2_OVER:
        file.request, file.accepts, file.revoked = None, 0, False


def _engaged(file: IncidentFile) -> Iterator[Breach]:
    if file.request is None or file.request.record["request"]["purpose"] != "civil_disturbance":
        yield Breach(2, "engaged for something else than civil disturbance")
    if [state for state in file.path if state in PATH][: len(PATH)] != PATH:
        yield Breach(2, f"engaged after {file.path}")
    if file.revoked:
        yield Breach(11, "engaged after the request was revoked")


def _agreed(event: Event) -> Iterator[Breach]:
    agreed = parse_rfc3339(event.record["kp_agreement"]["at"], "x")
    if not -HOUR <= (agreed - event.occurred_at).total_seconds() <= MINUTE:
        yield Breach(2, "engaged on an agreement of another time")


def _complete(event: Event, file: IncidentFile) -> Iterator[Breach]:
    request: Mapping[str, Any] = event.record.get("request", {})
    body = event.body
    missing = [name for name in REQUEST_BLOCK if not request.get(name)]
    missing += [name for name in ("channel", "channel_ref") if not body.get(name)]
    if not (body.get("position") or body.get("place_ref") or file.place):
        missing.append("place")
    asserted = body["asserted_by"]["org"]
    known = ("KP",) if event.event == "kp_request" else ("KP", "FPU", "EULEX")
    if asserted not in known:
        missing.append("the word of Kosovo Police")
    if event.event in SAID_ANEW:  # the second person heard it, on the first one's channel
        missing = [name for name in missing if name not in ("channel", "channel_ref")]
    if missing:
        yield Breach(1, f"{event.event} without {', '.join(missing)}")
    elif _in_future(event, request["received_at"]) or event.occurred_at > _recorded(event):
        yield Breach(1, "a request of the future")
    elif (event.occurred_at - parse_rfc3339(request["received_at"], "x")).total_seconds() > HOUR:
        yield Breach(1, "a request that was received long before")


def _tier3_moved(event: Event, file: IncidentFile) -> Iterator[Breach]:
    asserted = event.body["asserted_by"]["org"]
    if event.event in PATH_OF:
        file.paths.append(PATH_OF[event.event])
        wanted = {"KP": ("KP",), "EULEX": ("EULEX", "FPU"), "OWN_MANDATE": ("KFOR",)}
        if asserted not in wanted[PATH_OF[event.event]]:
            yield Breach(4, f"{event.event} is the word of {asserted}")
    if event.event == "own_mandate":
        record = event.record
        if record.get("ground") not in OWN_GROUNDS or not record.get("authority_function"):
            yield Breach(4, "own mandate without ground or authority")
        if record.get("exception") is not True:
            yield Breach(4, "own mandate not kept as an exception")
    if event.event == "begin_handover":
        file.receiver = event.receiver or "KP"
    if event.event == "cancel":
        asked = {"KP": ("KP",), "EULEX": ("EULEX", "FPU")}.get("".join(file.paths), ())
        if asserted not in asked:
            yield Breach(4, f"{asserted} cancelled what {file.paths} began")
    if event.event == "handover_confirmed":
        yield from _both_sides(event, "KFOR", file.receiver)
    if event.to_state in T3_OVER:
        file.paths.clear()


def _both_sides(event: Event, giver: str, taker: str) -> Iterator[Breach]:
    confirmed = event.body.get("confirmations", ())
    said = {"FPU" if one["org"] == "EULEX" else one["org"] for one in confirmed}
    if not {giver, taker} <= said or len(said) < 2:
        yield Breach(18, f"{event.event} confirmed by {sorted(said)}, not {giver} and {taker}")
    elif any(_in_future(event, one["at"]) for one in confirmed):
        yield Breach(18, f"{event.event} confirmed in the future")
    else:
        for one in confirmed:
            apart = parse_rfc3339(one["at"], "x") - event.occurred_at
            if abs(apart.total_seconds()) > HOUR + MINUTE:
                yield Breach(18, f"{event.event} confirmed at another time")


def _in_future(event: Event, value: object) -> bool:
    return parse_rfc3339(value, "x") > _recorded(event)


def _recorded(event: Event) -> datetime:
    return from_microseconds(event.recorded_us + 60_000_000)  # clocks may differ a little


def commands_of(log: Iterable[Event]) -> Iterator[list[Event]]:
    """The log cut into the events of one command each."""
    together: list[Event] = []
    for event in log:
        if together and together[0].command_id != event.command_id:
            yield together
            together = []
        together.append(event)
    if together:
        yield together


def breaches(
    log: Iterable[Event],
    *,
    reserve: int = 0,
    operation_kind: str = "exercise",
    off_shift: frozenset[str] = frozenset(),
    linked: frozenset[str] = frozenset(),
    platoons: Iterable[str] = (),
) -> list[Breach]:
    """Every invariant that the log breaks; empty where it is sound."""
    events = list(log)
    inspector = Inspector(reserve, operation_kind, off_shift, linked)
    for name in platoons:
        inspector.platoons[name] = PlatoonFile()
    for together in commands_of(events):
        inspector.see(together)
    return [*inspector.found, *breaches_of_time(events)]
