"""Many whole numbers as text, a character for each small one: what compresses well inside of JSON.

A number is written in characters from ``#`` to ``~`` without the backslash, which stand for the
digits 0 to 90. A digit below 79 ends the number; one of 79 and above, of which there are twelve,
says that more follows, and each digit counts twelve times as much as the one before it. So 0 to 78
take one character and a million takes six. Signed numbers are folded: 0, -1, 1, -2, 2 … are written
as 0, 1, 2, 3, 4 ….
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LAST = 79
"""Digits below this end a number."""

_MORE = 12
"""How many digits say that more follows."""

_FIRST, _BACKSLASH = ord("#"), ord("\\")

Integers = NDArray[np.int64]


def number_text(values: Integers) -> str:
    """Numbers from 0 up, shape ``(n,)``, as text."""
    left = np.asarray(values, dtype=np.int64)
    place = np.arange(len(left))
    digits, places = [], []
    while len(left):
        more = left >= _LAST
        digits.append(np.where(more, _LAST + (left - _LAST) % _MORE, left))
        places.append(place)
        left, place = (left[more] - _LAST) // _MORE, place[more]
    if not digits:
        return ""
    # a stable sort keeps the digits of one number in the order in which they were found
    order = np.argsort(np.concatenate(places), kind="stable")
    codes = np.concatenate(digits)[order] + _FIRST
    codes += codes >= _BACKSLASH
    return codes.astype(np.uint8).tobytes().decode("ascii")


def folded(values: Integers) -> Integers:
    """Signed numbers as numbers from 0 up."""
    return np.where(values < 0, -2 * values - 1, 2 * values)
