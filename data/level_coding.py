"""Levels of detail as bytes: columns of small differences, compressed."""

from __future__ import annotations

import json
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from domain.drawn import Drawn

_GRID = float(1 << 27)
"""Steps of the kept world's width: 0.2 m in Kosovo*, a sixteenth of a pixel of the finest level."""

_WHOLE = ("segment", "start", "end", "fixes", "outliers", "points")


def encode(drawn: Drawn) -> bytes:
    """Pieces and points."""
    head = {
        "unit": drawn.unit.tolist(),
        "device": drawn.device.tolist(),
        **{name: getattr(drawn, name).tolist() for name in _WHOLE},
    }
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
    columns = (
        _differences(drawn.time),
        _differences(np.rint(drawn.x * _GRID).astype(np.int64)),
        _differences(np.rint(drawn.y * _GRID).astype(np.int64)),
        drawn.zooms.astype("<i8"),
    )
    body = b"".join(_narrow(column) for column in columns)
    return zlib.compress(struct.pack("<I", len(text)) + text + body, 6)


def decode(coded: bytes) -> Drawn:
    """What was encoded, its places rounded to the grid."""
    data = zlib.decompress(coded)
    (size,) = struct.unpack_from("<I", data)
    head = json.loads(data[4 : 4 + size])
    count, at = sum(head["points"]), 4 + size
    columns = []
    for _ in range(4):
        kind = f"<i{data[at]}"
        columns.append(np.frombuffer(data, kind, count, at + 1).astype(np.int64))
        at += 1 + count * data[at]
    time, x, y, zooms = columns
    return Drawn(
        unit=np.array(head["unit"], dtype=object),
        device=np.array(head["device"], dtype=object),
        **{name: np.array(head[name], dtype=np.int64) for name in _WHOLE},
        time=np.cumsum(time),
        x=np.cumsum(x) / _GRID,
        y=np.cumsum(y) / _GRID,
        zooms=zooms,
    )


def _differences(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.diff(values, prepend=0)


def _narrow(values: NDArray[np.int64]) -> bytes:
    """The width of a number in bytes, then all of them."""
    furthest = int(np.abs(values).max(initial=0))
    width = next(size for size in (1, 2, 4, 8) if furthest < 1 << (8 * size - 1))
    return bytes([width]) + values.astype(f"<i{width}").tobytes()
