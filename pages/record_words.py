"""What a record says, as label and words, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from domain.events import DRAFT_ENDED
from domain.records import TO_FOLLOW
from pages.clock_times import group, hour
from pages.strings import catalogue, text

Event = Mapping[str, Any]
Row = tuple[str, str, str]
"""Path, label and words."""

_NOT_SHOWN = (
    "exception", "ranking", "steps", "moves", "draft", "stands_on", "ends", "follows", "behind",
    "back_to", "by", "why",
)  # fmt: skip


def record_rows(event: Event, language: str) -> Iterator[Row]:
    """Every row of an event's record and of what stands around it."""
    for number, step in enumerate(event.get("record", {}).get("steps", ())):  # of a draft
        words = text(f"event.{step['region']}_{step['event']}_past", language)
        yield f"record.steps.{number}", words, hour(step["occurred_at"])
    if event.get("event") == DRAFT_ENDED:
        words = text(f"late.ended_{event['record']['why']}", language)
        yield "record.why", text("late.ended_label", language), words
    yield from _rows(event.get("record", {}), "record", language)
    for number, one in enumerate(event.get("confirmations", ()), start=1):
        words = ", ".join(
            (
                text(f"record.org.{one['org']}", language),
                one["function"],
                hour(one["at"]),
                text(f"record.channel.{one['channel']}", language),
            )
        )
        label = text("incident.confirmation", language, number=number)
        yield f"confirmations.{number}", label, words
    if event.get("text"):
        yield "text", text("record.remark", language), event["text"]


def changed_rows(before: Event, after: Event, language: str) -> Iterator[tuple[Row, str]]:
    """The rows that a correction changed, each with the words that it had before."""
    earlier = {path: words for path, _, words in _all_rows(before, language)}
    for path, label, words in _all_rows(after, language):
        if earlier.get(path, "") != words:
            yield (path, label, words), earlier.get(path, "")


def recorded_words(name: str, value: Any, language: str) -> str:
    """The value of a field of a record in words; a reference that is to follow says so."""
    if value == TO_FOLLOW:
        return text("record.to_follow", language)
    if isinstance(value, bool):
        return text("incident.yes" if value else "incident.no", language)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    known = catalogue(language).get(f"record.{name}.{value}")
    if known:
        return known
    if name in ("at", "eta", "as_of") or name.endswith("_at"):
        return group(str(value))
    return str(value)


def casualties_words(value: Mapping[str, Any], language: str) -> str:
    """Counts per side and degree in one line."""
    if value.get("none"):
        return text("record.none", language)
    return "; ".join(
        text(f"record.casualties.{side}", language)
        + " "
        + ", ".join(
            f"{count} {text(f'record.casualties.{degree}', language)}"
            for degree, count in counts.items()
        )
        for side, counts in value.items()
        if counts
    )


def _all_rows(event: Event, language: str) -> Iterator[Row]:
    """The record, and who said it over which channel."""
    yield from record_rows(event, language)
    for name, value in event.get("asserted_by", {}).items():
        path = f"asserted_by.{name}"
        yield path, text(f"record.{name}", language), recorded_words(name, value, language)
    for name in ("channel", "channel_ref"):
        if event.get(name):
            words = recorded_words(name, event[name], language)
            yield name, text(f"record.{name}", language), words


def _rows(record: Mapping[str, Any], path: str, language: str) -> Iterator[Row]:
    for name, value in record.items():
        inside = f"{path}.{name}"
        if name in _NOT_SHOWN:
            continue
        if name == "casualties":
            yield inside, text("record.casualties", language), casualties_words(value, language)
        elif isinstance(value, Mapping):
            yield from _rows(value, inside, language)
        else:
            label = text(f"record.{name}", language)
            yield inside, label, recorded_words(name, value, language)
