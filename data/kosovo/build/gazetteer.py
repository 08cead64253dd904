"""The table that search reads: every named thing of the map with one identifier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from data.kosovo.names import display_name

Row = Mapping[str, str]
_SEATS = ("1", "2", "3", "6")
_NO_SEATS = ("leshak",)


def place_names(
    municipalities: Sequence[Row],
    settlements: Sequence[Row],
    crossings: Sequence[Row],
    lakes: Sequence[Row],
) -> list[dict[str, str]]:
    """Rows of ``place_names.csv``; settlements before their municipalities, so search is local."""
    rows = [*_settlements(settlements), *_crossings(crossings)]
    rows += [*_municipalities(municipalities, settlements), *_lakes(lakes)]
    identifiers = {row["id"] for row in rows}
    if len(identifiers) != len(rows):
        raise ValueError("two places share an identifier")
    return rows


def _settlements(rows: Sequence[Row]) -> Iterator[dict[str, str]]:
    for row in sorted(rows, key=lambda row: (int(row["rank"]), row["id"])):
        yield _row(f"settlement-{row['id']}", "settlement", row, row["municipality"])


def _crossings(rows: Sequence[Row]) -> Iterator[dict[str, str]]:
    for row in rows:
        yield _row(f"crossing-{row['id']}", row["kind"], row, "")


def _municipalities(rows: Sequence[Row], settlements: Sequence[Row]) -> Iterator[dict[str, str]]:
    seats = {row["municipality"]: row["id"] for row in settlements if _is_seat(row)}
    for row in rows:
        place = {**row, "lat": row["label_lat"], "lon": row["label_lon"]}
        yield _row(f"municipality-{seats[row['code']]}", "municipality", place, row["code"])


def _is_seat(row: Row) -> bool:
    return row["rank"] in _SEATS and row["id"] not in _NO_SEATS


def _lakes(rows: Sequence[Row]) -> Iterator[dict[str, str]]:
    for row in rows:
        if row["lat"]:
            yield _row(f"lake-{row['id']}", "lake", row, "")


def _row(identifier: str, kind: str, row: Row, municipality: str) -> dict[str, str]:
    names = {
        name: row.get(name, "")
        for name in ("name_sq", "name_sr", "name_sr_cyrl", "name_tr", "name_order", "aliases")
    }
    position = {"municipality": municipality, "lat": row["lat"], "lon": row["lon"]}
    return {"id": identifier, "kind": kind, "name": display_name(row), **names, **position}
