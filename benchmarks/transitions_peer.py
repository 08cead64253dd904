"""The fold of the product once more, on the library ``transitions`` (MIT): what it is held against.

The same table: one machine for each of the four regions, shared by all incidents, without the
triggers that the library adds by itself. What an incident must remember beside its states is done
by the very functions of the product, so the library stands only for the table and the states.

``fold`` uses the library as its manual says: each incident is a model of the machines of the
regions that it touches, and events are triggered on the model. ``fold_unregistered`` fires the
machines' events at objects that they do not know: that skips the binding of some sixty attributes
to each model, and with them what the library is for (``may_…``, ``is_…``, methods named like the
events). It is the fastest that can be had from it, printed to be fair, and no limit is set on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from transitions import Machine

from domain.events import Event
from domain.state import _EFFECTS, IncidentState
from domain.transitions import INC, INITIAL, LINE, STATES, T2, T3, TABLE, Transition

_REGIONS = {INC: "inc", T2: "t2", T3: "t3", LINE: "line"}


class _Lane:
    """A model: one region of one incident."""

    state: str


def _machines() -> dict[str, Machine]:
    found = {}
    for region in _REGIONS:
        machine = Machine(
            model=None,
            states=list(dict.fromkeys((INITIAL[region], *STATES[region]))),
            initial=INITIAL[region],
            auto_transitions=False,
        )
        for row in TABLE:
            if row.region == region:
                machine.add_transition(
                    row.event, list(row.from_states), row.to_state, conditions=_condition(row)
                )
        found[region] = machine
    return found


def _condition(row: Transition) -> Callable[[Event], bool] | None:
    """Rows that start alike lead to different states: then the event says which one it took."""
    key = (row.region, row.event)
    alike = [one for one in TABLE if (one.region, one.event) == key]
    targets = {one.to_state for one in alike if set(one.from_states) & set(row.from_states)}
    return None if len(targets) == 1 else lambda event: event.to_state == row.to_state


def said(state: IncidentState) -> tuple[object, ...]:
    """What the library keeps too: the states, whose request, for what, and since when."""
    regions = tuple(state.state_of(region) for region in _REGIONS)
    return *regions, state.version, state.t2_request, state.t2_purpose, state.last_us


def fold(events: Iterable[Event]) -> dict[str, IncidentState]:
    """The states of all incidents; every one a registered model."""
    machines = _machines()

    def enter(region: str) -> Callable[..., Any]:
        lane = _Lane()
        machines[region].add_model(lane)
        trigger: Callable[..., Any] = lane.trigger  # type: ignore[attr-defined]
        return trigger

    lanes: dict[tuple[str, str], Callable[..., Any]] = {}
    states: dict[str, IncidentState] = {}
    for event in events:
        if _remembered(states, event):
            key = (event.stream, event.region)
            trigger = lanes.get(key)
            if trigger is None:
                trigger = lanes[key] = enter(event.region)
            trigger(event.event, event)
    for (stream, region), trigger in lanes.items():
        model = trigger.args[0]  # type: ignore[attr-defined]
        setattr(states[stream], _REGIONS[region], model.state)
    return states


def fold_unregistered(events: Iterable[Event]) -> dict[str, IncidentState]:
    """The states of all incidents, with the machines' events fired at objects unknown to them."""
    triggers = {
        (region, name): found.trigger
        for region, machine in _machines().items()
        for name, found in machine.events.items()
    }
    lanes: dict[tuple[str, str], _Lane] = {}
    states: dict[str, IncidentState] = {}
    for event in events:
        if _remembered(states, event):
            key = (event.stream, event.region)
            lane = lanes.get(key)
            if lane is None:
                lane = lanes[key] = _Lane()
                lane.state = INITIAL[event.region]
            triggers[event.region, event.event](lane, event)
    for (stream, region), lane in lanes.items():
        setattr(states[stream], _REGIONS[region], lane.state)
    return states


def _remembered(states: dict[str, IncidentState], event: Event) -> bool:
    """Everything but the four states; whether the event moves one of them."""
    state = states.get(event.stream)
    if state is None:
        state = states[event.stream] = IncidentState(event.stream)
    state.version = event.seq
    if event.to_state is None or event.corrects is not None:
        return False
    if event.occurred_us > state.last_us.get(event.region, 0):
        state.last_us[event.region] = event.occurred_us
    effect = _EFFECTS.get((event.region, event.event))
    if effect is not None:
        effect(state, event)
    return True
