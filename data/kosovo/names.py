"""Place names: both of them always, in the order of local usage, and found without diacritics."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_DJ = re.compile("dj+")
_TO_LATIN = {
    "đ": "d", "љ": "lj", "њ": "nj", "џ": "dz", "ђ": "d", "а": "a", "б": "b", "в": "v",
    "г": "g", "д": "d", "е": "e", "ж": "z", "з": "z", "и": "i", "ј": "j", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "ћ": "c", "у": "u", "ф": "f", "х": "h", "ц": "c", "ч": "c", "ш": "s",
}  # fmt: skip


def display_name(row: Mapping[str, str]) -> str:
    """Join the names of ``row`` by slashes in the order of its ``name_order`` column.

    ``name_order`` is for instance ``sq/sr``; a name that repeats an earlier one is left out, so
    Prizren is written once.
    """
    names = [row.get(f"name_{language}", "") for language in row["name_order"].split("/")]
    return "/".join(dict.fromkeys(name for name in names if name))


def fold(text: str) -> str:
    """The key that search compares: lower case, no diacritics, Cyrillic as Latin, one space.

    ``Đ`` and the spelling ``Dj`` fold alike, because officers type both.
    """
    # Some signs, like ℠, decompose into capitals: decompose before lowering the case.
    lower = unicodedata.normalize("NFKC", text).casefold()
    plain = (c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))
    latin = "".join(_TO_LATIN.get(letter, letter) for letter in plain)
    words = "".join(letter if letter.isalnum() else " " for letter in latin).split()
    return _DJ.sub("d", " ".join(words))
