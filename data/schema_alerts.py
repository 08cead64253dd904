"""The table beside the log in which repeats of open alerts are counted (``domain/repeats.py``)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, String, Table, Text


def alert_repeats(metadata: MetaData) -> Table:
    """How often each alert was raised that nobody has taken; a row goes when somebody does."""
    return Table(
        "alert_repeats",
        metadata,
        Column("operation", String(40), primary_key=True),
        Column("alert", String(36), primary_key=True),
        Column("times", BigInteger, nullable=False),
        Column("recorded_at", BigInteger, nullable=False),  # when the log was told last
        Column("said", Text, nullable=False),  # JSON: the last time and place, the words
    )
