"""Tables of points as CSV (RFC 4180), in and out.

In: the first row names the columns (``formats/points.py``), fields are separated by a comma, a
semicolon or a tab, numbers have a decimal point. Out: safe for spreadsheets. A text that a
spreadsheet would run as a formula gets an apostrophe in front, which is taken off when it is read
again; numbers stay numbers, also negative ones.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from domain.fixes import Report
from domain.reports import Track
from formats import points
from formats.message import Unreadable, plain_words
from formats.points import MOST_COLUMNS, NAMES, column_name
from formats.values import shown

_FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_GUARD = "'"
_NUMBERS = frozenset(
    ("latitude", "longitude", "altitude", "speed", "course", "accuracy", "battery", "segment")
)
_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*", re.A)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes, *, device: str = "", utc: bool = False) -> Iterator[list[Report]]:
    """One list a segment; without a column ``segment`` everything is one.

    ``device`` holds for rows that name none. A row that cannot be read becomes a report with a
    fault that tells its row; a time without a zone is one, unless ``utc``. Raises ``Unreadable``
    where there is no table of positions at all, where numbers have decimal commas, and where there
    are too many rows or columns; what was read before is given first.
    """
    return points.segments(_rows(data, device, utc))


def encode(tracks: Iterable[Track]) -> bytes:
    """A table of ``NAMES``, comma-separated, UTF-8. Numbers keep every digit."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(NAMES)
    for record in points.records(tracks):
        writer.writerow([_cell(name, record[name]) for name in NAMES])
    return out.getvalue().encode("utf-8", "replace")


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in _NUMBERS:
        return repr(value)
    text = str(value)
    return _GUARD + text if text.startswith((*_FORMULA, _GUARD)) else text


def _unguarded(cell: str) -> str:
    if cell.startswith(_GUARD) and cell[1:2] and cell[1] in _FORMULA + _GUARD:
        return cell[1:]
    return cell


def _rows(data: bytes, device: str, utc: bool) -> Iterator[tuple[object, Report]]:
    try:
        yield from _read(data, device, utc)
    except UnicodeError as fault:
        raise Unreadable("file", "is no text in UTF-8") from fault
    except csv.Error as fault:
        raise Unreadable("file", f"is broken: {plain_words(fault)}") from fault


def _read(data: bytes, device: str, utc: bool) -> Iterator[tuple[object, Report]]:
    text = io.TextIOWrapper(io.BytesIO(data), _encoding(data), newline="")
    names, reader, above = _head(text)
    first = True
    for cells in reader:
        if not any(cells):
            continue
        row = f"row {reader.line_num + above}"
        record = {
            name: _unguarded(cell) for name, cell in zip(names, cells, strict=False) if cell != ""
        }
        if first:
            _refuse_decimal_commas(record, row)
            first = False
        yield record.get("segment"), points.report(record, where=row, device=device, utc=utc)


def _encoding(data: bytes) -> str:
    return next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")


def _head(text: io.TextIOWrapper) -> tuple[list[str], Any, int]:
    """The names of the columns, the reader of what follows, and how many rows stand above that."""
    first, above = text.readline(100_000), 1
    if first.casefold().startswith("sep="):  # what Excel writes to tell itself the separator
        first, above = text.readline(100_000), 2
    if not first.strip():
        raise Unreadable("file", "is empty")
    delimiter = max(",;\t", key=first.count)
    cells = next(csv.reader([first], delimiter=delimiter), [])
    names = [column_name(cell) for cell in cells]
    if len(names) > MOST_COLUMNS:
        raise Unreadable("file", f"has more than {MOST_COLUMNS} columns")
    missing = [name for name in ("latitude", "longitude") if name not in names]
    if missing:
        raise Unreadable(
            "file", f"has no column {' and no column '.join(missing)} in its first row"
        )
    return names, csv.reader(text, delimiter=delimiter), above


def _refuse_decimal_commas(record: dict[str, Any], row: str) -> None:
    for name in ("latitude", "longitude"):
        if _COMMA.fullmatch(record.get(name, "")):
            said = shown(record[name])
            raise Unreadable("file", f"has decimal commas ({row}, {name}: {said}): use a point")
