"""Ways to spoil a good input. Each takes the dice and a ``Seed`` and gives other bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar

from tests.fuzz.decoders.seeds import Seed
from tests.fuzz.decoders.words import MARKS, NUMBERS, TEXTS

T = TypeVar("T")
_ENCODINGS = (
    "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "utf-7", "cp037", "latin-1",
)  # fmt: skip
_OTHERS = (*_ENCODINGS, "klingon", "shift_jis", "iso-8859-2", "rot13", "zip", "idna")


def pick(dice: Random, values: Sequence[T]) -> T:
    """One of them; quicker than ``Random.choice``."""
    return values[int(dice.random() * len(values))]


def as_bytes(dice: Random, seed: Seed) -> bytes:
    """Bits turned, pieces cut out, doubled, put in from elsewhere; the end cut off."""
    raw = bytearray(seed.raw)
    for _ in range(1 + int(dice.random() ** 2 * 6)):
        size = len(raw)
        at, length = int(dice.random() * (size + 1)), int(dice.random() ** 3 * 64) + 1
        way = int(dice.random() * 9)
        if way <= 1 and at < size:
            raw[at] ^= 1 << int(dice.random() * 8)
        elif way == 2 and at < size:
            raw[at] = int(dice.random() * 256)
        elif way == 3:
            del raw[at : at + length]
        elif way == 4:
            raw[at:at] = raw[at : at + length] * (1 + int(dice.random() ** 4 * 40))
        elif way == 5:
            raw[at:at] = pick(dice, MARKS)
        elif way == 6:
            other = pick(dice, seed.others).raw
            start = int(dice.random() * (len(other) + 1))
            raw[at : at + length] = other[start : start + length * 4]
        elif way == 7:
            raw[at : at + length] = pick(dice, NUMBERS if dice.random() < 0.5 else TEXTS)
        elif dice.random() < 0.4:
            del raw[at:]
    return bytes(raw)


def values(dice: Random, seed: Seed) -> bytes:
    """Numbers and texts swapped for those that readers stumble over."""
    raw = seed.raw
    for _ in range(1 + int(dice.random() ** 2 * 3)):
        numeric = dice.random() < 0.55
        spans = (seed.numbers if numeric else seed.texts) or seed.numbers or seed.texts
        if not spans:
            return as_bytes(dice, seed)
        start, end = pick(dice, spans)
        if end > len(raw):
            continue
        swap = pick(dice, NUMBERS if numeric == (dice.random() < 0.85) else TEXTS)
        raw = raw[:start] + swap + raw[end:]
    return raw


def structure(dice: Random, seed: Seed) -> bytes:
    """Elements, members and cells left out, doubled, moved; keys said twice."""
    if seed.document is not None and dice.random() < 0.6:
        return _of_json(dice, seed.document)
    if seed.keys and dice.random() < 0.2:
        start, end = pick(dice, seed.keys)
        again = seed.raw[start:end] + (
            b"" if seed.raw[end - 1 : end] == b'"' else pick(dice, NUMBERS)
        )
        mark = b" " if b"<" in seed.raw[:200] else b"," if b":" in again else b"&"
        return (
            seed.raw[:start]
            + (again + mark) * (1 + int(dice.random() ** 6 * 500))
            + seed.raw[start:]
        )
    tokens = list(seed.tokens)
    if len(tokens) == 1:
        return as_bytes(dice, seed)
    for _ in range(1 + int(dice.random() * 4)):
        at, length = int(dice.random() * (len(tokens) + 1)), 1 + int(dice.random() ** 2 * 12)
        way = int(dice.random() * 5)
        if way == 0:
            del tokens[at : at + length]
        elif way == 1:
            tokens[at:at] = tokens[at : at + length] * (1 + int(dice.random() ** 6 * 100))
        elif way == 2:
            moved = tokens[at : at + length]
            del tokens[at : at + length]
            to = int(dice.random() * (len(tokens) + 1))
            tokens[to:to] = moved
        elif way == 3:
            other = pick(dice, seed.others).tokens
            start = int(dice.random() * len(other))
            tokens[at:at] = other[start : start + length]
        else:
            tokens.insert(at, pick(dice, MARKS))
    return b"".join(tokens)


def encodings(dice: Random, seed: Seed) -> bytes:
    """The same in another encoding, with the mark of another, or with bytes that none has."""
    raw = seed.raw
    way = int(dice.random() * 5)
    if way == 0:
        text = raw.decode("utf-8", "replace")
        return text.encode(pick(dice, _ENCODINGS), "replace")
    if way == 1:
        name = pick(dice, _OTHERS)
        said = f"<?xml version='1.0' encoding='{name}'?>".encode()
        body = raw.partition(b"?>")[2] if raw.startswith(b"<?xml") else raw
        return said + body
    if way == 2:
        return (
            pick(dice, (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"+/v8-")) + raw
        )
    wrong = pick(
        dice, (b"\x80", b"\xc3(", b"\xed\xa0\x80", b"\xf8\x88", b"\x00", b"\xc0\xaf", b"\xe9")
    )
    at = int(dice.random() * (len(raw) + 1))
    return raw[:at] + wrong * (1 + int(dice.random() * 4)) + raw[at:]


def _of_json(dice: Random, document: tuple[Any, list[list[Any]]]) -> bytes:
    found, paths = document
    for _ in range(1 + int(dice.random() * 2)):
        found = _replaced(found, pick(dice, paths), dice)
    return json.dumps(found, ensure_ascii=dice.random() < 0.9).encode("utf-8", "surrogatepass")


def _replaced(value: Any, path: list[Any], dice: Random) -> Any:
    if not path:
        return _strange(dice, value)
    key = path[0]
    if isinstance(value, dict) and key in value:
        if len(path) == 1 and dice.random() < 0.25:
            return {name: part for name, part in value.items() if name != key}
        return {**value, key: _replaced(value[key], path[1:], dice)}
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return [*value[:key], _replaced(value[key], path[1:], dice), *value[key + 1 :]]
    return value


def _strange(dice: Random, value: Any) -> Any:
    way = int(dice.random() * 12)
    if way < 6:
        return pick(dice, _STRANGE)
    if way < 8:
        return float(10 ** (dice.random() * 40)) * (1 if dice.random() < 0.5 else -1)
    if way == 8:
        return [value] * int(dice.random() ** 3 * 60)
    if way == 9:
        return {"a": value, "_type": value, "": None, "\ud800": value}
    for _ in range(int(dice.random() ** 2 * 120)):
        value = [value] if dice.random() < 0.5 else {"a": value}
    return value


_STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.0, -0.0, 90.5, -181, 42.89, 1e308, float("nan"), float("inf"),
    float("-inf"), 10**18, 10**40, -(10**40), 10**400, "", " ", "a", "nan", "1e400", "\x00",
    "\ud800", "x" * 3_000, [], {}, [[]], [None], {"": ""}, "2026-11-21T20:30:00Z", "42,89", "sos",
    1795293000, 1795293000000, -62135596801, 253402300800, 8.64e15, ["location"], {"lat": 1},
    "\u202e", "\U0001f693",
)  # fmt: skip
