"""From what was typed to one command, and from a refusal to words at the right place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.errors import DashboardError, GuardRefused, InvalidField, NotPermitted, VersionConflict
from domain.time import parse_rfc3339, to_rfc3339
from domain.transitions import INC, RES
from pages.act_form import form_of
from pages.asking import DISPUTE
from pages.clock_times import Ambiguous
from pages.event_form import complete
from pages.forms import Filled, fill
from pages.incident_actions import event_words, guard_words
from pages.incident_report import report_form
from pages.incident_timeline import happened
from pages.incident_view import actor_of
from pages.places import point_of, position_of_mgrs
from pages.session import current_user
from pages.strings import catalogue, text
from services.container import Services
from services.incident_writing import Outcome
from services.security.asking import remember_refusal

Meta = dict[str, Any]


@dataclass(slots=True)
class Sent:
    """What became of a form: ``done`` is the sentence of success; else ``notice`` and ``faults``
    say what is wrong, and ``meta`` is what the form goes on with."""

    meta: Meta
    done: str = ""
    notice: Any = ""
    faults: dict[str, str] = field(default_factory=dict)
    outcome: Outcome | None = None

    def at(self, places: Sequence[Mapping[str, Any]]) -> list[str]:
        """What stands at each field, in the order of the places for it on the screen."""
        return [self.faults.get(one["path"], "") for one in places]


def send_event(services: Services, meta: Meta, typed: Mapping[str, Any], language: str) -> Sent:
    """One event on an incident or a platoon."""
    filled = fill(form_of(meta).fields, flags(typed), services.clock())
    if filled.faults:
        return faulty(meta, filled, language)
    envelope = step_of(meta, typed, filled, language) | {
        "command_id": meta["command_id"],
        "expected_version": meta["version"],
    }
    if meta["corrects"]:
        envelope["corrects"] = meta["corrects"]
    actor = actor_of(current_user())

    def act() -> Outcome:
        locate(envelope)
        if meta["region"] == RES:
            place = meta["operation"], meta["platoon"]
            return services.incidents.act_on_platoon(*place, actor, envelope)
        return services.incidents.act(meta["operation"], meta["incident"], actor, envelope)

    words = event_words(meta["region"], meta["event"], language)
    if meta["corrects"]:
        key = "incident.disputing" if meta["ask"] == DISPUTE else "incident.correcting"
        words = text(key, language, event=words)
    return _carried_out(meta, act, words, language)


def step_of(meta: Meta, typed: Mapping[str, Any], filled: Filled, language: str) -> dict[str, Any]:
    """What was typed as an event, without what belongs to its command."""
    step = complete(filled.envelope) | {"region": meta["region"], "event": meta["event"]}
    step["occurred_at"] = _occurred(meta, typed, step["occurred_at"])
    if "text" in step:
        step["lang"] = language
    return step


def send_report(services: Services, meta: Meta, typed: Mapping[str, Any], language: str) -> Sent:
    """A new incident."""
    filled = fill(report_form().fields, flags(typed), services.clock())
    if filled.faults:
        return faulty(meta, filled, language)
    envelope = complete(filled.envelope) | {"command_id": meta["command_id"]}
    envelope["occurred_at"] = _occurred(meta, typed, envelope["occurred_at"])
    if "text" in envelope:
        envelope["lang"] = language
    actor = actor_of(current_user())

    def act() -> Outcome:
        locate(envelope)
        return services.incidents.report(meta["operation"], actor, envelope)

    return _carried_out(meta, act, event_words(INC, "report", language), language)


def _carried_out(meta: Meta, act: Callable[[], Outcome], words: str, language: str) -> Sent:
    try:
        outcome = act()
    except DashboardError as refused:
        return refusal(meta, refused, language)
    return Sent(meta, done=text("incident.recorded_event", language, event=words), outcome=outcome)


def refusal(meta: Meta, refused: DashboardError, language: str) -> Sent:
    """Why nothing was recorded, in words, at the field that it is about."""
    remember_refusal(refused)
    if isinstance(refused, VersionConflict):
        return _lost(meta, refused, language)
    if isinstance(refused, InvalidField):
        return Sent(
            meta,
            notice=text("incident.check_fields", language),
            faults={_at(refused.field): fault_words(refused, language)},
        )
    if isinstance(refused, GuardRefused):
        return _stopped(meta, refused, language)
    if isinstance(refused, NotPermitted):
        return Sent(meta, notice=not_permitted_words(refused, language))
    return Sent(meta, notice=f"{refused.title}: {refused.detail}")


def not_permitted_words(refused: NotPermitted, language: str) -> str:
    """Whose it is to record, or the rule that says so."""
    rule = refused.extra.get("guard", "role")
    if rule == "role":
        return text("incident.not_permitted", language, detail=refused.detail)
    words = guard_words(str(rule), refused.detail, language)
    return text("incident.stopped", language, rule=words, detail=refused.detail)


def _lost(meta: Meta, lost: VersionConflict, language: str) -> Sent:
    """Somebody was first: tell what happened, keep what was typed, go on with the new version."""
    version = lost.extra.get("version", meta["version"])
    return Sent(meta | {"version": version}, notice=lost_words(lost, language))


def lost_words(lost: VersionConflict, language: str) -> str:
    """That somebody was first, and what has happened since."""
    since = [happened(one, language) for one in lost.extra.get("since", ())]
    return text("incident.lost_race", language) + " " + "; ".join(since)


def _stopped(meta: Meta, refused: GuardRefused, language: str) -> Sent:
    words = guard_words(refused.guard, refused.detail, language)
    notice = text("incident.stopped", language, rule=words, detail=refused.detail)
    faults = {_at(refused.field): words} if refused.field else {}
    return Sent(meta, notice=notice, faults=faults)


def faulty(meta: Meta, filled: Filled, language: str) -> Sent:
    """What cannot be read or is missing, at its fields."""
    faults = {path: fault_words(fault, language) for path, fault in filled.faults.items()}
    return Sent(meta, notice=text("incident.check_fields", language), faults=faults)


def fault_words(fault: DashboardError, language: str) -> str:
    """What is wrong with a field in the reader's language, where the catalogue has it."""
    reason = fault.reason if isinstance(fault, Ambiguous) else fault.detail.split(":")[0]
    template = catalogue(language).get("incident.fault." + reason.replace(" ", "_"))
    return fault.detail if template is None else template.format_map(fault.extra)


def _at(path: str) -> str:
    """Where on the form a fault is shown that the services name by another path."""
    return {"position": "position.lat", "confirmations": "confirmations.1.org"}.get(path, path)


def flags(typed: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed; a ticked box comes as ["yes"]."""
    return {path: value != [] if value in ([], ["yes"]) else value for path, value in typed.items()}


def locate(envelope: dict[str, Any]) -> None:
    """Give the position as the services want it, so that the map can show it.

    An MGRS square goes before numbers, because it is never filled in by a click on the map; a place
    that was picked by name counts where there is neither. Raises ``InvalidField``.
    """
    square = envelope.get("position", {}).pop("mgrs", None)
    if square:
        point: tuple[float, float] | None = position_of_mgrs(square)
    else:
        point = None if "position" in envelope else point_of(envelope.get("place_ref"))
    if point is not None:
        envelope["position"] = {"lat": point[0], "lon": point[1]}


def _occurred(meta: Meta, typed: Mapping[str, Any], occurred: str) -> str:
    """The time that was typed to the minute, as exactly as it is known.

    Left as it was, it is the second at which the form was opened, in a correction that of the
    event. In the same minute as what it rests on it is not before that.
    """
    if typed.get("occurred_at") == meta["occurred_typed"]:
        return str(meta["opened_at"])
    floor = meta.get("floor")
    if floor:
        before = parse_rfc3339(floor, "floor")
        at = parse_rfc3339(occurred, "occurred_at")
        if at < before and at == before.replace(second=0, microsecond=0):
            return to_rfc3339(before)
    return occurred
