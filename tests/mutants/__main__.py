"""``python -m tests.mutants``: every guard is removed once, and docs/mutants.md says what noticed.

The page is written anew each time. The command fails where a guard can be removed unnoticed: no
invariant breaks, no named case fails, and the machine without it is another one.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence
from functools import cache

from settings import ROOT
from tests.mutants.hunt import Plain, Verdict, everything, hunt
from tests.mutants.kinds import Mutant, of_the_machine, of_the_table
from tests.mutants.page import page
from tests.mutants.store_kinds import of_the_store

PROCESSES = 2


def every_mutant() -> list[Mutant]:
    """In the order of the table, then of the machine, then of the store."""
    return [*of_the_table(), *of_the_machine(), *of_the_store()]


@cache
def _plain() -> Plain:
    return everything()


def _judge(number: int) -> Verdict:
    return hunt(every_mutant()[number], _plain)


def main(arguments: Sequence[str]) -> int:
    """Hunt all mutants, or those whose name contains the argument; 0 when none got away."""
    mutants = every_mutant()
    wanted = [
        number
        for number, mutant in enumerate(mutants)
        if all(word in mutant.name for word in arguments)
    ]
    _plain()  # once, before the processes are made
    verdicts = []
    with multiprocessing.get_context("fork").Pool(PROCESSES, maxtasksperchild=20) as pool:
        for verdict in pool.imap(_judge, wanted, chunksize=1):
            verdicts.append(verdict)
            print(_line(verdict), flush=True)
    away = [verdict.name for verdict in verdicts if not verdict.killed and not verdict.same]
    killed = sum(verdict.killed for verdict in verdicts)
    print(
        f"{len(verdicts)} mutants, {killed} killed, {len(verdicts) - killed - len(away)} the same"
    )
    print(f"unnoticed: {away}" if away else "none unnoticed")
    if not arguments:
        text = page([mutants[number] for number in wanted], verdicts, _plain())
        (ROOT / "docs" / "mutants.md").write_text(text, encoding="utf-8")
    return 1 if away else 0


def _line(verdict: Verdict) -> str:
    found = ", ".join(map(str, verdict.invariants))
    said = f"invariant {found}" if found else verdict.case or ("same" if verdict.same else "-")
    return f"{verdict.name}: {said}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
