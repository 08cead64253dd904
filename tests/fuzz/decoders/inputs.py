"""The inputs of one decoder: number ``n`` of a seed is the same bytes on every machine and run."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from random import Random
from urllib.parse import quote_from_bytes

from tests.fuzz.decoders import bombs, mutations
from tests.fuzz.decoders.mutations import pick
from tests.fuzz.decoders.seeds import Seed, seeds_of
from tests.fuzz.decoders.targets import Target
from tests.fuzz.decoders.words import HEADERS, MARKS, NUMBERS, TEXTS

Way = Callable[[Random, Seed], bytes]


def _noise(dice: Random, seed: Seed) -> bytes:
    way = dice.random()
    if way < 0.5:
        return dice.randbytes(int(dice.random() ** 3 * 2_000))
    if way < 0.6:
        return bytes(32 + int(dice.random() * 95) for _ in range(int(dice.random() * 200)))
    words = [pick(dice, MARKS + NUMBERS + TEXTS) for _ in range(int(dice.random() * 40))]
    return b"".join(words) if way < 0.9 else seed.raw[:16] + b"".join(words)


def _bomb(make: Callable[[Random, bytes], bytes]) -> Way:
    return lambda dice, seed: make(dice, seed.raw)


_WAYS: tuple[tuple[str, float, Way], ...] = (
    ("bytes spoilt", 0.24, mutations.as_bytes),
    ("numbers and texts swapped", 0.29, mutations.values),
    ("parts left out, doubled, moved", 0.21, mutations.structure),
    ("bad encodings", 0.10, mutations.encodings),
    ("random bytes and words", 0.10, _noise),
    ("XML entities and document types", 0.02, _bomb(bombs.entities)),
    ("deep nesting", 0.015, _bomb(bombs.deep)),
    ("very many or very long", 0.015, _bomb(bombs.long)),
    ("ZIP and KMZ", 0.01, _bomb(bombs.archives)),
)
KINDS = tuple(name for name, _, _ in _WAYS)
"""What is done to inputs, as the report calls it."""


_FORM = (
    b"id=fpu-test&key=fpu-test&lat=42.89&lon=20.86&timestamp=1795293000&speed=3&alarm=sos&batt=9"
)


class Inputs:
    """The inputs of ``target`` under the ``seed`` of a run."""

    def __init__(self, target: Target, seed: int) -> None:
        self._base = (seed << 96) ^ (zlib.crc32(target.name.encode()) << 64)
        self._wire = target.wire
        self._http = target.suffix == ".http"
        self._dice = Random()
        parts = [_parts(raw) if target.wire else (b"", raw) for raw in target.seeds]
        self._heads = [head for head, _ in parts]
        self._named = [_named(head) for head in self._heads]
        self._seeds = seeds_of([body for _, body in parts])
        self._targets = seeds_of([head.partition(b"\n")[0] for head, _ in parts])
        self._lines = seeds_of(self._heads)
        self._forms = seeds_of([_form(head) for head, _ in parts])

    def one(self, number: int) -> tuple[int, bytes]:
        """Which of ``KINDS``, and the bytes."""
        dice = self._dice
        dice.seed(self._base ^ number)
        at = int(dice.random() * len(self._seeds))
        roll = dice.random()
        for kind, (_, weight, way) in enumerate(_WAYS):  # noqa: B007
            roll -= weight
            if roll < 0:
                break
        return kind, self._request(dice, at, way) if self._wire else way(dice, self._seeds[at])

    def _request(self, dice: Random, at: int, way: Way) -> bytes:
        """A request with a part of it spoilt: its body, its address, its headers, or all."""
        head, body, roll = self._heads[at], self._seeds[at], dice.random()
        if roll < (0.55 if self._http else 0.85) and body.raw:
            named = self._named[at] if self._http and dice.random() < 0.5 else head
            return named + b"\n\n" + way(dice, body)
        if not self._http:
            return way(dice, self._lines[at]) + b"\n\n" + body.raw
        if roll < 0.70:  # the address as a form of that type
            kind = b"\nContent-Type: application/x-www-form-urlencoded"
            return b"POST /feeds/osmand HTTP/1.1" + kind + b"\n\n" + way(dice, self._forms[at])
        if roll < 0.90:
            first = self._targets[at]
            spoilt = mutations.values(dice, first) if dice.random() < 0.6 else way(dice, first)
            spoilt = spoilt if dice.random() < 0.3 else _quoted(spoilt)
            return spoilt + head[len(first.raw) :] + b"\n\n" + body.raw
        if roll < 0.97:
            extra = b"".join(b"\n" + pick(dice, HEADERS) for _ in range(1 + int(dice.random() * 2)))
            return head + extra + b"\n\n" + (way(dice, body) if dice.random() < 0.3 else body.raw)
        return way(dice, self._lines[at]) + b"\n\n" + body.raw


def _parts(raw: bytes) -> tuple[bytes, bytes]:
    head, _, body = raw.partition(b"\n\n")
    return head, body


def _named(head: bytes) -> bytes:
    """The address names the device, so that a body is read however broken it is."""
    first, mark, rest = head.partition(b"\n")
    path, _, version = first.rpartition(b" ")
    joint = b"&" if b"?" in path else b"?"
    return path + joint + b"id=fpu-test&d=fpu-test " + version + mark + rest


def _form(head: bytes) -> bytes:
    query = head.partition(b"\n")[0].partition(b"?")[2].rpartition(b" ")[0]
    return query if b"id=" in query else _FORM


def _quoted(first: bytes) -> bytes:
    """A first line whose query a browser would send; what a device forgets to quote stays rare."""
    before, mark, rest = first.partition(b"?")
    query, blank, version = rest.rpartition(b" HTTP/")
    return before + mark + quote_from_bytes(query, "=&%/+").encode() + blank + version
