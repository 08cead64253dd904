"""What Kosovo Police want and who did what, kept beside the machine and read from events alone.

No guard and no field of ``domain/state.py`` is asked. ``seen`` brings a ghost up to date with one
event, ``broken_by`` judges the events of one command against what was so before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.events import DISPUTED, Event
from domain.streams import PLATOON
from domain.transitions import LINE, RES, T2

Served = tuple[str, int]
"""An engagement: its incident, and the how manieth of that incident it is."""

SAID_ANEW = ("change_purpose", "reconfirm")
ENDS = ("refuse", "cancel", "expire", "withdraw", "handback_confirmed")

FORWARD = (
    (T2, "accept"), (T2, "depart"), (T2, "engage"), (LINE, "relief_in_place_fpu"),
    (RES, "reserve"), (RES, "bind"), (RES, "redeploy"),
)  # fmt: skip
"""Steps that use the authority of a request, besides a failed hand-back that leads to Engaged: as
the judge knows them, who asks no guard."""


@dataclass(frozen=True, slots=True)
class Word:
    """What Kosovo Police want of the FPU at one incident; ``purpose`` None: nothing.

    ``rests`` are the events that it rests on, ``behind`` the people who entered, corrected or
    confirmed it, ``accepted`` those who accepted; ``two``: it was said anew through two people.
    """

    number: int = 0
    purpose: str | None = None
    asked: int = 0
    denied: bool = False
    revoked: bool = False
    two: bool = False
    behind: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    rests: frozenset[str] = frozenset()

    def why_dead(self) -> str | None:
        """Why nobody may act on it, None where it is live."""
        if self.purpose is None:
            return "Kosovo Police want nothing"
        if self.revoked:
            return "Kosovo Police have revoked it"
        return "it is disputed" if self.denied else None


@dataclass(frozen=True, slots=True)
class Platoon:
    """``granted``: engagements that a commander who is not behind their request accepted it for;
    ``denied``: those of which that is disputed."""

    state: str = "AVAILABLE"
    serves: Served | None = None
    granted: frozenset[Served] = frozenset()
    denied: frozenset[Served] = frozenset()
    by_commander: frozenset[Served] = frozenset()

    @property
    def live(self) -> frozenset[Served]:
        """The engagements that it is accepted for, undisputed."""
        return self.granted - self.denied


@dataclass(frozen=True, slots=True)
class Ghost:
    """All that is kept; never changed in place."""

    words: Mapping[str, Word] = field(default_factory=dict)
    platoons: Mapping[str, Platoon] = field(default_factory=dict)

    def word(self, incident: str) -> Word:
        return self.words.get(incident, Word())

    def platoon(self, name: str) -> Platoon:
        return self.platoons.get(name, Platoon())

    def live(self, served: Served | None) -> bool:
        """Whether it is the newest engagement of its incident."""
        return served is not None and self.word(served[0]).number == served[1]

    def held(self, incident: str) -> set[str]:
        """The platoons reserved for or bound to the newest engagement of an incident."""
        here = (incident, self.word(incident).number)
        return {
            name
            for name, one in self.platoons.items()
            if one.serves == here and one.state in ("RESERVED", "BOUND")
        }


def seen(ghost: Ghost, event: Event, first: Event) -> Ghost:
    """The ghost after ``event``; ``first`` is the event that its command named."""
    if event.region == "RES":
        name = event.stream.removeprefix(PLATOON)
        after = _platoon(ghost, event, first)
        words = ghost.words
        accepted = after.live - ghost.platoon(name).live
        if accepted and event.corrects is None:  # reserving it was its acceptance
            word = ghost.word(str(event.incident))
            word = replace(word, accepted=word.accepted | {event.entered_by})
            words = {**words, str(event.incident): word}
        return Ghost(words, {**ghost.platoons, name: after})
    incident = event.stream
    words = {**ghost.words, incident: _word(ghost.word(incident), event)}
    platoons = ghost.platoons
    if (event.region, event.event) == ("T2", "accept") and event.corrects is None:
        word = words[incident]
        if event.entered_by not in word.behind:
            platoons = {**platoons}
            for name in event.record["platoons"]:
                platoons[name] = _granted(ghost.platoon(name), (incident, word.number))
    return Ghost(words, platoons)


def _word(word: Word, event: Event) -> Word:
    if event.corrects is not None:
        return _corrected(word, event)
    if event.to_state is None:
        return word
    if (event.region, event.event) == ("INC", "reopen"):
        return Word(word.number)
    if event.region != "T2":
        return word
    if event.event == "kp_request":
        return replace(_asked(word, event), number=word.number + 1, revoked=False)
    if event.event in SAID_ANEW:
        second = event.body.get("second_person", {}).get("user")
        two = second is not None and second != event.entered_by
        anew = _asked(word, event)
        return replace(anew, two=two, behind=anew.behind | ({second} if second else set()))
    if event.event in ENDS:
        return Word(word.number)
    if event.event == "revoke_request":
        return replace(word, revoked=True)
    rests = word.rests | {event.event_id}
    if event.event == "accept":
        return replace(word, accepted=word.accepted | {event.entered_by}, rests=rests)
    return replace(word, rests=rests) if event.event in ("acknowledge", "engage") else word


def _asked(word: Word, event: Event) -> Word:
    request: Mapping[str, Any] = event.record["request"]
    return replace(
        word,
        purpose=request["purpose"],
        asked=request["platoons_asked"],
        denied=False,
        two=False,
        behind=frozenset({event.entered_by}),
        accepted=frozenset(),
        rests=frozenset({event.event_id}),
    )


def _corrected(word: Word, event: Event) -> Word:
    if event.corrects not in word.rests:
        return word
    if event.reason == DISPUTED:
        return replace(word, denied=True)
    if event.event not in ("kp_request", *SAID_ANEW):
        return word
    request = event.record["request"]
    return replace(
        word,
        purpose=request["purpose"],
        asked=request["platoons_asked"],
        behind=word.behind | {event.entered_by},
    )


def _granted(platoon: Platoon, served: Served) -> Platoon:
    return replace(platoon, granted=platoon.granted | {served}, denied=platoon.denied - {served})


def _platoon(ghost: Ghost, event: Event, first: Event) -> Platoon:
    one = ghost.platoon(event.stream.removeprefix(PLATOON))
    if event.corrects is not None:
        if event.reason != DISPUTED or one.serves is None:
            return one
        return replace(one, denied=one.denied | {one.serves})
    state = str(event.to_state)
    if event.event in ("reserve", "redeploy"):
        incident = str(event.incident)
        word = ghost.word(incident)
        here = (incident, word.number)
        one = replace(one, state=state, serves=here)
        if event is first and event.entered_role == "FPU_CMD":
            one = replace(one, by_commander=one.by_commander | {here})
            if event.entered_by not in word.behind:
                one = _granted(one, here)
        return one
    held = state in ("RESERVED", "BOUND")
    return replace(one, state=state, serves=one.serves if held else None)


def tells_of_an_end(steps: Sequence[Mapping[str, Any]]) -> bool:
    """Whether Kosovo Police, in the steps of a draft, end the request that stands."""
    for one in steps:
        if one["event"] == "kp_request":
            return False  # what is said behind this one is said of this one
        if one["event"] in ("cancel", "revoke_request") and one["asserted_by"]["org"] == "KP":
            return True
    return False


# --- the judge -----------------------------------------------------------------------------------


def broken_by(before: Ghost, after: Ghost, events: Sequence[Event]) -> Iterator[str]:
    """What the events of one command break of the invariants on authority."""
    for event in events:
        if event.to_state is None or event.corrects is not None:
            continue
        name = event.stream.removeprefix(PLATOON)
        incident = str(event.incident) if event.region == "RES" else event.stream
        engages = event.region == "T2" and "ENGAGED" == event.to_state != event.from_state
        if engages or (event.region, event.event) in FORWARD:
            why = before.word(incident).why_dead()
            if why is not None:
                yield f"23 {event.event} although {why}"
        if event.region == "RES" and event.event in ("reserve", "bind", "redeploy"):
            yield from _served(after, name, event)
        if engages:
            yield from _engaged(before, incident)
        was = before.platoon(name)
        if (event.region, event.event) == ("RES", "redeploy") and was.serves in was.denied:
            yield "23 redeployed although its acceptance is disputed"
    for incident, word in after.words.items():
        if word.purpose is None:
            continue
        if word.accepted & word.behind:
            yield "3 accepted by a person behind the request"
        if len(after.held(incident)) > word.asked:
            yield "6 more platoons than Kosovo Police asked for"


def _served(after: Ghost, name: str, event: Event) -> Iterator[str]:
    one = after.platoon(name)
    if not after.live(one.serves):
        yield f"9 {event.event} for an engagement that is over"
    elif one.serves not in one.granted:
        yield f"6 {event.event} without an acceptance that names the platoon"
    elif one.serves in one.denied:
        yield f"23 {event.event} although its acceptance is disputed"


def _engaged(ghost: Ghost, incident: str) -> Iterator[str]:
    word = ghost.word(incident)
    here = (incident, word.number)
    if word.purpose != "civil_disturbance":
        yield "2 engaged for something else than civil disturbance"
    if not word.two and not word.accepted - word.behind:
        yield "2 engaged without an acceptance by somebody who is not behind the request"
    there = [
        one
        for one in ghost.platoons.values()
        if one.state == "BOUND" and one.serves == here and here in one.live
    ]
    if not there:
        yield "2 engaged without a platoon that was accepted for this engagement"
