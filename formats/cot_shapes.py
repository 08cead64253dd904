"""Events that differ from one read before in nothing but the values between quotation marks.

A client writes the same markup every second. So the markup of an event, with its values left out,
is its *shape*: expat reads each shape once, with marks in place of the values, and tells which
value stands where. After that the values are taken by their places, at half the cost of parsing.

What is taken so is what expat would give: in XML one printable value without ``<`` and ``&`` is as
good as another. Wherever a quotation mark may be anything but the edge of a value (in text, in a
comment, inside the other kind of quotation marks) its mark does not come back as a whole value, and
events of that shape are left to expat. So are those with remarks or links, whose meaning does not
lie in places, and what is not ASCII.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from formats.cot_xml import Said, all_values, read_one
from formats.message import Unreadable

LONGEST = 2_000
"""Bytes of an event that is looked at in this way; positions have about 600."""

_MOST = 256
_FEWEST = 9  # pieces between quotation marks; who writes the other kind has one


@dataclass(frozen=True, slots=True)
class _Shape:
    """``pick`` takes the values of ``names`` out of what stands between the quotation marks."""

    names: tuple[str, ...]
    pick: Callable[[list[str]], tuple[str, ...]]
    tags: int
    printable: bool


def said_by_shape(piece: bytes) -> Said | None:
    """What an event, bare, says; None where expat has to be asked."""
    if len(piece) > LONGEST or not piece.isascii():
        return None
    text = piece.decode("ascii")
    parts = text.split('"')
    if len(parts) < _FEWEST or not len(parts) % 2:
        return None
    if "&" in text or "<link" in text or "<remarks>" in text:
        return None
    shape = _shape('"'.join(parts[::2]))
    if shape is None or text.count("<") != shape.tags:
        return None
    if not (text if shape.printable else "".join(parts[1::2])).isprintable():
        return None
    return dict(zip(shape.names, shape.pick(parts), strict=True))


@lru_cache(_MOST)
def _shape(markup: str) -> _Shape | None:
    """The shape of a markup, None where its values cannot be told by their places."""
    if "<!" in markup or "<?" in markup:
        return None
    between = markup.split('"')
    mark = "m"
    while mark in markup:
        mark += "m"
    places = {f"{mark}{place}": place for place in range(1, 2 * len(between) - 2, 2)}
    filled = between[0] + "".join(
        f'"{name}"{rest}' for name, rest in zip(places, between[1:], strict=True)
    )
    try:
        said = read_one(filled.encode())
        values = Counter(all_values(filled.encode()))
    except Unreadable:
        return None
    if said.pop("remarks", "") or any(values[name] != 1 for name in places):
        return None
    if len(said) < 2 or not places.keys() >= set(said.values()):
        return None  # of one value alone no tuple would be picked
    pick = itemgetter(*(places[name] for name in said.values()))
    return _Shape(tuple(said), pick, markup.count("<"), markup.isprintable())
