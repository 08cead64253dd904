"""What must be true of every input: it is read or refused with a reason, and nothing else.

Whatever is read is judged as it would be on its way into the store, and what comes out of that must
be what the domain promises of a fix, in forms that every database and every reader of JSON takes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from domain.fixes import CLOCK_TOLERANCE, MISSION_START, Fix, Heartbeat, Rejection, Report, judge
from tests.formats.samples import RECEIVED_AT
from tests.fuzz.decoders.targets import Target

LONGEST_REASON = 500
_REASONS = frozenset(
    re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", (Rejection.__doc__ or "").split("``field``")[0])
)
_LIMITS = (("speed", 0, 150), ("course", 0, 360), ("altitude", -500, 20_000),
           ("accuracy", 0, 100_000), ("battery", 0, 100))  # fmt: skip
_SAID = re.compile(r"'[^']*'|\"[^\"]*\"|\d[\d,.:TZ+-]*|\(.*")


class Broken(Exception):
    """A promise that an input has made a decoder break."""


def examine(target: Target, raw: bytes) -> tuple[str, str]:
    """What became of an input: accepted, quarantined, nothing or refused; and the reason's class.

    Raises ``Broken``, or whatever the decoder raises that it must not.
    """
    try:
        reports = target.read(raw)
    except target.refusals as refusal:
        return "refused", _reason(refusal)
    if not reports:
        return ("nothing", "") if target.reports else ("accepted", "")
    reasons = [_judged(report) for report in reports]
    if any(reason is None for reason in reasons):
        return "accepted", ""
    return "quarantined", str(reasons[0])


def _reason(refusal: Exception) -> str:
    field, detail = _told(refusal)
    _sayable(field, "the field of a refusal")
    _sayable(detail, "the reason of a refusal")
    return f"{field if len(field) < 24 else field[:24]}: {_SAID.sub('…', detail)[:60]}"


def _told(refusal: Any) -> tuple[str, str]:
    """Field and reason; of several faults the first, but all of them must be sayable."""
    if hasattr(refusal, "field"):
        return refusal.field, refusal.detail
    faults = refusal.faults
    _need(len(faults) > 0, "a refusal without a fault")
    for fault in faults:
        _sayable(str(fault), "a fault")
    first = faults[0]
    if isinstance(first, str):  # "file: [section] key: detail"
        return first.split(": ")[1], first.split(": ")[-1]
    return first.column, first.detail


def _sayable(said: object, what: str) -> None:
    _need(isinstance(said, str) and bool(str(said).strip()), f"{what} is empty: {said!r:.80}")
    text = str(said)
    _need(len(text) <= LONGEST_REASON, f"{what} has {len(text)} characters")
    _need("\x00" not in text, f"{what} has a NUL")
    _storable(text, what)


def _judged(report: Report) -> str | None:
    """The reason why it is no fix; None where it is one, or a sign of life."""
    _need(isinstance(report, Report), "no report")
    _need(report.fix_time is None or _is_utc(report.fix_time), "a time that is not in UTC")
    verdict = judge(report, RECEIVED_AT, anywhere=True)
    local = judge(report, RECEIVED_AT)
    _need(isinstance(local, Rejection) or local == verdict, "waiving the area changes more")
    if isinstance(verdict, Rejection):
        _need(verdict.reason in _REASONS, f"an unknown reason {verdict.reason!r}")
        _sayable(verdict.field, "the field of a rejection")
        _sayable(verdict.detail, "the detail of a rejection")
        return verdict.reason
    _check_attributes(verdict.attributes)
    if isinstance(verdict, Fix):
        _check_fix(verdict)
    else:
        _need(isinstance(verdict, Heartbeat) and _is_utc(verdict.at), "a sign of life at no time")
    return None


def _check_fix(fix: Fix) -> None:
    for name, value, limit in (("latitude", fix.latitude, 90), ("longitude", fix.longitude, 180)):
        _need(type(value) is float, f"{name} is a {type(value).__name__}")
        _need(math.isfinite(value) and abs(value) <= limit, f"{name} is {value}")
    _need(_is_utc(fix.fix_time), "a fix whose time is not in UTC")
    _need(MISSION_START <= fix.fix_time <= RECEIVED_AT + CLOCK_TOLERANCE, f"at {fix.fix_time}")
    for name, least, most in _LIMITS:
        value = getattr(fix, name)
        _need(value is None or least <= value <= most, f"{name} is {value}")


def _check_attributes(attributes: dict[str, Any]) -> None:
    try:
        text = json.dumps(attributes, allow_nan=False, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError) as fault:
        raise Broken(f"attributes that are no JSON: {fault!r:.120}") from fault
    _storable(text, "an attribute")
    _need("\\u0000" not in text.replace("\\\\", ""), "an attribute has a NUL")


def _storable(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as fault:
        raise Broken(f"{what} has half a character") from fault


def _is_utc(moment: datetime) -> bool:
    return moment.tzinfo is UTC


def _need(held: bool, otherwise: str) -> None:
    if not held:
        raise Broken(otherwise)


def shown(reasons: Sequence[tuple[str, int]], most: int) -> str:
    """Reasons with how often each was given, the most frequent first."""
    said = [f"{count:,} {reason}" for reason, count in reasons[:most]]
    rest = len(reasons) - most
    return "; ".join(said) + (f"; and {rest} more reasons" if rest > 0 else "")
