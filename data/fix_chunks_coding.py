"""Columns of numbers and texts as few bytes, and back exactly as they were.

A column is coded alone, so that a reader decodes only what it needs. Nothing is rounded: a decimal
coding is used only where it gives back every bit, otherwise the numbers are kept as they are.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LEVEL = 1  # of zlib: higher ones take several times as long and save a few percent
_WORTH = 0.5  # kept compressed only when smaller than this share, as unpacking costs time too
_INTEGERS = struct.Struct("<BBqqQ")  # width of a code, compressed, first value, least step, unit
_FLOATS = struct.Struct("<bBI")  # decimals (-1: as they are), compressed, bytes of the mask
_TOGETHER = 64  # texts in a block
_MOST_DECIMALS = 9
_HALF = 1 << 63
_EXACT = float(1 << 53)  # whole numbers up to here are exact as floats


def join(columns: Sequence[bytes]) -> bytes:
    """Coded columns as one piece of bytes."""
    lengths = struct.pack(f"<H{len(columns)}I", len(columns), *map(len, columns))
    return b"".join((lengths, *columns))


def parts(joined: bytes | memoryview) -> list[memoryview]:
    """The coded columns of what ``join`` made, without copying them."""
    (count,) = struct.unpack_from("<H", joined)
    lengths = struct.unpack_from(f"<{count}I", joined, 2)
    view, found, at = memoryview(joined), [], 2 + 4 * count
    for length in lengths:
        found.append(view[at : at + length])
        at += length
    return found


# --- whole numbers -------------------------------------------------------------------------------


def encode_integers(values: Integers) -> bytes:
    """Whole numbers, shape ``(n,)``; steps from one to the next must fit 64 bits."""
    if len(values) == 0:
        return b""
    first, least, unit = int(values[0]), 0, 1
    steps = np.diff(values)
    codes = np.zeros(0, dtype=np.uint64)
    if len(steps):
        least = int(steps.min())
        above = (steps - least).astype(np.uint64)
        unit = int(np.gcd.reduce(above)) or 1
        codes = above // np.uint64(unit)
    width = _width(codes)
    packed, data = _packed(codes.astype(f"<u{width}").tobytes() if width else b"")
    return _INTEGERS.pack(width, packed, first, least, unit) + data


def decode_integers(coded: bytes | memoryview, count: int) -> Integers:
    """The ``count`` numbers of ``encode_integers``."""
    if count == 0:
        return np.empty(0, dtype=np.int64)
    width, packed, first, least, unit = _INTEGERS.unpack_from(coded)
    if width == 0 and least == 0:
        return np.full(count, first, dtype=np.int64)
    values = np.arange(count, dtype=np.int64)
    values *= least
    values += first
    if width:
        codes = np.frombuffer(_unpacked(coded[_INTEGERS.size :], packed), dtype=f"<u{width}")
        above = codes.cumsum(dtype=np.uint64)
        if unit != 1:
            above *= np.uint64(unit)
        values[1:] += above.view(np.int64)
    return values


def integer_at(coded: bytes | memoryview, index: int) -> int:
    """One number of ``encode_integers``, without the others."""
    width, packed, first, least, unit = _INTEGERS.unpack_from(coded)
    above = 0
    if width:
        codes = np.frombuffer(_unpacked(coded[_INTEGERS.size :], packed), dtype=f"<u{width}")
        above = int(codes[:index].sum(dtype=np.uint64))
    value = first + least * index + unit * above
    return int((value + _HALF) % (2 * _HALF) - _HALF)  # sums of wide codes wrap around, as above


def _width(codes: NDArray[np.uint64]) -> int:
    most = int(codes.max(initial=0))
    return next(width for width in (0, 1, 2, 4, 8) if most < 1 << 8 * width)


# --- measured numbers ----------------------------------------------------------------------------


def encode_floats(values: Floats) -> bytes:
    """Numbers, shape ``(n,)``; NaN stands for none and comes back as NaN."""
    missing = np.isnan(values)
    mask, said = b"", values
    if missing.any():
        mask, said = zlib.compress(np.packbits(missing).tobytes(), _LEVEL), values[~missing]
    decimals = _decimals(said)
    if decimals < 0:
        packed, data = _packed(said.astype("<f8").tobytes())
    else:
        packed, data = 0, encode_integers(np.rint(said * 10.0**decimals).astype(np.int64))
    return _FLOATS.pack(decimals, packed, len(mask)) + mask + data


def decode_floats(coded: bytes | memoryview, count: int) -> Floats:
    """The ``count`` numbers of ``encode_floats``, bit by bit."""
    decimals, packed, masked = _FLOATS.unpack_from(coded)
    data = coded[_FLOATS.size + masked :]
    if not masked:
        return _said(data, count, decimals, packed)
    missing = _missing(coded, count, masked)
    values = np.full(count, np.nan)
    values[~missing] = _said(data, count - int(missing.sum()), decimals, packed)
    return values


def float_at(coded: bytes | memoryview, count: int, index: int) -> float | None:
    """One of the ``count`` numbers of ``encode_floats``, None for NaN, without the others."""
    decimals, packed, masked = _FLOATS.unpack_from(coded)
    if masked:
        missing = _missing(coded, count, masked)
        if missing[index]:
            return None
        index -= int(missing[:index].sum())
    data = coded[_FLOATS.size + masked :]
    if decimals < 0:
        return float(np.frombuffer(_unpacked(data, packed), dtype="<f8")[index])
    return float(integer_at(data, index) / 10.0**decimals)


def _missing(coded: bytes | memoryview, count: int, masked: int) -> NDArray[np.bool_]:
    mask = np.frombuffer(zlib.decompress(coded[_FLOATS.size : _FLOATS.size + masked]), np.uint8)
    return np.unpackbits(mask, count=count).view(np.bool_)


def _said(data: bytes | memoryview, count: int, decimals: int, packed: int) -> Floats:
    if decimals < 0:
        return np.frombuffer(_unpacked(data, packed), dtype="<f8")
    # a whole number divided by a power of ten is the float nearest to that decimal
    return decode_integers(data, count) / 10.0**decimals


def _decimals(values: Floats) -> int:
    """The fewest decimals that give every value back exactly; -1 when there are none."""
    for decimals in range(_MOST_DECIMALS + 1):
        scale = 10.0**decimals
        whole = np.rint(values * scale)
        if np.abs(whole).max(initial=0.0) >= _EXACT:
            return -1
        if ((whole.astype(np.int64) / scale).view(np.int64) == values.view(np.int64)).all():
            return decimals
    return -1


# --- texts ---------------------------------------------------------------------------------------


def encode_texts(values: Sequence[str | None]) -> bytes:
    """Texts, of which many are the same; in blocks, so that one is found without the others."""
    different: dict[str | None, int] = {}
    codes = np.array([different.setdefault(value, len(different)) for value in values], np.int64)
    listed = list(different)
    blocks = [
        _block(listed[first : first + _TOGETHER]) for first in range(0, len(listed), _TOGETHER)
    ]
    return join([encode_integers(codes), *blocks])


def different_texts(coded: bytes | memoryview) -> list[str | None]:
    """The different ones among the texts."""
    return [text for block in parts(coded)[1:] for text in _texts(block)]


def which_text(coded: bytes | memoryview, count: int) -> Integers:
    """Of each of the ``count`` values which one of the different texts it is."""
    return decode_integers(parts(coded)[0], count)


def text_at(coded: bytes | memoryview, index: int) -> str | None:
    """One text of ``encode_texts``."""
    codes, *blocks = parts(coded)
    block, place = divmod(integer_at(codes, index), _TOGETHER)
    return _texts(blocks[block])[place]


def _block(texts: Sequence[str | None]) -> bytes:
    packed, data = _packed(json.dumps(texts).encode())
    return bytes([packed]) + data


def _texts(block: memoryview) -> list[str | None]:
    texts: list[str | None] = json.loads(bytes(_unpacked(block[1:], block[0])))
    return texts


def _packed(data: bytes) -> tuple[int, bytes]:
    smaller = zlib.compress(data, _LEVEL)
    return (1, smaller) if len(smaller) < _WORTH * len(data) else (0, data)


def _unpacked(data: bytes | memoryview, packed: int) -> bytes | memoryview:
    return zlib.decompress(data) if packed else data
