"""The table of the security log (data/access/security_store.py), append-only by its triggers.

A segment can be deleted as a whole, and only when the newest event of the chain of the system says
that it was dropped.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text


def security_events(metadata: MetaData) -> Table:
    """One row an entry; ``seq`` counts 1, 2, 3 … in the segment."""
    return Table(
        "security_events",
        metadata,
        Column("segment", Integer, primary_key=True, autoincrement=False),
        Column("seq", Integer, primary_key=True, autoincrement=False),
        Column("recorded_at", BigInteger, nullable=False),  # later than every earlier one
        Column("kind", String(20), nullable=False),
        Column("outcome", String(20), nullable=False),
        Column("account", String(40)),  # one that exists; empty: nobody who is known
        Column("role", String(20)),  # empty: the account was only tried
        Column("session", String(40)),  # names it, reveals nothing
        Column("address", String(50)),  # of a stranger on IPv6 the /64
        Column("method", String(10)),
        Column("route", String(120)),  # the template, never what was asked for
        Column("status", Integer),
        Column("reason", String(40)),
        Column("times", Integer, nullable=False),
        Column("body", Text, nullable=False),  # canonical JSON, never what somebody sent
        Column("prev_hash", String(64), nullable=False),
        Column("hash", String(64), nullable=False),
        Index("ix_security_events_recorded_at", "recorded_at"),
        Index("ix_security_events_kind", "kind", "recorded_at"),
    )
