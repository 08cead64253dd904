"""CSV files: what is read, and that every fault is told with its line and column."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from domain.errors import InvalidField
from domain.roster import Device, Operation, Unit
from domain.roster_rules import Roster
from services.roster import key_hash
from services.roster_import import KINDS, LARGEST_FILE, ImportPlan, ImportRefused, plan

EXAMPLES = Path(__file__).parents[2] / "data" / "examples"
START = datetime(2026, 11, 21, tzinfo=UTC)


def with_live() -> Roster:
    return Roster([Operation("live", "live", "Live operation", START)])


def read(kind: str, text: str | bytes, roster: Roster | None = None) -> ImportPlan:
    numbers = count(1)
    data = text.encode() if isinstance(text, str) else text
    return plan(kind, data, roster or with_live(), lambda: f"key-{next(numbers)}")


def faults(kind: str, text: str | bytes) -> list[tuple[int, str]]:
    with pytest.raises(ImportRefused) as refused:
        read(kind, text)
    return [(fault.line, fault.column) for fault in refused.value.faults]


def test_the_examples_can_be_imported_in_the_order_of_the_kinds() -> None:
    roster = with_live()
    for kind in KINDS:
        assert read(kind, (EXAMPLES / f"{kind}.csv").read_bytes(), roster).records
    assert {path.stem for path in EXAMPLES.glob("*.csv")} == set(KINDS)


def test_a_spreadsheet_with_a_mark_semicolons_and_blank_lines() -> None:
    found = read("units", "\ufeffid;callsign\r\nheron-1; HERON 1 \r\n;\r\nheron-2;HERON 2\r\n")
    assert found.records == (Unit("heron-1", "HERON 1"), Unit("heron-2", "HERON 2"))


def test_each_device_gets_a_key_of_which_only_the_hash_is_a_record() -> None:
    found = read("devices", "id,note\nphone-1,a\nphone-2,\n")
    assert found.keys == {"phone-1": "key-1", "phone-2": "key-2"}
    assert found.records[0] == Device("phone-1", key_hash("key-1"), note="a")


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("units", "", [(1, "id"), (1, "callsign")]),
        ("units", "id,call sign\n", [(1, "call sign"), (1, "callsign")]),
        ("units", "id,id,callsign\n", [(1, "id")]),
        ("units", "id,callsign\na,A\nb\n", [(3, "callsign")]),
        ("units", "id,callsign\na,A,B\n", [(2, "callsign")]),
        ("units", "id,callsign\n,A\nB,B\n", [(2, "id"), (3, "id")]),
        ("units", "id,callsign\na,A\nb,a\n", [(3, "callsign")]),
        ("units", 'id,callsign\n"a\nb",A\nc,=1\n', [(2, "id"), (4, "callsign")]),
        ("units", 'id,callsign\na,"A\n', [(2, "(all)")]),
        ("units", b"id,callsign\na,\xff\n", [(2, "(all)")]),
        ("units", b"id,callsign\n" + b"x" * LARGEST_FILE, [(1, "(all)")]),
        (
            "platoons",
            "id,operation,callsign,kind,strength\na,live,A,support,x\n",
            [(2, "strength")],
        ),
        (
            "platoons",
            f"id,operation,callsign,kind,strength\na,live,A,support,{'9' * 5_000}\n",
            [(2, "strength")],
        ),
        ("platoons", "id,operation,callsign,kind,strength\na,b,A,support,1", [(2, "operation")]),
        ("shifts", "id,operation,name,starts_at,ends_at\na,live,A,,\n", [(2, "starts_at")]),
        (
            "shifts",
            "id,operation,name,starts_at,ends_at\n"
            "a,live,A,2026-10-25T02:30:00,2026-10-25T04:00:00Z\n"
            "b,live,B,2026-10-25T02:30:00Z,2026-10-25T01:00:00Z\n",
            [(2, "starts_at"), (3, "ends_at")],
        ),
        ("operations", "id,kind,title,opened_at\nlive,live,x,2026-10-25T00:00:00Z", [(2, "id")]),
    ],
)
def test_every_fault_has_its_line_and_column(
    kind: str, text: str | bytes, expected: list[tuple[int, str]]
) -> None:
    assert faults(kind, text) == expected


def test_a_fault_reads_as_a_sentence() -> None:
    with pytest.raises(ImportRefused, match="line 2, column callsign: must not be empty"):
        read("units", "id,callsign\na,\n")


@pytest.mark.parametrize(
    "text",
    ["id,callsign," + "x" * 9_000 + "\n", "id,\x00\u202e,callsign\n", "id,callsign,\nA\x00\n"],
)
def test_a_fault_quotes_no_more_than_can_be_read(text: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        read("units", text)
    for fault in refused.value.faults:
        assert 0 < len(fault.column) <= 40
        assert len(fault.detail) <= 200
        assert str(fault).isprintable()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InvalidField):
        read("horses", "id\n")


def test_the_guide_names_every_kind_and_column() -> None:
    guide = (EXAMPLES.parents[1] / "docs" / "roster.md").read_text(encoding="utf-8")
    for name, kind in KINDS.items():
        row = next(line for line in guide.splitlines() if line.startswith(f"| `{name}` |"))
        assert [
            column for column in (*kind.required, *kind.optional) if f"`{column}`" not in row
        ] == []
