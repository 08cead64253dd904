"""A search to the end: what can be done in a world, every world that is reached, and who judges.

A world counts as another one where a rule or the judge could tell them apart (``key_of``). Ids of
events never enter a key; what does is whether a platoon serves the present engagement or an older
one. The log of a reached world keeps only what a later command can refer to.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from domain.errors import GuardRefused, NotPermitted
from domain.events import Actor, Command, Event
from domain.incident import decide
from domain.state import PlatoonState
from domain.streams import PLATOON
from domain.transitions import RES, ROWS_OF, TABLE, Transition
from tests.domain.ghost import FORWARD, Ghost, broken_by, seen
from tests.domain.harness import LATER, USER_OF, World, command, sample_record, variants
from tests.domain.invariants import violations

Asked = tuple[str, int]
CIVIL, ESCORT = "civil_disturbance", "escort_support"


@dataclass
class Searched(World):
    """A world with its ghost beside it."""

    ghost: Ghost = field(default_factory=Ghost)


@dataclass(frozen=True)
class Slice:
    """What is searched: rows, the requests that Kosovo Police may make, and whether anybody
    disputes. ``sought`` are (purpose, platoons asked) of a new request, ``anew`` of one that is
    said anew."""

    rows: Sequence[Transition]
    sought: tuple[Asked, ...]
    anew: tuple[Asked, ...]
    disputes: bool = False


@dataclass
class Reached:
    """What a search found; ``back`` leaves out every step forward."""

    seen: dict[Hashable, Searched] = field(default_factory=dict)
    before: dict[Hashable, set[Hashable]] = field(default_factory=dict)
    back: dict[Hashable, set[Hashable]] = field(default_factory=dict)
    first: dict[Hashable, tuple[Hashable, str]] = field(default_factory=dict)
    fired: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[str, Hashable, str]] = field(default_factory=list)
    whole: bool = False

    def trace(self, key: Hashable) -> list[str]:
        """The shortest way to a state, as names of moves."""
        found: list[str] = []
        while key in self.first:
            key, move = self.first[key]
            found.insert(0, move)
        return found


def start_with(*incidents: str, platoons: Sequence[str] = ("p1", "p2")) -> Searched:
    """Reported incidents and platoons that are free."""
    world = Searched(platoons={name: PlatoonState(name) for name in platoons})
    for incident in incidents:
        world.act(command(TABLE[0], sample_record(TABLE[0])), incident)
    world.now = LATER
    return world


def search(
    start: Searched,
    key_of: Callable[[Searched], Hashable],
    part: Slice,
    most: int | None = None,
) -> Reached:
    """Everything that can be reached from ``start``; states with one key count as one.

    ``most`` ends it at so many states, the nearest ones: ``whole`` tells whether any are left.
    """
    found = Reached()
    found.seen[key_of(start)] = start
    queue = deque(found.seen.items())
    incidents = sorted(start.incidents)
    while queue and (most is None or len(found.seen) < most):
        key, world = queue.popleft()
        for name, sent, stream, new in commands(world, part):
            following, stored = _after(world, sent, new)
            found.fired[name] += 1
            reached = key_of(following)
            found.before.setdefault(reached, set()).add(key)
            if (sent.region, sent.event) not in FORWARD:
                found.back.setdefault(reached, set()).add(key)
            move = f"{name} {stream} {sent.actor.name}"
            wrong = list(broken_by(world.ghost, following.ghost, stored))
            found.broken += [(rule, key, move) for rule in wrong]
            if reached in found.seen:
                continue
            for incident in incidents:
                broken = violations(following.incidents[incident], following.platoons)
                found.broken += [(rule, key, move) for rule in broken]
            following.log = _kept(following)
            found.seen[reached] = following
            found.first[reached] = (key, move)
            queue.append((reached, following))
    found.whole = not queue
    return found


def _after(world: Searched, sent: Command, new: Sequence[Any]) -> tuple[Searched, list[Event]]:
    following = replace(
        world,
        incidents=dict(world.incidents),
        platoons=dict(world.platoons),
        log=list(world.log),
    )
    stored = [following.store(one, sent) for one in new]
    for event in stored:
        following.ghost = seen(following.ghost, event, stored[0])
    return following, stored


def _kept(world: Searched) -> list[Event]:
    """What of the log a later command can refer to: what stands behind the engagements now."""
    basis = {name for state in world.incidents.values() for name in state.t2_basis}
    serving = {state.t2_engagement for state in world.incidents.values()}
    serving |= {platoon.engagement for platoon in world.platoons.values()}
    return [
        one
        for one in world.log
        if one.event_id in basis
        or (one.region == RES and one.to_state and one.body.get("engagement") in serving)
    ]


def cannot_reach(
    found: Reached,
    before: dict[Hashable, set[Hashable]],
    is_end: Callable[[Searched], bool],
) -> list[Hashable]:
    """The states from which no end can be reached any more by the moves of ``before``."""
    can_end = {key for key, world in found.seen.items() if is_end(world)}
    queue = deque(can_end)
    while queue:
        for key in before.get(queue.popleft(), ()):
            if key not in can_end:
                can_end.add(key)
                queue.append(key)
    return [key for key in found.seen if key not in can_end]


# --- what can be done ----------------------------------------------------------------------------


def commands(world: Searched, part: Slice) -> Iterator[tuple[str, Command, str, Sequence[Any]]]:
    """Every command that is taken: its row or ``dispute``, itself, its stream, what it leads to."""
    incidents, platoons = tuple(sorted(world.incidents)), tuple(sorted(world.platoons))
    for row in part.rows:
        if row.event == "report":
            continue
        for stream, present, incident in _streams(world, row, incidents):
            # a row that does not start from here is refused first of all; other tests say so
            if present not in row.from_states:
                continue
            for one in _commands(row, incident, platoons, incidents, part.sought, part.anew):
                situation = world.situation(
                    one.actor, stream, one.record.get("to_incident", incident)
                )
                try:
                    new = decide(situation, one, stream)
                except (GuardRefused, NotPermitted):
                    continue
                if new[0].body["row"] == row.id:
                    yield row.id, one, stream, new
    if part.disputes:
        yield from _disputes(world)


def _streams(
    world: Searched, row: Transition, incidents: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """Stream, its present state, and the incident that it is about."""
    if row.region != RES:
        for name in incidents:
            yield name, world.incidents[name].state_of(row.region), name
        return
    for name, platoon in sorted(world.platoons.items()):
        for incident in [platoon.incident] if platoon.incident else incidents:
            yield f"{PLATOON}{name}", platoon.state, incident


@cache
def _commands(
    row: Transition,
    incident: str,
    platoons: tuple[str, ...],
    incidents: tuple[str, ...],
    sought: tuple[Asked, ...],
    anew: tuple[Asked, ...],
) -> tuple[Command, ...]:
    """Commands are never changed, so a search makes each of them once."""
    made = [command(row, record) for record in _records(row, incident, platoons, incidents,
                                                        sought, anew)]  # fmt: skip
    if "canceller_is_requester" in row.guards:  # a rule looks at whose word it is
        other = {"org": "EULEX", "function": "x"}
        made += [replace(one, asserted_by=other) for one in made]
    if "named_by_acceptance" in row.guards:  # and at who enters it
        made += [replace(one, actor=Actor(USER_OF["FPU_DUTY"], "FPU_DUTY")) for one in made]
    return tuple(made)


def _records(
    row: Transition,
    incident: str,
    platoons: tuple[str, ...],
    incidents: tuple[str, ...],
    sought: tuple[Asked, ...],
    anew: tuple[Asked, ...],
) -> Iterator[dict[str, Any]]:
    base = sample_record(row, incident)
    approved = {**base, "operations_approval_ref": "o"}
    if row.region == "T2" and "request" in base:
        for purpose, asked in sought if row.event == "kp_request" else anew:
            request = {**base["request"], "purpose": purpose, "platoons_asked": asked}
            more = approved if row.event != "kp_request" else base
            yield {**more, "request": request}
    elif row.event == "redeploy":
        for other in incidents:
            yield {**approved, "to_incident": other}
    elif row.event == "reserve":
        yield approved
    elif row.region == "T2" and row.event in ("accept", "depart"):
        for size in range(1, len(platoons) + 1):
            for chosen in itertools.combinations(platoons, size):
                yield {**approved, "platoons": list(chosen)}
    else:
        world = World(platoons={name: PlatoonState(name) for name in platoons})
        yield from variants(row, world, incident)


def _disputes(world: Searched) -> Iterator[tuple[str, Command, str, Sequence[Any]]]:
    """The commander disputes what is not disputed yet: anything that an engagement rests on, and
    what put a platoon where it is."""
    for event in world.log:
        name = event.stream.removeprefix(PLATOON)
        if event.region == RES:
            one = world.ghost.platoon(name)
            newest = world.platoons[name].moved
            if one.serves is None or one.serves in one.denied or event.event_id != newest:
                continue
        elif event.to_state is None or world.ghost.word(event.stream).denied:
            continue
        row = ROWS_OF[event.region, event.event][0]
        sent = command(row, event.record, role=row.entered_by[0])
        said = {"breaks": "x"}
        sent = replace(
            sent, actor=Actor("commander", "FPU_CMD"), corrects=event.event_id, dispute=said
        )
        situation = world.situation(sent.actor, event.stream, event.incident)
        situation = replace(situation, corrected=event)
        yield "dispute", sent, event.stream, decide(situation, sent, event.stream)
