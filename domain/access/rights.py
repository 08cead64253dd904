"""Who may see, take away and change which kind of data: one table, and nothing outside it.

Every route, callback, screen and kind of live message names one of these kinds; one that names
none is refused to everybody. Which *event* a role may enter is the transition table's matter
(``domain/permission.py``): here stands only whether it may write such records at all.
``docs/rights.md`` is made from this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from domain.errors import NotPermitted
from domain.transitions import OBSERVERS, ROLES


class Act(StrEnum):
    """What is done with data. To take away is to get it as a file, for use without the program."""

    SEE = "see"
    TAKE_AWAY = "take away"
    CHANGE = "change"


class Data(StrEnum):
    """Kinds of data, by what they tell about people and where they are."""

    PUBLIC = "public"
    PROGRAM = "program"
    OWN_ACCOUNT = "own_account"
    OPERATIONS = "operations"
    ROSTER = "roster"
    INCIDENTS = "incidents"
    LOG = "log"
    ALERTS = "alerts"
    CROSSINGS = "crossings"
    VISITS = "visits"
    POSITIONS = "positions"
    TRAILS = "trails"
    TRACKS = "tracks"
    DEVICE_CLOCKS = "device_clocks"
    QUARANTINE = "quarantine"
    RAW = "raw"
    IMPORTS = "imports"
    ACCOUNTS = "accounts"
    SECURITY_LOG = "security_log"
    HEALTH = "health"


WORDS: dict[Data, str] = {
    Data.PUBLIC: "that the program lives, and the way in",
    Data.PROGRAM: "the program itself: scripts, words, the map without what is on it",
    Data.OWN_ACCOUNT: "the own account and session",
    Data.OPERATIONS: "the list of operations",
    Data.ROSTER: "units with their tasks and platoons, without keys",
    Data.INCIDENTS: "incidents, platoons at them, and all that was recorded of them",
    Data.LOG: "the occurrence log",
    Data.ALERTS: "alerts; their place for those alone who see positions",
    Data.CROSSINGS: "crossing points as places",
    Data.VISITS: "who was last at which crossing point",
    Data.POSITIONS: "the newest position of each unit",
    Data.TRAILS: "trails of the present, drawn as the monitor asks for them",
    Data.TRACKS: "every position and every time: tracks, the past, their analysis",
    Data.DEVICE_CLOCKS: "how far the clocks of devices are off",
    Data.QUARANTINE: "that messages were refused: when, of which device, and why",
    Data.RAW: "refused messages as they came, what was read of them and decided",
    Data.IMPORTS: "track files that were brought in",
    Data.ACCOUNTS: "accounts of others, their sessions and tokens",
    Data.SECURITY_LOG: "who came in and who was refused",
    Data.HEALTH: "why the program is not ready",
}
"""Each kind as a refusal and ``docs/rights.md`` name it."""

EVERYBODY = tuple(role for role in ROLES if role != "SYSTEM")
_OPERATING = ("FPU_DUTY", "FPU_CMD", "EULEX_OPS", "PLT_LDR", "PATROL_LDR", "EXCON")
_INSIDE = (*_OPERATING, "AUDITOR")
_IN_THE_ROOM = (*_INSIDE, "WALL")

RIGHTS: dict[tuple[Act, Data], tuple[str, ...]] = {
    (Act.SEE, Data.PUBLIC): EVERYBODY,
    (Act.CHANGE, Data.PUBLIC): EVERYBODY,
    (Act.SEE, Data.PROGRAM): EVERYBODY,
    (Act.SEE, Data.OWN_ACCOUNT): EVERYBODY,
    (Act.CHANGE, Data.OWN_ACCOUNT): EVERYBODY,
    (Act.SEE, Data.OPERATIONS): EVERYBODY,
    (Act.SEE, Data.ROSTER): EVERYBODY,
    (Act.SEE, Data.INCIDENTS): EVERYBODY,
    (Act.CHANGE, Data.INCIDENTS): OBSERVERS,
    (Act.SEE, Data.LOG): _IN_THE_ROOM,
    (Act.CHANGE, Data.LOG): OBSERVERS,
    (Act.SEE, Data.ALERTS): EVERYBODY,
    (Act.CHANGE, Data.ALERTS): _OPERATING,
    (Act.SEE, Data.CROSSINGS): EVERYBODY,
    (Act.SEE, Data.VISITS): _IN_THE_ROOM,
    (Act.SEE, Data.POSITIONS): _IN_THE_ROOM,
    (Act.SEE, Data.TRAILS): _IN_THE_ROOM,
    (Act.SEE, Data.TRACKS): _INSIDE,
    (Act.TAKE_AWAY, Data.TRACKS): (*_INSIDE, "SYSTEM"),
    (Act.SEE, Data.DEVICE_CLOCKS): EVERYBODY,
    (Act.SEE, Data.QUARANTINE): (*_INSIDE, "ADMIN"),
    (Act.CHANGE, Data.QUARANTINE): ("FPU_DUTY", "FPU_CMD", "EULEX_OPS", "EXCON"),
    (Act.SEE, Data.RAW): _INSIDE,
    (Act.SEE, Data.IMPORTS): (*_INSIDE, "ADMIN"),
    (Act.CHANGE, Data.IMPORTS): ("FPU_DUTY", "FPU_CMD", "EULEX_OPS", "PATROL_LDR", "EXCON"),
    (Act.SEE, Data.ACCOUNTS): ("ADMIN",),
    (Act.CHANGE, Data.ACCOUNTS): ("ADMIN",),
    (Act.SEE, Data.SECURITY_LOG): ("ADMIN", "AUDITOR"),
    (Act.SEE, Data.HEALTH): EVERYBODY,
}
"""Who may. What does not stand here nobody may. SYSTEM is whoever sits at the machine itself."""

ONLY_IN: dict[str, tuple[str, ...]] = {"EXCON": ("exercise",)}
"""Roles that have their rights in operations of these kinds alone; all others in every kind."""

Declared = TypeVar("Declared", bound=Callable[..., object])
_MARK = "fpu_right"


@dataclass(frozen=True, slots=True)
class Right:
    """What a route, a callback, a screen or a message gives: one act on one kind of data."""

    act: Act
    data: Data


def may(role: str, act: Act, data: Data) -> bool:
    """Whether the table lets the role do it, in an operation in which the role has its rights."""
    return role in RIGHTS.get((act, data), ())


def may_in(role: str, operation_kind: str) -> bool:
    """Whether the role has rights at all in operations of this kind."""
    return operation_kind in ONLY_IN.get(role, (operation_kind,))


def may_outside(role: str) -> bool:
    """Whether the role has rights over what belongs to no operation: not one that has its rights in
    some kinds of operations alone, since it may be of any kind."""
    return role not in ONLY_IN


def require(role: str, act: Act, data: Data) -> None:
    """Raise ``NotPermitted`` unless the table lets the role do it."""
    if not may(role, act, data):
        raise NotPermitted(f"the role {role} may not {act}: {WORDS[data]}", guard="role")


def require_in(role: str, operation_kind: str) -> None:
    """Raise ``NotPermitted`` unless the role has rights in operations of this kind."""
    if not may_in(role, operation_kind):
        kinds = " and ".join(ONLY_IN[role])
        raise NotPermitted(f"the role {role} has rights in {kinds} operations only", guard="role")


def require_outside(role: str) -> None:
    """Raise ``NotPermitted`` unless the role has rights over what belongs to no operation."""
    if not may_outside(role):
        kinds = " and ".join(ONLY_IN[role])
        raise NotPermitted(f"the role {role} has rights in {kinds} operations only", guard="role")


def requires(act: Act, data: Data) -> Callable[[Declared], Declared]:
    """Declare what a route or a callback gives; stands directly above the function."""

    def mark(declared: Declared) -> Declared:
        setattr(declared, _MARK, Right(act, data))
        return declared

    return mark


def declared_by(function: object) -> Right | None:
    """What a function was declared to give; None where nobody has said so."""
    found = getattr(function, _MARK, None)
    return found if isinstance(found, Right) else None


def message_right(kind: str) -> Right | None:
    """What a message of the live stream gives; None for a kind that nobody has declared."""
    data = _MESSAGES.get(kind)
    return None if data is None else Right(Act.SEE, data)


def message_kinds() -> Mapping[str, Data]:
    """Every declared kind of message with the kind of its data."""
    return MappingProxyType(_MESSAGES)


_MESSAGES: dict[str, Data] = {
    "beat": Data.PROGRAM,
    "reset": Data.PROGRAM,
    "signed-out": Data.PROGRAM,
    "incident": Data.INCIDENTS,
    "platoon": Data.INCIDENTS,
    "log": Data.LOG,
    "alert": Data.ALERTS,
    "visit": Data.VISITS,
    "fix": Data.POSITIONS,
    "fixes": Data.POSITIONS,
    "contact": Data.POSITIONS,
    "tracks": Data.TRAILS,
    "quarantine": Data.QUARANTINE,
}
