"""How much there is in a text that is to be hard to guess: repetitions and sequences are little."""

from __future__ import annotations

_SEQUENCES = (
    "abcdefghijklmnopqrstuvwxyz",
    "012345678901234567890",
    "qwertyuiop[]",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "yxcvbnm",
    "!@#$%^&*()_+",
    *("1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik,", "9ol.", "0p;/"),
)
_BOTH_WAYS = tuple(one for row in _SEQUENCES for one in (row, row[::-1]))
_SHORTEST_RUN = 3


def period(text: str) -> int:
    """After how many characters the text begins again; its length where it never does.

    ``abcabcab`` has 3: the last repetition may be cut short.
    """
    for size in range(1, len(text)):
        if text[size:] == text[:-size]:
            return size
    return len(text)


def is_repeated(text: str) -> bool:
    """Whether the text is something shorter, said at least twice."""
    return 0 < 2 * period(text) <= len(text)


def without_runs(text: str) -> str:
    """The text with one character for each run of three or more: of the same character, or of
    neighbours in the alphabet, among the digits or on a keyboard, forwards or backwards."""
    kept = []
    place = 0
    while place < len(text):
        kept.append(text[place])
        size = _run_at(text, place)
        place += size if size >= _SHORTEST_RUN else 1
    return "".join(kept)


def _run_at(text: str, start: int) -> int:
    same = len(text) - start - len(text[start:].lstrip(text[start]))
    size = max(same, 1)
    while start + size < len(text) and _is_sequence(text[start : start + size + 1]):
        size += 1
    return size


def _is_sequence(part: str) -> bool:
    return any(part in row for row in _BOTH_WAYS)
