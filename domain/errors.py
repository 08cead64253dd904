"""Everything that can be refused, and why; the edges turn each into one kind of answer.

``api/problems.py`` maps these to RFC 9457 problem documents and ``callbacks/`` to a notice on the
screen, so a rule is worded once and reads the same wherever it is met.
"""

from __future__ import annotations

from typing import Any


class DashboardError(Exception):
    """Root of all refusals. ``detail`` is a sentence in English; ``title`` names the kind."""

    title = "Refused"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class InvalidField(DashboardError):
    """The shape of what was sent is wrong; ``field`` is the dotted path of the first fault."""

    title = "Invalid field"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail, field=field)
        self.field = field


class NotSignedIn(DashboardError):
    """Nobody is signed in, or the session has ended."""

    title = "Not signed in"


class NotPermitted(DashboardError):
    """The role of the user may not do this."""

    title = "Not permitted"


class NotFound(DashboardError):
    """No such thing, or not one that this user may know of."""

    title = "Not found"


class VersionConflict(DashboardError):
    """Somebody else was first; ``extra['since']`` tells what happened."""

    title = "Somebody else was first"


class GuardRefused(DashboardError):
    """A rule of the transition table stops the event; ``guard`` is its name in the table."""

    title = "Stopped by a guard"

    def __init__(self, guard: str, detail: str, field: str | None = None) -> None:
        extra: dict[str, Any] = {"guard": guard}
        if field is not None:
            extra["field"] = field
        super().__init__(detail, **extra)
        self.guard = guard
        self.field = field


class TooManyRequests(DashboardError):
    """A limit on attempts was reached."""

    title = "Too many requests"


class NoRoom(DashboardError):
    """The server does as much of this at once as it can; ``extra['retry_after']`` tells in how many
    seconds to ask again."""

    title = "No room"


class TooCostly(DashboardError):
    """A file takes more than is spent on one; nothing of it is stored. ``extra['budget']`` names
    what ran out: seconds, wait, memory (MB), result (MB), points, refused, point (kB of one), or
    reader, which says that the program gave up; ``extra['most']`` is how much there was of it."""

    title = "Too costly"

    def __init__(self, budget: str, detail: str, most: int) -> None:
        super().__init__(detail, field="file", budget=budget, most=most)
        self.budget = budget


class StoreUnavailable(DashboardError):
    """The database cannot take or give data now; nothing was acknowledged."""

    title = "Store unavailable"


class OtherSchema(StoreUnavailable):
    """The database has the tables of another version, or none."""
