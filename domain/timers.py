"""The clocks of an incident: how long a step has taken, and how long it may take.

A clock tells; it never moves a state. It starts and stops with the events of the incident, at the
times when these *occurred*, so what is typed in afterwards counts as it was: a step that was taken
in time was taken in time, whenever somebody wrote it down.

Limits are those of ``domain/policy.py``. Who should act (``owner``) follows from who enters the
event that stops the clock; for KFOR that is always the duty officer, who calls the liaison officer.

====================== ======================================================= =================
clock                  runs                                                    owner
====================== ======================================================= =================
``acknowledge``        while a request waits to be acknowledged                FPU_DUTY
``decide``             from there to the answer                                FPU_CMD; T3 FPU_DUTY
``depart``             while the FPU is accepted and has not left              PLT_LDR
``arrive``             on the way; due after the announced time and a margin   PLT_LDR; T3 FPU_DUTY
``sitrep``             on scene, from one SITREP to the next                   PLT_LDR
``hand_back``          while the line or the scene is handed back              FPU_DUTY
``written_confirmation`` from a request by voice to the paper that confirms it FPU_DUTY
====================== ======================================================= =================
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.effective import with_times
from domain.errors import InvalidField
from domain.events import RETIMED, Folded
from domain.policy import Policy, Timers
from domain.records import TO_FOLLOW
from domain.time import from_microseconds, parse_rfc3339, to_microseconds, to_rfc3339
from domain.transitions import INC, T2, T2_REQUESTS, T3

ACKNOWLEDGE, DECIDE, DEPART, ARRIVE = "acknowledge", "decide", "depart", "arrive"
SITREP, HAND_BACK, WRITTEN_CONFIRMATION = "sitrep", "hand_back", "written_confirmation"
NAMES = (ACKNOWLEDGE, DECIDE, DEPART, ARRIVE, SITREP, HAND_BACK, WRITTEN_CONFIRMATION)

_CLOCKS: dict[str, dict[str | None, tuple[str, ...]]] = {
    T2: {
        "REQUESTED": (ACKNOWLEDGE,),
        "ACKNOWLEDGED": (DECIDE,),
        "ACCEPTED": (DEPART,),
        "EN_ROUTE": (ARRIVE,),
        "ON_SCENE": (SITREP,),
        "ENGAGED": (SITREP,),
        "HANDING_BACK": (SITREP, HAND_BACK),
    },
    T3: {
        "REQUESTED": (ACKNOWLEDGE,),
        "ACKNOWLEDGED": (DECIDE,),
        "EN_ROUTE": (ARRIVE,),
        "HANDING_OVER": (HAND_BACK,),
    },
}
"""The clocks that run in a state of tier 2 and tier 3; in every other state none does."""

_OWNERS = {DECIDE: "FPU_CMD", DEPART: "PLT_LDR", ARRIVE: "PLT_LDR", SITREP: "PLT_LDR"}
_DESK = "FPU_DUTY"

_BY_VOICE = frozenset({*((T2, event) for event in T2_REQUESTS), (T3, "request_by_kp")})
"""Requests that Kosovo Police confirm in writing."""

READ_WITH_BODY = (
    "note", *T2_REQUESTS, "request_by_kp", "accept", "depart",
)  # fmt: skip
"""The events into whose body the clocks look."""


class Timer(NamedTuple):
    """One clock, running until ``stopped_us``; times are microseconds since 1970 UTC.

    ``key`` is its own among all clocks of the incident, for ever; ``event_id`` the event that
    started it.
    """

    name: str
    region: str
    incident: str
    event_id: str
    started_us: int
    due_us: int
    owner: str
    stopped_us: int | None = None

    @property
    def key(self) -> str:
        """Region, name and starting event."""
        return f"{self.region}:{self.name}:{self.event_id}"

    @property
    def running(self) -> bool:
        """Whether what it waits for has not happened yet."""
        return self.stopped_us is None

    def overdue(self, now_us: int) -> bool:
        """Whether it ran, or has been running, past its limit; exactly on time is in time."""
        return (now_us if self.stopped_us is None else self.stopped_us) > self.due_us

    def view(self, now: datetime | None = None) -> dict[str, Any]:
        """For the interface. Without ``now`` it does not say whether it is overdue: what is kept
        and shown later would be wrong by then, and ``due`` tells."""
        stopped = self.stopped_us
        found: dict[str, Any] = {
            "name": self.name,
            "region": self.region,
            "since": to_rfc3339(from_microseconds(self.started_us)),
            "due": to_rfc3339(from_microseconds(self.due_us)),
            "stopped_at": None if stopped is None else to_rfc3339(from_microseconds(stopped)),
            "owner": self.owner,
            "event_id": self.event_id,
        }
        return found if now is None else found | {"overdue": self.overdue(to_microseconds(now))}


class TimerBook:
    """All clocks of one incident, grown event by event."""

    __slots__ = (
        "_announced", "_early", "_incident", "_limits", "_ready", "_requests", "_roots", "_tier2",
        "_timers",
    )  # fmt: skip

    def __init__(self, incident: str, policy: Policy) -> None:
        self._incident = incident
        self._limits: Timers = policy.timers
        self._timers: dict[str, Timer] = {}
        self._tier2 = ""  # the state it moved to last
        self._ready = False  # the FPU was on pre-alert when it was asked
        self._announced: dict[str, int] = {}  # arrival as it was announced, by region
        self._requests: dict[str, tuple[str, int]] = {}  # region and time of each request by voice
        self._roots: dict[str, str] = {}  # correction -> the event it goes back to
        self._early: list[Folded] = []  # SITREPs written down before the arrival was

    def absorb(self, event: Folded) -> None:
        """Take in the next event of the incident's stream."""
        if event.corrects is not None:
            self._correct(event)
        elif event.to_state is not None:
            self._move(event)
        elif event.event == "note":
            self._hear(event)

    def all(self) -> list[Timer]:
        """Every clock that ever ran, in order of its start in the log."""
        return list(self._timers.values())

    def find(self, key: str) -> Timer | None:
        """The clock of that key."""
        return self._timers.get(key)

    def running(self) -> list[Timer]:
        """The clocks that run, the most urgent first; paper comes after what is happening."""
        found = [timer for timer in self._timers.values() if timer.stopped_us is None]
        return sorted(
            found, key=lambda one: (one.name == WRITTEN_CONFIRMATION, one.due_us, one.key)
        )

    def breached(self, now: datetime) -> list[Timer]:
        """The clocks that ran past their limit, whether they still run or not."""
        if not self._timers:
            return []
        now_us = to_microseconds(now)
        return [timer for timer in self._timers.values() if timer.overdue(now_us)]

    # --- what happened -------------------------------------------------------------------------

    def _move(self, event: Folded) -> None:
        region = event.region
        clocks = _CLOCKS.get(region)
        if clocks is None:
            if region == INC and event.to_state == "DISCARDED":
                self._stop_all(event.occurred_us)
            return
        wanted = clocks.get(event.to_state, ())
        running = self._stop_but(wanted, region, event.occurred_us)
        if region == T2:
            if event.event == "kp_request":
                self._ready = self._tier2 == "PREALERT"
            self._tier2 = str(event.to_state)
        elif event.event == "accept":
            self._announce(event)
        for name in wanted:
            if name not in running:
                self._start(name, event)
        if (region, event.event) in _BY_VOICE:
            self._requests[event.event_id] = (region, event.occurred_us)
            if not _is_confirmed(event):
                self._owe(event.event_id)

    def _start(self, name: str, event: Folded) -> None:
        due_us = self._arrival(event) if name == ARRIVE else event.occurred_us + self._limit(name)
        if due_us is not None:  # KFOR may be on the way without having said when it comes
            self._put(name, event.region, event.event_id, event.occurred_us, due_us)
        if name == SITREP:
            early, self._early = self._early, []
            for note in early:
                self._divide(note)

    def _put(self, name: str, region: str, event_id: str, start_us: int, due_us: int) -> Timer:
        owner = _OWNERS.get(name, _DESK) if region == T2 else _DESK
        timer = Timer(name, region, self._incident, event_id, start_us, due_us, owner)
        self._timers[timer.key] = timer
        return timer

    def _stop_all(self, at_us: int) -> None:
        for timer in self.running():
            self._end(timer, at_us)
        self._requests.clear()  # nothing is owed on what never was

    def _stop_but(self, wanted: tuple[str, ...], region: str, at_us: int) -> list[str]:
        """Stop the region's other clocks, not those for paper; gives the names that run on."""
        running = []
        for timer in self._timers.values():
            if timer.stopped_us is None and timer.region == region:
                if timer.name in wanted:
                    running.append(timer.name)
                elif timer.name != WRITTEN_CONFIRMATION:
                    self._end(timer, at_us)
        return running

    def _end(self, timer: Timer, at_us: int | None) -> None:
        # a late entry can name a time before the start; nothing stops before it began
        stopped = None if at_us is None else max(at_us, timer.started_us)
        self._timers[timer.key] = timer._replace(stopped_us=stopped)

    def _limit(self, name: str) -> int:
        limits = self._limits
        if name == DEPART and self._ready:
            return _microseconds(limits.depart_high_readiness)
        limit: timedelta = getattr(limits, name)
        return _microseconds(limit)

    # --- arrival -------------------------------------------------------------------------------

    def _announce(self, event: Folded) -> None:
        eta_us = _eta(event)
        if eta_us is not None:
            self._announced[event.region] = eta_us

    def _arrival(self, event: Folded) -> int | None:
        """When an arrival is due: the announced travel time from the departure, and the margin."""
        if event.event != "depart":
            return None
        self._announce(event)
        eta_us = self._announced.pop(event.region, None)
        return None if eta_us is None else self._with_margin(event.occurred_us, eta_us)

    def _with_margin(self, departed_us: int, eta_us: int) -> int:
        travel = max(eta_us - departed_us, 0)
        return departed_us + round(travel * (1 + self._limits.arrive_margin))

    # --- reports from the scene ----------------------------------------------------------------

    def _hear(self, event: Folded) -> None:
        """A SITREP ends the period in which it was given and begins the next one.

        One that is typed late falls into an earlier period and divides it.
        """
        if not event.record.get("sitrep_ref"):
            return
        if not self._divide(event):
            self._early.append(event)

    def _divide(self, event: Folded) -> bool:
        at_us = event.occurred_us
        for timer in self._timers.values():
            inside = timer.started_us <= at_us and (
                timer.stopped_us is None or at_us < timer.stopped_us
            )
            if timer.name == SITREP and inside:
                self._end(timer, at_us)
                next_one = self._put(SITREP, T2, event.event_id, at_us, at_us + self._limit(SITREP))
                self._end(next_one, timer.stopped_us)
                return True
        return False

    # --- the paper that is to follow ------------------------------------------------------------

    def _owe(self, request: str) -> None:
        region, asked_us = self._requests[request]
        due_us = asked_us + self._limit(WRITTEN_CONFIRMATION)
        self._put(WRITTEN_CONFIRMATION, region, request, asked_us, due_us)

    def _correct(self, event: Folded) -> None:
        """The newest correction of a request says whether it is confirmed, of a departure when
        the arrival was to be expected."""
        corrected = str(event.corrects)
        root = self._roots[event.event_id] = self._roots.get(corrected, corrected)
        if event.event == "note":
            if f"{T2}:{SITREP}:{root}" not in self._timers:  # it had been no SITREP before
                self._hear(event)
        elif event.event == "depart":
            arrival, eta_us = self._timers.get(f"{event.region}:{ARRIVE}:{root}"), _eta(event)
            if arrival is not None and eta_us is not None:
                due_us = self._with_margin(arrival.started_us, eta_us)
                self._timers[arrival.key] = arrival._replace(due_us=due_us)
        elif (event.region, event.event) == (T3, "accept") and event.region in self._announced:
            self._announce(event)
        elif (event.region, event.event) in _BY_VOICE and root in self._requests:
            self._confirm(root, event)

    def _confirm(self, request: str, event: Folded) -> None:
        region, asked_us = self._requests[request]
        owed = self._timers.get(f"{region}:{WRITTEN_CONFIRMATION}:{request}")
        if not _is_confirmed(event):
            if owed is None or owed.stopped_us is not None:
                self._owe(request)
        elif owed is not None and owed.stopped_us is None:
            # A correction has the time of what it corrects and does not say when the paper came:
            # it counts from when somebody wrote that down. In old logs it may have its own time.
            moved = event.occurred_us != asked_us and event.reason != RETIMED
            told = event.occurred_us if moved else event.recorded_us
            self._end(owed, told)


def fold_timers(incident: str, policy: Policy, events: Iterable[Folded]) -> TimerBook:
    """The clocks after ``events`` of an incident's stream."""
    book = TimerBook(incident, policy)
    for event in with_times(events):
        book.absorb(event)
    return book


def _microseconds(limit: timedelta) -> int:
    return limit // timedelta(microseconds=1)


def _eta(event: Folded) -> int | None:
    try:
        return to_microseconds(parse_rfc3339(event.record["eta"], "eta"))
    except (KeyError, InvalidField):
        return None


def _is_confirmed(event: Folded) -> bool:
    said = event.record.get("request", {}).get("written_confirmation_ref")
    return bool(said) and str(said).strip() != TO_FOLLOW
