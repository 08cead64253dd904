"""Whether a secret that signs cookies can be guessed; who guesses it is whoever he likes."""

from __future__ import annotations

import re

from domain.access.known_words import KNOWN_WORDS
from domain.access.variety import is_repeated, without_runs

SHORTEST = 32
_FEWEST_DIFFERENT = 8
_FEWEST_BESIDE_RUNS = 20
_FEWEST_BESIDE_WORDS = 20
_SHORTEST_WORD = 5
"""A shorter one stands in a random key by chance."""

_WORDS = sorted(
    {
        *(word for word in KNOWN_WORDS if len(word) >= _SHORTEST_WORD),
        *("super", "cookie", "flask", "django", "production", "change", "please", "random"),
        *("string", "replace", "example", "insecure", "private", "signing", "session", "server"),
        *("characters", "minimum", "something", "security", "signature", "token", "value"),
    },
    key=len,
    reverse=True,
)
_HOW = "python -c 'import secrets; print(secrets.token_urlsafe(48))' makes one"


def fault_of_secret(secret: str) -> str | None:
    """Why it is none, None where it may be one."""
    if not secret:
        return f"must be set: {_HOW}"
    if len(secret) < SHORTEST:
        return f"must have at least {SHORTEST} characters and has {len(secret)}: {_HOW}"
    small = secret.casefold()
    said = "".join(letter for letter in small if letter.isalnum())
    if is_repeated(small) or is_repeated(said) or _says_twice(small):
        return f"is the same few characters again and again: {_HOW}"
    if len(set(small)) < _FEWEST_DIFFERENT:
        return f"has only {len(set(small))} different characters: {_HOW}"
    if len(without_runs(small)) < _FEWEST_BESIDE_RUNS:
        return f"is made of sequences of the alphabet, of digits or of the keyboard: {_HOW}"
    if len(_beside_words(said)) < _FEWEST_BESIDE_WORDS:
        return f"is made of words that are tried first: {_HOW}"
    return None


def _says_twice(small: str) -> bool:
    """Whether there is little left where every word counts once."""
    words = re.findall(r"[^\W_]+", small)
    return sum(map(len, set(words))) < _FEWEST_BESIDE_RUNS


def _beside_words(said: str) -> str:
    for word in _WORDS:
        said = said.replace(word, "")
    return without_runs(said)
