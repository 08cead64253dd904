"""A part of a long list, and whether there is more behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from domain.errors import InvalidField

Thing = TypeVar("Thing")
View = TypeVar("View")


class Part(NamedTuple, Generic[View]):
    """``last`` is the name of the last item where there are more behind it, None otherwise."""

    items: list[View]
    last: str | None


def part(
    things: Sequence[Thing],
    most: int,
    before: str | None,
    name_of: Callable[[Thing], str],
    view: Callable[[Thing], View],
) -> Part[View]:
    """The views of at most ``most`` things behind the one of the name ``before``, from the first
    where that is None. Raises ``InvalidField`` where there is none of that name."""
    start = 0
    if before is not None:
        places = (place for place, one in enumerate(things, 1) if name_of(one) == before)
        start = next(places, 0)
        if not start:
            raise InvalidField("before", "is none of this list")
    found = things[start : start + most]
    is_cut = len(things) > start + most
    return Part([view(one) for one in found], name_of(found[-1]) if is_cut else None)
