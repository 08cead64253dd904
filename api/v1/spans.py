"""Times in a query: RFC 3339 with a zone, never guessed."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import request

from domain.errors import InvalidField
from domain.time import parse_rfc3339

_DEFAULT = timedelta(hours=1)


def moment(name: str) -> datetime | None:
    """A time in the query, None where it is not there. Raises ``InvalidField``."""
    asked = request.args.get(name)
    return None if asked is None else parse_rfc3339(asked, name)


def span(now: datetime, longest: timedelta) -> tuple[datetime, datetime]:
    """``from`` and ``to``; the last hour without them. Raises ``InvalidField``."""
    end = moment("to") or now
    start = moment("from") or end - _DEFAULT
    if end < start:
        raise InvalidField("to", "is before from")
    if end - start > longest:
        raise InvalidField("from", f"is more than {longest.days} days before to")
    return start, end
