"""The browser's side of ``services.told_tracks``: an answer read back, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_LAST, _MORE, _FIRST, _BACKSLASH = 79, 12, 35, 92


def numbers(text: str) -> list[int]:
    """What ``number_text`` wrote, read as ``docs/api.md`` tells it and not as it was written."""
    found, number, worth = [], 0, 1
    for code in map(ord, text):
        digit = code - _FIRST - (code > _BACKSLASH)
        number += digit * worth
        if digit >= _LAST:
            worth *= _MORE
        else:
            found.append(number)
            number, worth = 0, 1
    return found


def unfolded(values: list[int]) -> list[int]:
    """Signed numbers again."""
    return [-(one + 1) // 2 if one % 2 else one // 2 for one in values]


def pieces(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each piece with its properties by name, its places ``x`` and ``y`` in the world from 0 to 1
    and, where they were told, the times ``t`` of its points in seconds since 1970."""
    x, y = (np.cumsum(unfolded(numbers(answer[name]))) / answer["scale"] for name in ("x", "y"))
    steps = numbers(answer["t"]) if "t" in answer else []
    found, begin = [], 0
    for row in answer["tracks"]:
        piece = dict(zip(answer["columns"], row, strict=True))
        unit, callsign, device = answer["sources"][piece.pop("source")]
        its = slice(begin, begin + piece["points"])
        begin = its.stop
        piece |= {"unit": unit, "callsign": callsign, "device": device, "x": x[its], "y": y[its]}
        if steps:
            piece["t"] = piece["start"] / 1000 + np.cumsum(steps[its]) * answer["seconds"]
        found.append(piece)
    assert begin == len(x) == len(y)
    return found
