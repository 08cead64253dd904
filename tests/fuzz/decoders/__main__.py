"""``python -m tests.fuzz.decoders``: two million hostile inputs, and what becomes of them.

Every input is read or refused with a reason that names the field; no decoder raises anything else,
hangs, dies, reaches outside or takes more memory than its input is worth. Inputs follow from
``--seed`` alone. What fails is written to ``--failures`` and can become a payload of
``tests/payloads`` as it is; ``--again FILE`` tries one such file with a debugger at hand.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.fuzz.decoders.oracle import examine
from tests.fuzz.decoders.report import report
from tests.fuzz.decoders.run import Run, keep
from tests.fuzz.decoders.targets import targets

COUNT = 2_000_000
_EVERY = 15.0  # seconds between two lines of progress


def main(arguments: Sequence[str]) -> int:
    """0 when every input was read or refused as promised."""
    options = _options(arguments)
    chosen = [one for one in targets() if not options.only or one.name in options.only]
    if options.again:
        (target,) = chosen
        print(*examine(target, options.again.read_bytes()))
        return 0
    print(f"{options.count:,} inputs, seed {options.seed}: {', '.join(one.name for one in chosen)}")
    began = time.monotonic()
    run = Run(
        chosen, options.count, options.seed, workers=options.workers, patience=options.patience,
        seconds=options.seconds, say=_progress(options.count, began),
    )  # fmt: skip
    tallies = run.go()
    print(report(run, tallies, time.monotonic() - began))
    failures = [failure for tally in tallies.values() for failure in tally.failures]
    if failures:
        kept = keep(run, failures, options.failures, options.most)
        print(f"{len(failures):,} failures; {kept:,} of them are in {options.failures}")
    return 1 if failures else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.decoders")
    parser.add_argument("--count", type=int, default=COUNT, help="inputs in all")
    parser.add_argument("--seed", type=int, default=1, help="other inputs with another number")
    parser.add_argument("--workers", type=int, default=2, help="processes at once")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds until an input hangs")
    parser.add_argument("--seconds", type=float, default=3.0, help="of processor an input may cost")
    parser.add_argument("--failures", type=Path, default=Path("var/fuzz"), help="where they go")
    parser.add_argument(
        "--most", type=int, default=3, help="of each kind of failure, so many are written"
    )
    parser.add_argument("--only", action="append", help="only this decoder; may be repeated")
    parser.add_argument("--again", type=Path, help="only this input; with one --only")
    return parser.parse_args(arguments)


def _progress(count: int, began: float) -> Callable[[int, int], None]:
    last = began

    def say(done: int, failures: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _EVERY:
            last = now
            rate = done / (now - began)
            print(
                f"{done:,} of {count:,} inputs, {rate:,.0f} a second, {failures} failures",
                flush=True,
            )

    return say


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
