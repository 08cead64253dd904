"""Whether a secret that signs cookies can be guessed; who guesses it is whoever he likes."""

from __future__ import annotations

from domain.access.variety import is_repeated, without_runs

SHORTEST = 32
_FEWEST_DIFFERENT = 8
_FEWEST_BESIDE_RUNS = 20
_HOW = "python -c 'import secrets; print(secrets.token_urlsafe(48))' makes one"


def fault_of_secret(secret: str) -> str | None:
    """Why it is none, None where it may be one."""
    if not secret:
        return f"must be set: {_HOW}"
    if len(secret) < SHORTEST:
        return f"must have at least {SHORTEST} characters and has {len(secret)}: {_HOW}"
    small = secret.casefold()
    if is_repeated(small):
        return f"is the same few characters again and again: {_HOW}"
    if len(set(small)) < _FEWEST_DIFFERENT:
        return f"has only {len(set(small))} different characters: {_HOW}"
    if len(without_runs(small)) < _FEWEST_BESIDE_RUNS:
        return f"is made of sequences of the alphabet, of digits or of the keyboard: {_HOW}"
    return None
