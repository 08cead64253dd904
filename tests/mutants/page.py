"""``docs/mutants.md`` from the verdicts; the same verdicts give the same page."""

from __future__ import annotations

from collections.abc import Sequence

from tests.mutants.hunt import STOPPED, Plain, Verdict
from tests.mutants.kinds import Mutant
from tests.mutants.reasons import WHAT_THE_CASE_HOLDS, WHY_THE_SAME

HEAD = """\
# What notices when a guard is removed

Written by `make mutants`; do not edit. Each guard of the transition table, and each rule beside it,
was removed once in memory. Then thousands of walks through the machine looked for a broken
invariant of `docs/domain.md` (the log alone is judged, by `tests/invariants/inspection.py`), and
the property test of each invariant found broken was run on that walk and failed. Where no invariant
noticed, a named case that this guard alone stops was run and failed. Where neither noticed, every
state that one incident with one platoon can reach was searched with and without the guard: a
survivor is explained below and reaches the same states by the same moves.

"""


def page(mutants: Sequence[Mutant], verdicts: Sequence[Verdict], plain: Plain) -> str:
    """The whole page."""
    pairs = list(zip(mutants, verdicts, strict=True))
    by_invariant = [pair for pair in pairs if pair[1].invariants]
    by_case = [pair for pair in pairs if not pair[1].invariants and pair[1].case]
    same = [pair for pair in pairs if not pair[1].killed and pair[1].same]
    away = [pair for pair in pairs if not pair[1].killed and not pair[1].same]
    text = HEAD
    text += (
        f"{len(pairs)} mutants: {len(by_invariant)} break an invariant, {len(by_case)} fail a "
        f"named case, {len(same)} survive because the machine stays the same "
        f"({len(plain.states)} states, {sum(plain.moves.values())} moves), "
        f"{len(away)} are unnoticed.\n\n"
    )
    text += "## Survivors\n\n| removed | why nothing changes |\n|---|---|\n"
    for mutant, _ in same:
        text += f"| {mutant.name} | {WHY_THE_SAME.get(_key(mutant), 'not explained yet')} |\n"
    for mutant, _ in away:
        text += f"| {mutant.name} | **unnoticed** |\n"
    text += "\n## Held by a named case\n\n"
    text += "| removed | what it keeps | test that fails |\n|---|---|---|\n"
    for mutant, verdict in by_case:
        kept = WHAT_THE_CASE_HOLDS.get(_key(mutant), "not explained yet")
        if verdict.case == STOPPED:
            kept = "a guard looks for the field, so nothing is recorded without it"
        text += f"| {mutant.name} | {kept} | {_said(verdict.case)} |\n"
    text += "\n## Held by an invariant\n\n| removed | invariants that break |\n|---|---|\n"
    for mutant, verdict in by_invariant:
        text += f"| {mutant.name} | {', '.join(map(str, verdict.invariants))} |\n"
    return text + "\n" + _by_number(by_invariant)


def _said(case: str) -> str:
    return case if case == STOPPED else f"`{case}`"


def _by_number(pairs: Sequence[tuple[Mutant, Verdict]]) -> str:
    text = "## Every invariant and a rule without which its test fails\n\n"
    text += "| invariant | mutants | the first of them |\n|---|---|---|\n"
    for number in range(1, 24):
        found = [mutant.name for mutant, verdict in pairs if number in verdict.invariants]
        text += f"| {number} | {len(found)} | {found[0] if found else '**none**'} |\n"
    return text


def _key(mutant: Mutant) -> str:
    return " ".join(mutant.guard) if mutant.guard else mutant.name
