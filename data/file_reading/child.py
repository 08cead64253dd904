"""The process that reads one track file: ``python -m data.file_reading.child``.

The file is its standard input, what it tells its standard output, both files without a name. The
module that reads the format is named by who starts it, so only that one is loaded: a start takes
less than it takes to read a thousand points.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

from data.file_reading.confine import confine
from data.file_reading.rows import LONGEST_ROW, ROWS, Summary, line_of, line_of_summary
from domain.fixes import Report
from domain.reports import TooMuch, Unreadable, numbered

OUT_OF_MEMORY, RESULT_TOO_LARGE = 3, 4
"""What it ends with where that ran out."""

LONGEST_WORDS = 400


def main(arguments: list[str]) -> int:
    """``module device utc`` and the limits of ``confine``; 0 where a summary was told."""
    module, device, utc, *limits = arguments
    decoder = importlib.import_module(module)
    confine(*map(int, limits))
    try:
        data = sys.stdin.buffer.read()
        parts = decoder.decode(data, device=device, utc=utc == "1")
        told = _tell(numbered(parts), sys.stdout.buffer)
        over = None if told.over else _passed_over(decoder, data)
        summary = Summary(told.points, over or {}, told.broken, told.over)
        sys.stdout.buffer.write(line_of_summary(summary))
        sys.stdout.buffer.flush()
    except MemoryError:
        return OUT_OF_MEMORY
    except OSError:
        return RESULT_TOO_LARGE
    return 0


def _tell(reports: Iterator[Report], out: BinaryIO) -> Summary:
    count = 0
    broken = None
    try:
        while True:
            rows, broken, over = _next(reports)
            if over is not None:
                return Summary(count, over=over)
            if rows:
                out.write(_line(rows))
                count += len(rows)
            if broken is not None or not rows:
                return Summary(count, broken=broken)
    except TooMuch as fault:
        return Summary(count, over=(fault.budget, fault.detail, fault.most))
    finally:
        out.flush()


def _next(
    reports: Iterator[Report],
) -> tuple[list[Report], tuple[str, str] | None, tuple[str, str, int] | None]:
    """The next reports; what broke off behind them; what ran out."""
    rows: list[Report] = []
    try:
        rows.extend(islice(reports, ROWS))
    except TooMuch as fault:
        return [], None, (fault.budget, fault.detail[:LONGEST_WORDS], fault.most)
    except Unreadable as fault:
        return rows, (fault.field, fault.detail[:LONGEST_WORDS]), None
    return rows, None, None


def _line(rows: Sequence[Report]) -> bytes:
    line = line_of(rows)
    if len(line) > LONGEST_ROW:
        for one in rows:
            if len(line_of([one])) > LONGEST_ROW:
                most = LONGEST_ROW // 1024
                raise TooMuch("point", f"has a point that says more than {most} kB", most)
    return line


def _passed_over(decoder: Any, data: bytes) -> dict[str, int]:
    count = getattr(decoder, "passed_over", None)
    return {} if count is None else dict(count(data))


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except MemoryError:
        code = OUT_OF_MEMORY
    os._exit(code)  # what was read is let go with the process, not piece by piece
