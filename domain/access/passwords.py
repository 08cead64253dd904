"""What a password may be: long, and nothing that somebody would try first.

There are no rules about capitals, digits or signs, and none ever expires: such rules make people
write ``Password1!`` and ``Password2!``. What is refused are passwords that are in every list of
guesses, or that follow from what a stranger knows of the account and of the unit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from domain.access.known_words import KNOWN_WORDS
from domain.access.variety import is_repeated, without_runs
from domain.errors import InvalidField

SHORTEST = 12
LONGEST = 1024
"""Characters; every one of them counts. The limit is there because hashing costs."""

_FEWEST_DIFFERENT = 5
_ENOUGH = 8.0
"""What must be left beside a known word or a sequence: letters, a digit or a sign counts half."""

_SHORTEST_WORD = 3
_SHORTEST_BACKWARDS = 4

_LEET = str.maketrans("04@358$7!|+", "oaaesbstiit")
_ONE_AS = ("i", "l")


class Common(Protocol):
    """Passwords in small letters that many people have taken."""

    def __contains__(self, password: object, /) -> bool: ...


class WeakPassword(InvalidField):
    """``rule`` names which one is broken, as ``extra['rule']`` does."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__("password", detail)
        self.rule = rule
        self.extra["rule"] = rule


def check_password(
    password: str, name: str, common: Common = frozenset(), words: Collection[str] = ()
) -> None:
    """Raise ``WeakPassword`` where it may not be the password of the account ``name``.

    ``words`` are more that a stranger would try, such as call signs.
    """
    length = seen_length(password)
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in password):
        raise WeakPassword("unreadable", "must have no control characters")
    if length < SHORTEST:
        raise WeakPassword(
            "too_short", f"must have at least {SHORTEST} characters; it has {length}"
        )
    if len(password) > LONGEST:
        raise WeakPassword(
            "too_long", f"must have at most {LONGEST} characters; it has {len(password)}"
        )
    folded = _folded(password)
    said = "".join(letter for letter in folded if letter.isalnum())
    if is_repeated(folded) or is_repeated(said):
        raise WeakPassword("repeated", "is the same few characters again and again")
    own = [*_both_ways([_folded(name), *_parts(_folded(name))])]
    known = [*_KNOWN, *_both_ways(_of_unit(words))]
    if _made_of(folded, own) and (_folded(name) in folded or not _made_of(folded, known)):
        raise WeakPassword("own_name", "is the name of the account, or little more")
    if _is_common(folded, common):
        raise WeakPassword("common", "is a common password, or one with digits around it")
    if len(without_runs(folded)) < _ENOUGH:
        raise WeakPassword("sequence", "is a sequence of letters, digits or keys")
    if len(set(folded)) < _FEWEST_DIFFERENT:
        raise WeakPassword(
            "too_few", f"must have at least {_FEWEST_DIFFERENT} different characters"
        )
    if _made_of(folded, [*own, *known]):
        raise WeakPassword("known_word", "is made of words of the unit, its place or this product")


def seen_length(password: str) -> int:
    """How many characters a person sees: a letter and its accents are one."""
    composed = unicodedata.normalize("NFC", password)
    return sum(unicodedata.category(letter) not in ("Mn", "Me", "Cf") for letter in composed)


def _made_of(folded: str, words: Collection[str]) -> bool:
    return any(_little_beside(folded, text, words) for text in _readings(folded))


def _both_ways(words: Iterable[str]) -> Iterator[str]:
    """The words, and backwards those that then are nothing else by chance."""
    for word in words:
        yield word
        if len(word) >= _SHORTEST_BACKWARDS:
            yield word[::-1]


def _of_unit(words: Iterable[str]) -> Iterator[str]:
    """Names, and the words that they consist of: ``ORION-1`` is also ``orion``."""
    for word in map(_folded, words):
        yield word
        yield from (part for part in _parts(word) if len(part) > _SHORTEST_WORD)


def _little_beside(folded: str, text: str, words: Iterable[str]) -> bool:
    """Whether ``text`` holds one of the words, and little else."""
    free = [True] * len(text)
    for word in words:
        if len(word) >= _SHORTEST_WORD:
            for start in _places(text, word):
                free[start : start + len(word)] = [False] * len(word)
    if all(free):
        return False
    rest = "".join(letter for letter, is_free in zip(folded, free, strict=True) if is_free)
    return _worth(rest) < _ENOUGH


def _is_common(folded: str, common: Common) -> bool:
    for text in _readings(folded):
        if text in common:
            return True
        stem = text.strip("".join(letter for letter in set(text) if not letter.isalpha()))
        beside = folded.replace(stem, "", 1) if stem in folded else folded[len(stem) :]
        if len(stem) > _SHORTEST_WORD and stem in common and _worth(beside) < _ENOUGH:
            return True
    return False


def _worth(rest: str) -> float:
    return sum(1.0 if letter.isalpha() else 0.5 for letter in without_runs(rest))


def _readings(folded: str) -> Iterator[str]:
    """The text, and what it says where digits and signs stand for letters; all of one length."""
    yield folded
    for letter in _ONE_AS:
        yield folded.translate(_LEET).replace("1", letter)


def _places(text: str, word: str) -> Iterator[int]:
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + 1)


def _parts(name: str) -> list[str]:
    for sign in "._-/@:":
        name = name.replace(sign, " ")
    return name.split()


def _folded(text: str) -> str:
    """Small letters without accents, however the text was typed."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).replace(
        "ł", "l"
    )


_KNOWN = tuple(_both_ways(KNOWN_WORDS))
