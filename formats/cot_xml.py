"""The XML of events, read by expat: no document type, no entity, nothing fetched, nothing kept.

Events are read many at once inside one root of ours, because setting up a parser costs more than
reading an event. One that is broken must not cost the others theirs, and no event may say anything
about the one behind it; so when the events do not begin exactly where they were said to begin, or
anything is wrong with the whole, each is read alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

from formats.message import Unreadable, plain_words

_BLANK = b" \t\r\n"
_READABLE = re.compile(rb"\A(?!.*encoding)|encoding\s*=\s*[\"'](?:utf-?8|us-ascii)[\"']", re.S)
_USUAL = frozenset(
    {
        b'<?xml version="1.0" encoding="UTF-8" standalone="yes"',
        b"<?xml version='1.0' encoding='UTF-8' standalone='yes'",
        b'<?xml version="1.0" encoding="UTF-8"',
        b'<?xml version="1.0"',
    }
)
"""Declarations that nearly all clients send, so that nearly none has to be read."""

_LONGEST_TEXT = 4000
_PRODUCER = "p-p"

Said = dict[str, str]
"""What one event says of ``WANTED``, under ``element.attribute``, and the text of ``remarks``. Of
several elements of one name the first counts, of links the one to the producer."""

WANTED = {
    "event": ("uid", "type", "how", "time", "start", "stale"),
    "point": ("lat", "lon", "hae", "ce"),
    "track": ("speed", "course"),
    "status": ("battery",),
    "contact": ("callsign",),
    "__group": ("name", "role"),
    "takv": ("platform",),
    "precisionlocation": ("geopointsrc",),
    "link": ("uid", "relation"),
    "emergency": ("cancel",),
}

_Element = dict[str, dict[str, str]]
"""The attributes of the elements of an event by name; ``remarks`` has its text under ``""``."""

_NAMES = tuple(
    (element, attribute, f"{element}.{attribute}")
    for element, attributes in WANTED.items()
    for attribute in attributes
)


def bare(piece: bytes) -> bytes | None:
    """An event without blanks and XML declaration in front; None where it says another encoding."""
    piece = piece.lstrip(_BLANK)
    if not piece.startswith(b"<?xml"):
        return piece
    declaration, mark, rest = piece.partition(b"?>")
    if declaration not in _USUAL and not (mark and _READABLE.search(declaration.lower())):
        return None
    return rest.lstrip(_BLANK)


def read_together(pieces: Sequence[bytes]) -> list[Said] | None:
    """The events of ``pieces``, each bare, or None where they have to be read one by one."""
    try:
        found = _parse(b"<s>" + b"".join(pieces) + b"</s>", _starts(pieces))
    except (ExpatError, LookupError, ValueError):
        return None
    return None if found is None else [_wanted(one) for one in found]


def read_one(piece: bytes) -> Said:
    """The one event of ``piece``, bare; raises ``Unreadable``."""
    try:
        found = _parse(piece, [0])
    except (ExpatError, LookupError, ValueError) as fault:
        raise Unreadable("event", f"is broken: {plain_words(fault)}") from fault
    if not found:
        raise Unreadable("event", "is another document than one event")
    return _wanted(found[0])


def all_values(piece: bytes) -> list[str]:
    """Every value of every attribute of a well-formed event, bare; raises ``Unreadable``."""
    values: list[str] = []
    parser = ParserCreate("UTF-8")
    parser.StartElementHandler = lambda _, attributes: values.extend(attributes.values())
    try:
        parser.Parse(piece, True)
    except ExpatError as fault:
        raise Unreadable("event", "is broken") from fault
    return values


def _wanted(element: _Element) -> Said:
    said = {
        name: element[part][attribute]
        for part, attribute, name in _NAMES
        if part in element and attribute in element[part]
    }
    if "remarks" in element:
        said["remarks"] = element["remarks"].get("", "")
    return said


def _starts(pieces: Sequence[bytes]) -> list[int]:
    starts, place = [], len(b"<s>")
    for piece in pieces:
        starts.append(place)
        place += len(piece)
    return starts


def _parse(document: bytes, starts: Sequence[int]) -> list[_Element] | None:
    """The events of ``document``; None when they do not begin at ``starts``."""
    found: list[_Element] = []
    parts: _Element = {}
    odd = False
    parser = ParserCreate("UTF-8")

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal parts, odd
        if name == "event":
            count = len(found)
            odd = odd or count == len(starts) or parser.CurrentByteIndex != starts[count]
            parts = {"event": attributes}
            found.append(parts)
        elif name not in parts:
            parts[name] = attributes
            if name == "remarks":
                parser.CharacterDataHandler = text
                parser.EndElementHandler = end
        elif name == "link" and parts[name].get("relation") != _PRODUCER:
            parts[name] = attributes

    def text(said: str) -> None:
        remarks = parts["remarks"]
        remarks[""] = (remarks.get("", "") + said)[:_LONGEST_TEXT]

    def end(name: str) -> None:
        if name == "remarks":
            parser.CharacterDataHandler = None
            parser.EndElementHandler = None

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _refuse_document_type
    try:
        parser.Parse(document, True)
    finally:
        # without this the parser and its handlers would hold on to each other
        parser.StartElementHandler = parser.CharacterDataHandler = None
        parser.EndElementHandler = parser.StartDoctypeDeclHandler = None
    return None if odd or len(found) != len(starts) else found


def _refuse_document_type(*_: Any) -> None:
    raise ValueError("a document type, which no event needs")
