"""JSON as it is meant: what a database or a browser could not hold is refused at the door.

Python's reader takes ``NaN``, turns ``1e400`` into infinity, lets half a surrogate pair through
and gives up with ``RecursionError`` on deep nesting. Each of these becomes a ``ValueError``, which
Flask answers with 400.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from flask import Request
from flask.json.provider import DefaultJSONProvider

from domain.errors import InvalidField

DEEPEST = 100
"""Levels of nesting that are read."""


class StrictJson(DefaultJSONProvider):
    """Flask's reader and writer of JSON, strict when it reads."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Raises ``ValueError`` for everything that is not plain, finite, shallow JSON."""
        try:
            value = json.loads(s, parse_constant=_refuse, parse_float=_finite, **kwargs)
        except RecursionError as fault:
            raise ValueError("nested too deeply") from fault
        _check(value)
        return value


class StrictRequest(Request):
    """A request whose body, where it is no JSON, is refused with what is wrong with it."""

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Raises ``InvalidField``; another media type is refused as Flask does it."""
        if e is None:
            return super().on_json_loading_failed(e)
        raise InvalidField("body", f"is no JSON that is taken here: {e}"[:200]) from e


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _check(value: Any) -> None:
    # Level by level instead of by recursion, so that no input can exhaust the stack.
    level = [value]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                _check_text(item)
            elif isinstance(item, dict):
                below.extend(item.keys())
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return
        level = below
    raise ValueError("nested too deeply")


def _check_text(words: str) -> None:
    if "\0" in words:
        raise ValueError("a text has a NUL character")
    try:
        words.encode()
    except UnicodeEncodeError as fault:
        raise ValueError("a text has half a surrogate pair") from fault
