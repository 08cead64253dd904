"""From a record's JSON Schema to the fields of its form, and from what was typed back to a record.

Pure. ``domain/records.py`` is the one source: a field added there appears in the form by itself;
its words are ``record.<name>`` in the catalogues, those of a code ``record.<name>.<code>``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.errors import InvalidField
from domain.records import DEGREES, SIDES, TO_FOLLOW, Schema
from domain.time import to_rfc3339
from pages.clock_times import parse_typed
from pages.strings import LANGUAGES, text

NEEDED = "is needed"
"""What is wrong with a field that was left empty; the services say it in the same words."""

_LONG = 2000
_AHEAD = ("eta",)
_SERVER_ADDS = ("exception",)
_PICKED = {
    "platoons": "platoons",
    "duplicate_of": "incident",
    "to_incident": "incident",
    "operation": "exercise",
    "engagement": "fixed",
    "from_incident": "fixed",
}
_MAY_FOLLOW = (
    "officer_service_no", "service_no", "written_confirmation_ref", "tasking_order_no",
    "persons_list_ref", "casualties_list_ref", "evidence_list_ref", "final_sitrep_ref",
    "kp_commander_ref", "callback_ref", "channel_ref",
)  # fmt: skip
"""References that may be owed for a while, so that nobody makes one up at night."""
_FOLLOWS = ("?", TO_FOLLOW)
_MOST_GRADES = 7
_BY_TYPE = {"integer": "number", "number": "decimal", "boolean": "flag"}


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is asked. ``path`` is dotted from the envelope (``record.request.purpose``).

    ``kind``: text, secret (a password), long, number, decimal, moment, choice, grade (a choice of
    few numbers), flag, must (a box that has to be ticked), platoons, incident, place, fixed,
    casualties. ``when`` is (path, value) of a choice without which this one is not asked.
    """

    path: str
    kind: str
    required: bool
    options: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    when: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """The last part of the path: the field's own name."""
        return self.path.rsplit(".", 1)[-1]

    @property
    def may_follow(self) -> bool:
        """Whether it is a reference that may be typed as to follow."""
        return self.kind == "text" and self.name in _MAY_FOLLOW

    @property
    def group(self) -> str:
        """The path around it."""
        return self.path.rpartition(".")[0]


@dataclass(slots=True)
class Filled:
    """What was typed, as the services want it, and what is wrong, by path."""

    envelope: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, InvalidField] = field(default_factory=dict)


def record_fields(schema: Schema, prefix: str = "record") -> list[Field]:
    """The fields of a record in the order of its schema, nested ones in their place."""
    return list(_fields(schema, prefix))


def _fields(schema: Schema, prefix: str) -> Iterator[Field]:
    needed = schema.get("required", ())
    conditions = _conditions(schema, prefix)
    for name, part in schema["properties"].items():
        path = f"{prefix}.{name}"
        if name in _SERVER_ADDS:
            continue
        if part.get("type") == "object":
            yield from _fields(part, path)
        else:
            yield _field(path, part, name in needed, conditions.get(name))


def _conditions(schema: Schema, prefix: str) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for rule in schema.get("allOf", ()):
        (name, test), *_ = rule["if"]["properties"].items()
        for wanted in rule["then"]["required"]:
            found[wanted] = (f"{prefix}.{name}", test["const"])
    return found


def _field(path: str, part: Schema, required: bool, when: tuple[str, str] | None) -> Field:
    kind = _kind(path.rsplit(".", 1)[-1], part)
    grades = range(part["minimum"], part["maximum"] + 1) if kind == "grade" else ()
    return Field(
        path,
        kind,
        required or when is not None,
        tuple(part.get("enum", ())) or tuple(str(grade) for grade in grades),
        part.get("minimum"),
        part.get("maximum"),
        when,
    )


def _kind(name: str, part: Schema) -> str:
    if name in _PICKED:
        return _PICKED[name]
    if "oneOf" in part:
        return "casualties"
    if "enum" in part:
        return "choice"
    if part.get("const") is True:
        return "must"
    if part.get("format") == "date-time":
        return "moment"
    kind = str(part["type"])
    if kind == "string":
        return "long" if part.get("maxLength", 0) >= _LONG else "text"
    if "maximum" in part and part["maximum"] - part["minimum"] < _MOST_GRADES:
        return "grade"
    return _BY_TYPE[kind]


def casualty_fields(path: str) -> list[Field]:
    """What the casualties of a record are asked as: a box for none, and counts."""
    counts = [
        Field(f"{path}.{side}.{degree}", "number", False, least=0)
        for side in SIDES
        for degree in DEGREES
    ]
    return [Field(f"{path}.none", "flag", False), *counts]


def fill(fields: Iterable[Field], typed: Mapping[str, Any], now: datetime) -> Filled:
    """What was typed into ``fields``, by path, as the parts of an envelope."""
    filled = Filled()
    for one in fields:
        if one.kind == "casualties":
            _fill_casualties(filled, one, typed, now)
        elif one.when is None or typed.get(one.when[0]) == one.when[1]:
            _fill(filled, one, typed.get(one.path), now)
    return filled


def _fill(filled: Filled, one: Field, value: Any, now: datetime) -> None:
    try:
        read = _read(one, value, now)
    except InvalidField as fault:
        filled.faults[fault.field] = fault
        return
    if read is not None:
        _put(filled.envelope, one.path, read)
    elif one.required:
        filled.faults[one.path] = InvalidField(one.path, NEEDED)


def _fill_casualties(filled: Filled, one: Field, typed: Mapping[str, Any], now: datetime) -> None:
    before = len(filled.faults)
    for part in casualty_fields(one.path):
        if part.kind == "flag" and not typed.get(part.path):
            continue
        _fill(filled, part, typed.get(part.path), now)
    found = filled.envelope.get("record", {}).get(one.name)
    if found is None and len(filled.faults) == before:
        filled.faults[one.path] = InvalidField(one.path, NEEDED)


def _read(one: Field, value: Any, now: datetime) -> Any:
    """The value as JSON, None where nothing was given."""
    if one.kind in ("flag", "must"):
        return True if value else (None if one.kind == "must" else False)
    if one.kind == "platoons":
        return [str(name) for name in value] if isinstance(value, list) and value else None
    if isinstance(value, list | dict):
        raise InvalidField(one.path, "must be one value")
    if value is None or not str(value).strip():
        return None
    if one.kind == "secret":
        return str(value)
    if one.kind == "moment":
        moment = parse_typed(value, one.path, now, ahead=one.name in _AHEAD)
        return to_rfc3339(moment)
    if one.kind in ("number", "decimal", "grade"):
        return _number(one, str(value).strip().replace(",", "."))
    typed = str(value).strip()
    return TO_FOLLOW if one.may_follow and says_to_follow(typed) else typed


def says_to_follow(typed: str) -> bool:
    """Whether somebody typed that a reference is to follow: a question mark, or the words."""
    words = (*_FOLLOWS, *(text("record.to_follow", language) for language in LANGUAGES))
    return typed.casefold() in (one.casefold() for one in words)


def _number(one: Field, typed: str) -> int | float:
    try:
        number = float(typed) if one.kind == "decimal" else int(typed)
        if math.isfinite(number):
            return number
    except (ValueError, OverflowError):  # an integer may be too long for either
        pass
    raise InvalidField(one.path, "must be a number")


def _put(envelope: dict[str, Any], path: str, value: Any) -> None:
    *around, last = path.split(".")
    part = envelope
    for name in around:
        part = part.setdefault(name, {})
    part[last] = value
