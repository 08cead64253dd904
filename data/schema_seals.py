"""The tables behind the seals of positions (data/position_seals.py, data/late_fixes.py).

What was sealed is said by events of the chain; these two only help to make them, and where
somebody changes them the next seal does not fit.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, MetaData, String, Table


def seal_segments(metadata: MetaData) -> Table:
    """The spans of fix time of an operation that are sealed, or are being sealed, one after the
    other without a gap."""
    return Table(
        "seal_segments",
        metadata,
        Column("operation", String(40), primary_key=True),
        Column("starts_at", BigInteger, primary_key=True),
        Column("ends_at", BigInteger, nullable=False),  # not included
        Column("sealed", Boolean, nullable=False),
        sqlite_with_rowid=False,
    )


def late_fixes(metadata: MetaData) -> Table:
    """The keys of fixes that came into such a span afterwards, until they are sealed too."""
    return Table(
        "late_fixes",
        metadata,
        Column("operation", String(40), primary_key=True),
        Column("unit", String(40), primary_key=True),
        Column("fix_time", BigInteger, primary_key=True),
        Column("device", String(80), primary_key=True),
        sqlite_with_rowid=False,
    )
