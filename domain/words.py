"""Text as people type it, made safe to keep: composed, without controls or hidden marks."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from typing import Any

from domain.errors import InvalidField

_DEEPEST = 12


def clean(value: Any, path: str = "", depth: int = 0) -> Any:
    """``value`` (JSON) with every text in NFC and without control or direction characters.

    Raises ``InvalidField`` naming the path of a number that is not finite, or where the nesting is
    deeper than any record is.
    """
    if depth > _DEEPEST:
        raise InvalidField(path[:200] or "body", "is nested too deeply")
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidField(path or "body", "must be a finite number")
    if isinstance(value, Mapping):
        return {
            clean_text(str(key)): clean(part, f"{path}.{key}" if path else str(key), depth + 1)
            for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [clean(part, f"{path}.{at}", depth + 1) for at, part in enumerate(value)]
    return value


def clean_text(text: str) -> str:
    """NFC, line breaks and tabs kept, other controls, formats and lone surrogates removed."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        letter
        for letter in composed
        if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs")
    )


def quotable(text: str, longest: int) -> str:
    """``text`` of a stranger as a refusal quotes it: at most so many letters, none that hides."""
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
