"""Whether a short form is asked for: it shows that everything runs, its figures mean little."""

from __future__ import annotations

import os


def quick() -> bool:
    """``make bench QUICK=1`` sets ``BENCH_QUICK=1``."""
    return os.environ.get("BENCH_QUICK") == "1"


def size(name: str, full: int, short: int) -> int:
    """How many: as ``name`` says in the environment, else ``full``, or ``short`` when quick."""
    return int(os.environ.get(name) or (short if quick() else full))
