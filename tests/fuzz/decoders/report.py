"""What a run says at its end: a table by decoder, the reasons of refusals, the kinds of inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tests.fuzz.decoders.inputs import KINDS
from tests.fuzz.decoders.oracle import shown
from tests.fuzz.decoders.run import Run
from tests.fuzz.decoders.worker import Tally

_HEAD = ("decoder", "inputs", "accepted", "quarantined", "nothing", "refused", "failed",
         "slowest ms", "of bytes", "began MiB", "peak MiB", "one input MiB", "CPU s")  # fmt: skip
_MOST_REASONS = 8


def report(run: Run, tallies: Mapping[str, Tally], seconds: float) -> str:
    """The whole text. Times of inputs are processor time; growth is by one process of a decoder."""
    rows = [_HEAD, *(_row(run, name, tally) for name, tally in tallies.items())]
    kinds: Counter[int] = Counter()
    for tally in tallies.values():
        kinds += tally.kinds
    total = sum(tally.inputs for tally in tallies.values())
    failed = sum(len(tally.failures) for tally in tallies.values())
    lines = [*_table(rows), "", "Reasons, of the most frequent first:"]
    for name, tally in tallies.items():
        lines.append(f"  {name}: {shown(tally.reasons.most_common(), _MOST_REASONS)}")
    lines += ["", "Kinds of inputs:"]
    lines += [f"  {kinds[at]:>9,}  {name}" for at, name in enumerate(KINDS)]
    lines += [
        "",
        f"{total:,} inputs in {seconds:,.0f} s, {total - failed:,} passed, {failed:,} failed",
    ]
    if run.ended_by_others:
        lines.append(f"{run.ended_by_others} batches were read again: their processes were lost")
        lines += [f"  {one}" for one in run.lost]
    return "\n".join(lines)


def _row(run: Run, name: str, tally: Tally) -> tuple[str, ...]:
    took, number = tally.slowest
    size = len(run.input(name, number)) if number >= 0 else 0
    outcomes = (tally.outcomes[one] for one in ("accepted", "quarantined", "nothing", "refused"))
    sizes = (f"{amount / 2**20:,.0f}" for amount in (tally.before, tally.peak, tally.growth))
    return (
        name, f"{tally.inputs:,}", *(f"{count:,}" for count in outcomes),
        f"{len(tally.failures):,}", f"{took * 1000:,.1f}", f"{size:,}", *sizes,
        f"{tally.seconds:,.0f}",
    )  # fmt: skip


def _table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        yield "  ".join((row[0].ljust(widths[0]), *cells))
