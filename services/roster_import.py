"""Roster records from CSV: which columns each kind has, and every fault with its line and column.

Nothing is stored while any row has a fault, so a corrected file can simply be sent again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from domain.errors import DashboardError, InvalidField
from domain.roster import (
    Device,
    DeviceAssignment,
    Operation,
    Period,
    Platoon,
    Record,
    Shift,
    ShiftMember,
    Unit,
    UnitAssignment,
)
from domain.roster_rules import Roster
from domain.time import parse_rfc3339
from domain.words import quotable
from services.roster import key_hash

LARGEST_FILE = 5_000_000
"""Bytes; a roster of a thousand units has a tenth of that."""

_LONGEST_NAME, _LONGEST_DETAIL, _MOST_DIGITS = 40, 200, 9


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in one line of a file; the header is line 1."""

    line: int
    column: str
    detail: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.detail}"


class ImportRefused(DashboardError):
    """A file with faults; nothing of it was stored."""

    title = "Import refused"

    def __init__(self, faults: list[RowFault]) -> None:
        super().__init__("; ".join(map(str, faults[:3])), faults=[str(one) for one in faults])
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Records that keep every rule, in file order; ``keys`` has the new key of each device."""

    records: tuple[Record, ...]
    keys: Mapping[str, str]


class Row:
    """The cells of one line by column name, trimmed; raises ``InvalidField`` naming the column."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self._cells = cells

    def text(self, column: str, default: str | None = None) -> str:
        """The cell, or ``default`` where it is empty or the column is missing."""
        value = self._cells.get(column, "")
        if value:
            return value
        if default is None:
            raise InvalidField(column, "must not be empty")
        return default

    def moment(self, column: str) -> datetime:
        """A time in RFC 3339 with its zone."""
        return parse_rfc3339(self.text(column), column)

    def end(self, column: str) -> datetime | None:
        """The same, None where the cell is empty."""
        return self.moment(column) if self.text(column, "") else None

    def whole(self, column: str, default: str | None = None) -> int:
        """A whole number."""
        text = self.text(column, default)
        if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
            raise InvalidField(column, f"must be a whole number, not {text[:40]!r}")
        return int(text)

    def period(self) -> Period:
        """The columns ``starts_at`` and ``ends_at``."""
        return Period(self.moment("starts_at"), self.end("ends_at"))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file. ``build`` makes a record of a row and a key for a new device."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    build: Callable[[Row, str], Record]


def _operation(row: Row, _key: str) -> Record:
    return Operation(
        id=row.text("id"),
        kind=row.text("kind"),
        title=row.text("title"),
        opened_at=row.moment("opened_at"),
        closed_at=row.end("closed_at"),
        reserve_minimum=row.whole("reserve_minimum") if row.text("reserve_minimum", "") else None,
    )


def _platoon(row: Row, _key: str) -> Record:
    return Platoon(
        id=row.text("id"),
        operation=row.text("operation"),
        callsign=row.text("callsign"),
        kind=row.text("kind"),
        strength=row.whole("strength"),
    )


def _device(row: Row, key: str) -> Record:
    return Device(
        row.text("id"), key_hash(key), row.text("speed_unit", "knots"), note=row.text("note", "")
    )


def _unit(row: Row, _key: str) -> Record:
    return Unit(row.text("id"), row.text("callsign"), row.text("kind", "patrol"))


def _device_assignment(row: Row, _key: str) -> Record:
    return DeviceAssignment(row.text("device"), row.text("unit"), row.period())


def _unit_assignment(row: Row, _key: str) -> Record:
    return UnitAssignment(row.text("unit"), row.text("operation"), row.period())


def _shift(row: Row, _key: str) -> Record:
    return Shift(row.text("id"), row.text("operation"), row.text("name"), row.period())


def _member(row: Row, _key: str) -> Record:
    return ShiftMember(
        row.text("shift"), row.text("member_kind"), row.text("member"), row.text("task", "")
    )


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "operations": Kind(
            ("id", "kind", "title", "opened_at"), ("closed_at", "reserve_minimum"), _operation
        ),
        "units": Kind(("id", "callsign"), ("kind",), _unit),
        "devices": Kind(("id",), ("speed_unit", "note"), _device),
        "unit-assignments": Kind(
            ("unit", "operation", "starts_at"), ("ends_at",), _unit_assignment
        ),
        "device-assignments": Kind(
            ("device", "unit", "starts_at"), ("ends_at",), _device_assignment
        ),
        "platoons": Kind(("id", "operation", "callsign", "kind", "strength"), (), _platoon),
        "shifts": Kind(("id", "operation", "name", "starts_at", "ends_at"), (), _shift),
        "shift-members": Kind(("shift", "member_kind", "member"), ("task",), _member),
    }
)
"""The kinds of file, in the order in which a new roster is imported."""


def plan(kind: str, data: bytes, roster: Roster, new_key: Callable[[], str]) -> ImportPlan:
    """Read a file and try it on ``roster`` (a copy of its own: it is changed).

    Raises ``ImportRefused`` with every fault, ``InvalidField`` for an unknown ``kind``.
    """
    if kind not in KINDS:
        raise InvalidField("kind", f"must be one of {', '.join(KINDS)}")
    records: list[Record] = []
    keys: dict[str, str] = {}
    faults: list[RowFault] = []
    for line, header, cells in _rows(KINDS[kind], data):
        key = new_key()
        try:
            record = KINDS[kind].build(_row(header, cells), key)
            roster.add(record)
        except InvalidField as fault:
            faults.append(_fault(line, fault.field, fault.detail))
            continue
        records.append(record)
        if isinstance(record, Device):
            keys[record.id] = key
    if faults:
        raise ImportRefused(faults)
    return ImportPlan(tuple(records), keys)


def _rows(kind: Kind, data: bytes) -> Iterator[tuple[int, list[str], list[str]]]:
    text = _text(data)
    # spreadsheets of Polish and German machines write semicolons
    semicolons = ";" in text.partition("\n")[0] and "," not in text.partition("\n")[0]
    delimiter = ";" if semicolons else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(kind, header)
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, header, cells
            line = reader.line_num + 1
    except csv.Error as fault:
        raise ImportRefused([RowFault(reader.line_num, "(all)", f"is not CSV: {fault}")]) from fault


def _text(data: bytes) -> str:
    if len(data) > LARGEST_FILE:
        raise ImportRefused([RowFault(1, "(all)", f"the file has more than {LARGEST_FILE} bytes")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise ImportRefused([RowFault(line, "(all)", "is not text in UTF-8")]) from fault


def _check_header(kind: Kind, header: list[str]) -> None:
    known = (*kind.required, *kind.optional)
    faults = [
        _fault(1, name or "(empty)", f"is not one of {', '.join(known)}")
        for name in header
        if name not in known
    ]
    faults += [RowFault(1, name, "is missing") for name in kind.required if name not in header]
    faults += [RowFault(1, name, "is there twice") for name in known if header.count(name) > 1]
    if faults:
        raise ImportRefused(faults)


def _fault(line: int, column: str, detail: str) -> RowFault:
    """Words of the file are quoted in it: as many as a person reads, and none that hides."""
    return RowFault(line, quotable(column, _LONGEST_NAME), quotable(detail, _LONGEST_DETAIL))


def _row(header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        column = header[min(len(cells), len(header) - 1)] or "(empty)"
        raise InvalidField(column, f"the line has {len(cells)} cells, the header {len(header)}")
    return Row(dict(zip(header, (cell.strip() for cell in cells), strict=True)))
