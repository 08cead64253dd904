"""The security log for those who may read it: choose, count, and page through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from domain.access.rights import Act, Data, may
from domain.access.security import KINDS, OUTCOMES, UNKNOWN_ADDRESS, believed_address
from domain.access.security_view import Place, Shown, Wanted
from domain.errors import InvalidField, NotPermitted
from domain.time import parse_rfc3339, to_rfc3339

MOST_ON_A_PAGE = 500
COUNTED_TO = 10_000
"""What is more is only told to be more."""


class SecurityRecords(Protocol):
    """Both logs as one list; ``data/access/security_reading.py``."""

    def newest(self, wanted: Wanted, before: Place | None, limit: int) -> Sequence[Shown]:
        """At most ``limit`` of them, newest first, from ``before`` on."""

    def count(self, wanted: Wanted, most: int) -> int:
        """How many there are, counted up to ``most``."""


@dataclass(frozen=True, slots=True)
class SecurityPage:
    """``total`` of what was asked for, at most ``COUNTED_TO``; ``next`` is the ``place`` that
    continues the list, empty at its end."""

    items: Sequence[Shown]
    total: int
    next: str


class SecurityReading:
    """Every method asks for the role first and raises ``NotPermitted``."""

    def __init__(self, records: SecurityRecords) -> None:
        self._records = records

    def page(self, role: str, asked: Mapping[str, str], limit: int = 100) -> SecurityPage:
        """The entries that are asked for by ``kind``, ``outcome``, ``account``, ``address``,
        ``from``, ``to`` and ``place``; raises ``InvalidField`` for what none of them can be."""
        if not may(role, Act.SEE, Data.SECURITY_LOG):
            raise NotPermitted("the security log is for ADMIN and AUDITOR", guard="role")
        if not 1 <= limit <= MOST_ON_A_PAGE:
            raise InvalidField("limit", f"must be a whole number from 1 to {MOST_ON_A_PAGE}")
        wanted = wanted_of(asked)
        before = Place.read(asked["place"]) if asked.get("place") else None
        found = self._records.newest(wanted, before, limit + 1)
        more = len(found) > limit
        return SecurityPage(
            found[:limit],
            self._records.count(wanted, COUNTED_TO),
            str(found[limit - 1].place) if more else "",
        )


def wanted_of(asked: Mapping[str, str]) -> Wanted:
    """What is asked for. Raises ``InvalidField`` that names the field."""
    address = asked.get("address", "").strip()
    if address and address != UNKNOWN_ADDRESS:
        network, slash, _ = address.partition("/")
        believed = believed_address(network)
        if believed == UNKNOWN_ADDRESS or (slash and not address.endswith("/64")):
            raise InvalidField("address", "is no IPv4 or IPv6 address")
        address = f"{believed}/64" if slash else believed
    return Wanted(
        kind=_one_of("kind", asked, KINDS),
        outcome=_one_of("outcome", asked, OUTCOMES),
        account=asked.get("account", "").strip()[:40],
        address=address,
        start=_moment("from", asked),
        end=_moment("to", asked),
    )


def view(one: Shown) -> dict[str, Any]:
    """An entry as the interface gives it; what is empty is left out."""
    said: dict[str, Any] = {
        "id": one.id,
        "at": to_rfc3339(one.at),
        "kind": one.kind,
        "outcome": one.outcome,
        "account": one.account,
        "role": one.role,
        "session": one.session,
        "address": one.address,
        "method": one.method,
        "route": one.route,
        "status": one.status,
        "reason": one.reason,
        "count": one.count,
        "details": dict(one.details) or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _one_of(name: str, asked: Mapping[str, str], known: Sequence[str]) -> str:
    value = asked.get(name, "")
    if value and value not in known:
        raise InvalidField(name, f"must be one of {', '.join(known)}")
    return value


def _moment(name: str, asked: Mapping[str, str]) -> datetime | None:
    text = asked.get(name, "").strip()
    return parse_rfc3339(text, name) if text else None
