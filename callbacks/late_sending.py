"""From the rows of late entry to one sequence, and from a refusal to words at the right row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from callbacks.sending import (
    Meta,
    Sent,
    fault_words,
    faulty,
    flags,
    locate,
    lost_words,
    not_permitted_words,
    refusal,
    step_of,
)
from domain.errors import DashboardError, GuardRefused, InvalidField, NotPermitted, VersionConflict
from domain.streams import PLATOON
from domain.time import to_rfc3339
from pages.clock_times import hour
from pages.event_form import event_form, with_needed
from pages.forms import fill
from pages.incident_actions import event_words, guard_words
from pages.incident_view import IncidentView, actor_of
from pages.late_entry import roles_words, rows_of_form
from pages.late_identifiers import BEHIND
from pages.late_rows import Row
from pages.late_steps import place_of, steps_of
from pages.session import current_user
from pages.strings import text
from services.container import Services
from services.late_entry import Entered


def send_sequence(
    services: Services, view: IncidentView, meta: Meta, typed: Mapping[str, Any], language: str
) -> Sent:
    """Everything that was typed, as one command."""
    read = steps_of(view, rows_of_form(view), flags(typed), services.clock(), language)
    if read.faults:
        faults = {path: fault_words(fault, language) for path, fault in read.faults.items()}
        return Sent(meta, notice=text("incident.check_fields", language), faults=faults)
    if not read.steps:
        return Sent(meta, notice=text("late.no_times", language))
    sent = {
        "command_id": meta["command_id"],
        "expected_version": meta["version"],
        "steps": read.steps,
    }
    if typed.get(BEHIND):
        sent["behind"] = typed[BEHIND]
    try:
        entered = services.late_entry.enter(
            meta["operation"], meta["incident"], actor_of(current_user()), sent
        )
    except VersionConflict as lost:
        version = lost.extra.get("version", meta["version"])
        return Sent(meta | {"version": version}, notice=lost_words(lost, language))
    except DashboardError as refused:
        return _refused(meta, refused, read.rows, language)
    return Sent(meta, done=entered_words(entered, language))


def send_to_wait(services: Services, meta: Meta, typed: Mapping[str, Any], language: str) -> Sent:
    """One step without its second person: it waits as a draft until somebody confirms it."""
    form = event_form(meta["region"], meta["event"], alone=True)
    filled = fill(with_needed(form, meta.get("needed", ())).fields, flags(typed), services.clock())
    if filled.faults:
        return faulty(meta, filled, language)
    step = step_of(meta, typed, filled, language)
    sent = {
        "command_id": meta["command_id"],
        "expected_version": meta["version"],
        "steps": [step],
    }
    try:
        locate(step)
        entered = services.late_entry.enter(
            meta["operation"], meta["incident"], actor_of(current_user()), sent
        )
    except DashboardError as refused:
        return refusal(meta, _of_the_step(refused), language)
    return Sent(meta, done=entered_words(entered, language))


def _of_the_step(refused: DashboardError) -> DashboardError:
    """The refusal with its field named as in the form of the step."""
    if isinstance(refused, GuardRefused | InvalidField) and "field" in refused.extra:
        refused.field = str(refused.extra["field"]).removeprefix("steps.0").lstrip(".")
    return refused


def close_draft(
    services: Services,
    reference: Mapping[str, str],
    draft: str,
    reason: str | None,
    language: str,
) -> tuple[str, str]:
    """Confirm a draft, or reject it for a ``reason``; gives what was done, or what is wrong."""
    where = reference["operation"], reference["incident"], draft, actor_of(current_user())
    command = {"command_id": str(uuid.uuid4())}
    try:
        if reason is None:
            return entered_words(services.late_entry.confirm(*where, command), language), ""
        if not reason.strip():
            return "", text("late.reason_needed", language)
        services.late_entry.reject(*where, {**command, "reason_text": reason})
    except VersionConflict as lost:
        return "", lost_words(lost, language)
    except GuardRefused as refused:
        words = guard_words(refused.guard, refused.detail, language)
        stopped = text("incident.stopped", language, rule=words, detail=refused.detail)
        return "", _step_words(refused, language) + stopped
    except NotPermitted as refused:
        return "", not_permitted_words(refused, language)
    except DashboardError as refused:
        return "", f"{_step_words(refused, language)}{refused.title}: {refused.detail}"
    return text("late.rejected", language), ""


def entered_words(entered: Entered, language: str) -> str:
    """What is in the log now, and what waits for whom."""
    named = [one for one in entered.events if one.to_state and not one.stream.startswith(PLATOON)]
    sentences = []
    if named:
        words = [
            f"{hour(to_rfc3339(one.occurred_at))} {_past(one.region, one.event, language)}"
            for one in named
        ]
        sentences.append(text("late.entered", language, steps=", ".join(words)))
    if entered.draft:
        waiting = [
            f"{hour(one['occurred_at'])} {_past(one['region'], one['event'], language)}"
            for one in entered.draft["steps"]
        ]
        roles = roles_words(entered.draft["waits_for"], language)
        sentences.append(text("late.waiting", language, roles=roles, steps=", ".join(waiting)))
    return " ".join(sentences) or text("late.entered_facts", language)


def _past(region: str, event: str, language: str) -> str:
    return text(f"event.{region}_{event}_past", language)


def _refused(meta: Meta, refused: DashboardError, rows: list[Row], language: str) -> Sent:
    """The words of a refusal, at the field of the step that it is about."""
    if isinstance(refused, GuardRefused):
        words = guard_words(refused.guard, refused.detail, language)
        notice = text("incident.stopped", language, rule=words, detail=refused.detail)
    elif isinstance(refused, InvalidField):
        words = fault_words(refused, language)
        notice = text("incident.check_fields", language)
    elif isinstance(refused, NotPermitted):
        words = notice = not_permitted_words(refused, language)
    else:
        words = notice = f"{refused.title}: {refused.detail}"
    step = refused.extra.get("step")
    if step is None:
        return Sent(meta, notice=notice)
    number = step["number"] - 1
    inside = str(refused.extra["field"]).removeprefix(f"steps.{number}").lstrip(".")
    place = place_of(rows[number], inside)
    return Sent(meta, notice=_step_words(refused, language) + notice, faults={place: words})


def _step_words(refused: DashboardError, language: str) -> str:
    step = refused.extra.get("step")
    return f"{event_words(step['region'], step['event'], language)}: " if step else ""
