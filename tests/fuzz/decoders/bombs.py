"""Inputs that are made to do harm: what little it takes to ask for much, or for another's file.

Every one is small or made small (a megabyte at most), so that what a decoder makes of
it is its own.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from functools import cache
from random import Random

from tests.fuzz.decoders.mutations import pick

_ROOTS = (b"gpx", b"event", b"kml", b"x")
_PLACES = (
    "../../etc/passwd",
    "/etc/passwd",
    "a/../../b.kml",
    "..\\..\\x",
    "C:\\x",
    "doc.kml",
    "a\x00b",
)
_ARCHIVES = 6
_HOSTS = (
    b"file:///etc/passwd", b"http://127.0.0.1:9/x", b"ftp://127.0.0.1:9/", b"x.dtd",
    b"file:///dev/zero", b"jar:file:///x!/y", b"\\\\127.0.0.1\\x", b"php://input",
)  # fmt: skip


def entities(dice: Random, body: bytes) -> bytes:
    """Document types: entities that grow, that name files and hosts, that name themselves."""
    root = pick(dice, _ROOTS) if b"<" not in body[:400] else _root(body)
    way = int(dice.random() * 8)
    if way == 0:
        deep, wide = 2 + int(dice.random() * 9), 2 + int(dice.random() * 12)
        inner = b'<!ENTITY e0 "ha">' + b"".join(
            b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * wide) for n in range(1, deep)
        )
        use = b"&e%d;" % (deep - 1)
    elif way == 1:
        inner = b'<!ENTITY e "%s">' % (b"x" * int(10 ** (2 + dice.random() * 3)))
        use = b"&e;" * int(10 ** (dice.random() * 3))
    elif way in (2, 3):
        host = pick(dice, _HOSTS)
        inner, use = b'<!ENTITY e %s "%s">' % (pick(dice, (b"SYSTEM", b'PUBLIC "x"')), host), b"&e;"
    elif way == 4:
        inner, use = b'<!ENTITY %% e SYSTEM "http://127.0.0.1:9/x.dtd"> %e;', b""
    elif way == 5:
        inner, use = b'<!ENTITY a "&b;"><!ENTITY b "&a;">', b"&a;"
    elif way == 6:
        inner = b"<!ATTLIST %s lat CDATA '42.9' lon CDATA '20.9'><!ELEMENT %s ANY>" % (root, root)
        use = b""
    else:
        inner, use = b'<!NOTATION n SYSTEM "x"><!ENTITY e SYSTEM "y" NDATA n>', b"&e;"
    kind = b"<!DOCTYPE %s [%s]>" % (root, inner)
    if dice.random() < 0.15:
        kind = b'<!DOCTYPE %s SYSTEM "file:///etc/passwd">' % root
    if b"<" in body[:400] and dice.random() < 0.7:
        head, mark, rest = body.partition(b"?>") if body.startswith(b"<?xml") else (b"", b"", body)
        at = rest.find(b">", int(dice.random() * len(rest))) + 1
        return head + mark + kind + rest[:at] + use + rest[at:]
    return kind + b"<%s>%s</%s>" % (root, use, root)


def _root(body: bytes) -> bytes:
    at = 0
    while (at := body.find(b"<", at)) >= 0:
        if body[at + 1 : at + 2].isalpha():
            return body[at + 1 :].split(b">")[0].split()[0].rstrip(b"/") or b"x"
        at += 1
    return b"x"


def deep(dice: Random, body: bytes) -> bytes:
    """Nesting: lists, objects, elements, tables; closed or not, alone or within a good input."""
    depth = int(10 ** (1 + dice.random() * 3.3))
    before, after = pick(dice, _NESTS)
    inside = (
        before * depth
        + pick(dice, (b"", b"1", b'"a"'))
        + after * int(depth * pick(dice, (0, 0.9, 1, 1)))
    )
    if dice.random() < 0.6:
        mark = pick(dice, (b":", b"=", b">", b","))
        at = body.find(mark, int(dice.random() * (len(body) + 1))) + 1
        return body[:at] + inside + body[at:]
    return inside


_NESTS = (
    (b"[", b"]"), (b"[", b"]"), (b'{"a":', b"}"), (b'{"location":', b"}"), (b"<a>", b"</a>"),
    (b"<trkseg>", b"</trkseg>"), (b"<trkpt lat='1'>", b"</trkpt>"), (b"<event>", b"</event>"),
    (b"{a=", b"}"), (b"[a.b]\n", b""), (b"a.", b"=1"), (b"(", b")"), (b'[{"coords":', b"}]"),
    (b'{"type":"GeometryCollection","geometries":[', b"]}"), (b'"', b'"'), (b"<!--", b"-->"),
)  # fmt: skip


def long(dice: Random, body: bytes) -> bytes:
    """Very many or very long: attributes, parameters, columns, names, rows, digits, texts."""
    count = int(10 ** (2 + dice.random() * 2.2))
    way = int(dice.random() * 9)
    if way == 0:
        many = b" ".join(b"a%d='1'" % n for n in range(count))
        return b"<%s %s></gpx>" % (_root(body), many)
    if way == 1:
        return body + b"&" + b"&".join(b"p%d=%d" % (n, n) for n in range(count))
    if way == 2:
        return b"{" + b",".join(b'"k%d":%d' % (n % 999, n) for n in range(count)) + b"}"
    if way == 3:
        return b",".join(b"c%d" % n for n in range(count)) + b"\n" + b"1," * count
    if way == 4:
        at = int(dice.random() * (len(body) + 1))
        return (
            body[:at]
            + pick(dice, (b"9", b"A", b" ", b"\n", b"-", b"\\", b"<", b"&amp;", b"\xc3\xa9"))
            * (count * 10)
            + body[at:]
        )
    if way == 5:
        return b"[" + b",".join([body or b"1"] * min(count, 200_000 // (len(body) + 1) + 1)) + b"]"
    if way == 6:
        return b"\n".join([body] * min(count, 200_000 // (len(body) + 1) + 1))
    if way == 7:
        at = body.find(b">", int(dice.random() * (len(body) + 1))) + 1
        return (
            body[:at]
            + pick(dice, (b"<a/>", b"<trkpt/>", b"<trkseg/>", b"<!---->", b"<?a?>")) * count
            + body[at:]
        )
    at = int(dice.random() * (len(body) + 1))
    return body[:at] + b"<" + b"n" * (count * 10) + b">" + body[at:]


def archives(dice: Random, body: bytes) -> bytes:
    """ZIP and KMZ: a bomb, names that leave their folder, very many, one in another, damaged."""
    raw = _archive(int(dice.random() * _ARCHIVES), int(dice.random() * len(_PLACES)))
    if dice.random() < 0.2:
        return body[:200] + raw
    spoilt = bytearray(raw)
    for _ in range(int(dice.random() * 5)):
        spoilt[int(dice.random() * len(spoilt))] = int(dice.random() * 256)
    return bytes(spoilt)


def warm() -> None:
    """Makes the archives, so that no worker has to find the memory for them."""
    for way in range(_ARCHIVES):
        for place in range(len(_PLACES)):
            _archive(way, place)


@cache
def _archive(way: int, place: int) -> bytes:
    file = io.BytesIO()
    if way == 5:  # not a ZIP, but what several readers unpack unasked
        return zlib.compress(b"\x00" * 10_000_000, 9)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        if way == 0:
            _put(archive, "doc.kml", b"<kml>" + b" " * 30_000_000 + b"</kml>")
        elif way == 1:
            _put(archive, _PLACES[place], b"<kml/>")
        elif way == 2:
            for number in range(3_000):
                _put(archive, str(number), b"")
        elif way == 3:
            _put(archive, "doc.kmz", _archive(0, 0))
        else:
            _put(archive, "doc.kml", b"/etc/passwd", stat.S_IFLNK | 0o777)
    return file.getvalue()


def _put(archive: zipfile.ZipFile, name: str, content: bytes, mode: int = 0o644) -> None:
    """A member without the time of day, so that the bytes are the same in every run."""
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = mode << 16
    archive.writestr(member, content)
