"""The page about ASVS: every item once, counts that are those of the rows, tests that are there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from settings import ROOT

VERDICTS = ("met", "partly", "not yet", "not applicable")
PAGE = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
ITEMS = Path(__file__).with_name("asvs-5.0.0-items.txt").read_text(encoding="utf-8")


class Row(NamedTuple):
    item: str
    level: str
    about: str
    verdict: str
    shown_by: str


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


ROWS = [Row(*_cells(line)) for line in PAGE.splitlines() if re.match(r"\| \d+\.\d+\.\d+ \|", line)]


def _items() -> dict[str, str]:
    found = {}
    for line in ITEMS.splitlines()[1:]:
        section, *levels = (part.strip() for part in line.split("|"))
        for level, numbers in zip("12", levels, strict=True):
            found |= {f"{section}.{number}": level for number in numbers.split()}
    return found


def test_every_item_of_both_levels_stands_there_once() -> None:
    assert len(_items()) == 253
    assert Counter(row.item for row in ROWS) == Counter(_items().keys())
    assert {row.item: row.level for row in ROWS} == _items()


def test_every_row_has_a_verdict_and_what_shows_it() -> None:
    assert {row.verdict for row in ROWS} == set(VERDICTS)
    assert not [row for row in ROWS if not row.about or len(row.shown_by) < 8]


def test_the_counts_are_those_of_the_rows() -> None:
    counted = {_cells(line)[0]: _cells(line)[1:] for line in PAGE.splitlines() if _sums(line)}
    for name, levels in (("level 1", "1"), ("level 2", "2"), ("both", "12")):
        mine = Counter(row.verdict for row in ROWS if row.level in levels)
        assert counted[name] == [str(mine[one]) for one in VERDICTS] + [str(mine.total())]


def _sums(line: str) -> bool:
    return line.startswith(("| level 1 |", "| level 2 |", "| both |"))


def test_every_test_and_file_that_is_named_is_there() -> None:
    missing = [(row.item, name) for row in ROWS for name in _named(row) if not _is_there(name)]
    assert not missing


def _named(row: Row) -> list[str]:
    return re.findall(r"`([\w./-]+/[\w./-]+(?:::\w+)?)`", row.shown_by)


def _is_there(name: str) -> bool:
    path, _, function = name.partition("::")
    if not function or not (ROOT / path).is_file():
        return not function and (ROOT / path).exists()
    text = (ROOT / path).read_text(encoding="utf-8")
    return re.search(rf"^(async )?def {function}\(", text, re.M) is not None


def test_what_is_met_is_shown_by_something() -> None:
    """By a test or a file for nearly all; a reason alone is for what is absent by design."""
    bare = [row.item for row in ROWS if row.verdict == "met" and "`" not in row.shown_by]
    assert len(bare) <= 10, bare
