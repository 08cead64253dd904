"""Drafts, corrections and disputes at one incident, searched to the end through the services.

Two people, one platoon, one incident that Kosovo Police lead. The services decide; beside them a
ghost reads what was stored, and knows of every end that Kosovo Police said in a draft: it is
entered, or goes on waiting, or Kosovo Police have said something else since, and until then nothing
uses the request but the drafts that tell of it. Only the desk itself takes it back, by rejecting
the draft that begins with it.

**One night**: the roles stay. Whatever is in ``DIRECT``, ``BY_TWO`` and ``OF_PLATOON`` may be
entered at any moment; the desk types what is in ``TYPED`` where no draft waits, and behind one
what is in ``BEHIND``; a draft is confirmed, confirmed with another record, or rejected by whoever
may; the present request is corrected (details or purpose) and disputed.
**People who change**: the two change roles at any moment; fewer words, as far as a reservation.
``make fuzz`` goes as far as it can with all words and people who change roles at once.

All is of one moment, a correction moves no time, and a request that was followed by another is no
longer corrected. A state tells of a draft its steps, its author, what it stands on and waits
behind, not what its records say; logs stay whole, so an older engagement is known by the shortest
way that led to the state.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from domain.drafts import open_drafts
from domain.events import Actor, Event
from domain.transitions import ROWS_OF
from domain.words import clean
from services.shape import check_envelope, check_record
from tests.domain.search import CIVIL, ESCORT
from tests.services.desk_search import (
    CHARLIE,
    COMMANDER,
    DUTY,
    INCIDENT,
    PEOPLE,
    Found,
    Move,
    Place,
    act,
    act_on_platoon,
    confirm,
    folded,
    for_purpose,
    reject,
    role_changes,
    search,
    step,
    type_in,
)

ON_SCENE = [step("T2", "depart"), step("T2", "arrive")]
DIRECT = [
    ("request", for_purpose("kp_request", CIVIL), DUTY),
    ("request escort", for_purpose("kp_request", ESCORT), DUTY),
    ("acknowledge", step("T2", "acknowledge"), DUTY),
    ("accept", step("T2", "accept"), COMMANDER),
    ("depart", step("T2", "depart"), DUTY),
    ("arrive", step("T2", "arrive"), DUTY),
    ("engage", step("T2", "engage"), DUTY),
    ("cancel", step("T2", "cancel"), DUTY),
    ("revoke", step("T2", "revoke_request"), DUTY),
    ("begin hand-back", step("T2", "begin_handback"), DUTY),
    ("hand-back", step("T2", "handback_confirmed"), DUTY),
    ("withdraw", step("T2", "withdraw"), COMMANDER),
    ("stabilise", step("INC", "stabilise"), DUTY),
    ("close", step("INC", "close"), COMMANDER),
]
BY_TWO = [
    ("civil disturbance", for_purpose("change_purpose", CIVIL)),
    ("reconfirm", for_purpose("reconfirm", CIVIL)),
]
TYPED: dict[str, list[dict[str, Any]]] = {
    "accept": [step("T2", "accept")],
    "accept to engaged": [step("T2", "accept"), *ON_SCENE, step("T2", "engage")],
    "accept and cancelled": [step("T2", "accept"), step("T2", "cancel")],
    "a request and accept": [
        for_purpose("kp_request", CIVIL), step("T2", "acknowledge"), step("T2", "accept"),
    ],
    "another purpose": [for_purpose("change_purpose", CIVIL)],
}  # fmt: skip
BEHIND = {"cancelled": [step("T2", "cancel")], "depart": [step("T2", "depart")]}
OF_PLATOON = (("bind", DUTY), ("unreserve", DUTY), ("reserve", DUTY), ("reserve", COMMANDER),
              ("release", DUTY), ("returned", DUTY))  # fmt: skip


@dataclass(frozen=True)
class Vocabulary:
    """What may be sent: single events, what is typed at a quiet incident and behind a draft."""

    direct: frozenset[str]
    by_two: frozenset[str]
    typed: frozenset[str]
    behind: frozenset[str]
    of_platoon: frozenset[str]
    roles_change: bool


EVERYTHING = Vocabulary(
    frozenset(name for name, _, _ in DIRECT), frozenset(name for name, _ in BY_TWO),
    frozenset(TYPED), frozenset(BEHIND), frozenset(name for name, _ in OF_PLATOON), True,
)  # fmt: skip
ONE_NIGHT = replace(EVERYTHING, roles_change=False)
PEOPLE_WHO_CHANGE = Vocabulary(
    frozenset({"request", "request escort", "acknowledge", "accept", "cancel", "withdraw"}),
    frozenset(), frozenset({"accept", "a request and accept"}), frozenset(),
    frozenset({"reserve", "unreserve"}), True,
)  # fmt: skip


def moves_in(words: Vocabulary) -> Callable[[Place], Iterator[Move]]:
    """What can be tried at a place with these words."""

    def moves(place: Place) -> Iterator[Move]:
        if words.roles_change:
            yield from role_changes(place)
        yield from _moves(place, words)

    return moves


def _moves(place: Place, words: Vocabulary) -> Iterator[Move]:
    own = [one for one in place.events if one.stream == INCIDENT]
    drafts = open_drafts(own)
    state, platoons = folded(place)
    for number, name in enumerate(PEOPLE):
        role = place.roles[number]
        actor = Actor(name, role, f"session of {name}")
        other = PEOPLE[1 - number]
        for what, sent, who in DIRECT:
            if (
                what in words.direct
                and role == who
                and _starts(sent, state.state_of(sent["region"]))
            ):
                yield Move(what, actor, act(sent))
        for event, who in OF_PLATOON:
            known = {"region": "RES", "event": event}
            if event not in words.of_platoon or role != who:
                continue
            if _starts(known, platoons[CHARLIE].state):
                yield Move(event, actor, act_on_platoon(event))
        if role == COMMANDER:
            for what, sent in BY_TWO:
                if what not in words.by_two or not _starts(sent, state.t2):
                    continue
                beside = {"second_person": {"user": other, "password": other}}
                yield Move(f"{what} by two", actor, act(sent, **beside))
        if role == DUTY and not drafts:
            for what in sorted(words.typed):
                steps = TYPED[what]
                yield Move(f"type {what}", actor, type_in(steps))
        elif role == DUTY and len(drafts) == 1:
            for what in sorted(words.behind):
                steps = BEHIND[what]
                sent_behind = type_in(steps, drafts[0].event_id)
                yield Move(f"type {what} behind", actor, sent_behind)
        for at, draft in enumerate(drafts):
            yield Move(f"confirm draft {at}", actor, confirm(draft.event_id))
            yield Move(f"reject draft {at}", actor, reject(draft.event_id))
            if draft.record["steps"][0]["event"] == "accept":
                record = {**draft.record["steps"][0]["record"], "tasking_order_no": "2"}
                yield Move(f"change draft {at}", actor, confirm(draft.event_id, record))
        yield from _said_of_the_request(own, place, actor)


def _starts(sent: Mapping[str, Any], present: str) -> bool:
    """Whether a row starts from here; what does not is refused first of all, other tests say so."""
    return any(present in row.from_states for row in ROWS_OF[sent["region"], sent["event"]])


def _said_of_the_request(own: list[Event], place: Place, actor: Actor) -> Iterator[Move]:
    state, _ = folded(place)
    if state.t2_request is None:
        return
    (request,) = (one for one in own if one.event_id == state.t2_request)
    if actor.role == COMMANDER and not state.t2_disputed:
        denied = step("T2", request.event, record=request.record)
        said = {"corrects": request.event_id, "dispute": {"breaks": "not so"}}
        yield Move("dispute", actor, act(denied, **said))
    for purpose in (CIVIL, ESCORT):
        corrected = for_purpose(request.event, purpose)
        more: dict[str, Any] = {"corrects": request.event_id}
        yield Move(f"correct to {purpose}", actor, act(corrected, **more))


OF_A_NIGHT = (571, 3_976)
OF_PEOPLE = (508, 3_388)
"""States and moves that the searches find: a rule that changes them is changed knowingly."""


def over(place: Place) -> bool:
    """Closed, and nobody is bound any more."""
    state, platoons = folded(place)
    return state.inc == "CLOSED" and platoons[CHARLIE].state == "AVAILABLE"


def check(found: Found, expected: tuple[int, int]) -> None:
    """No invariant is broken, and every state can still be ended."""
    assert [(rule, move, found.trace(key)) for rule, key, move in found.broken[:3]] == []
    assert (len(found.seen), found.fired.total()) == expected


def test_a_night_of_drafts_carries_no_authority_that_is_not_there() -> None:
    found = search(moves_in(ONE_NIGHT))
    check(found, OF_A_NIGHT)
    assert [found.trace(key) for key in found.cannot_reach(over)[:1]] == []


def test_people_who_change_roles_are_still_two_people() -> None:
    check(search(moves_in(PEOPLE_WHO_CHANGE)), OF_PEOPLE)


def test_what_the_search_sends_has_the_right_shape() -> None:
    sent = [one for _, one, _ in DIRECT] + [one for _, one in BY_TWO]
    sent += [one for steps in (*TYPED.values(), *BEHIND.values()) for one in steps]
    for one in sent:
        whole = {**one, "command_id": str(uuid.uuid4()), "expected_version": 1}
        assert check_envelope("event", clean(whole)) == whole
        check_record(one["region"], one["event"], one["record"])
