"""The small form of ``make mutants``: a few guards are removed, and what holds them fails."""

from __future__ import annotations

import pytest

from settings import ROOT
from tests.mutants.__main__ import every_mutant
from tests.mutants.hunt import invariants_broken_by
from tests.mutants.kinds import Mutant, of_the_table

A_FEW = {
    "tier 2 starts from anywhere, no explicit request": 9,
    "T2 A05 accept: without four_eyes": 3,
    "T2 A05 accept: without platoons_free": 6,
    "T2 A11 engage: without purpose_civil_disturbance": 2,
    "T2 A12 disengage: without line_not_fpu": 10,
    "T2 A16b handback_failed: without not_revoked": 11,
    "a dispute marks nothing": 23,
    "drafts outlive what they stand on": 22,
    "a correction may give authority": 9,
    "linked accounts count as two people": 3,
    "INC I07 close: without engagements_over": 8,
    "anybody's word is taken": 1,
}


@pytest.mark.parametrize("name", A_FEW)
def test_a_removed_guard_is_noticed(name: str) -> None:
    mutant = next(one for one in every_mutant() if one.name == name)
    with mutant.applied():
        assert A_FEW[name] in invariants_broken_by(walks=400, enough=A_FEW[name])
    assert invariants_broken_by(walks=5) == set()


def test_the_page_of_mutants_speaks_of_every_guard_of_the_table() -> None:
    page = (ROOT / "docs" / "mutants.md").read_text(encoding="utf-8")
    missing = [mutant.name for mutant in of_the_table() if f"| {mutant.name} |" not in page]
    assert missing == [], "run make mutants"
    assert "**unnoticed**" not in page
    assert "**none**" not in page
    assert "not explained yet" not in page


def test_every_mutant_has_a_name_of_its_own() -> None:
    mutants: list[Mutant] = every_mutant()
    assert len({mutant.name for mutant in mutants}) == len(mutants)
