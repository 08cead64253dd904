"""Numbers in a query, read in one way: ASCII digits, in their bounds, never another number."""

from __future__ import annotations

import re

from flask import request

from domain.errors import InvalidField

_WHOLE = re.compile(r"[0-9]{1,19}")
_NUMBER = re.compile(r"[0-9]{1,400}(\.[0-9]{0,400})?(e[+-]?[0-9]{1,4})?", re.IGNORECASE | re.ASCII)


def whole(name: str, default: int, least: int, most: int) -> int:
    """A whole number in the query, ``default`` without one; raises ``InvalidField``."""
    asked = request.args.get(name)
    if asked is None:
        return default
    if not _WHOLE.fullmatch(asked) or not least <= int(asked) <= most:
        raise InvalidField(name, f"must be a whole number from {least} to {most}")
    return int(asked)


def number(name: str, default: float, most: float) -> float:
    """A number from 0 to ``most`` in the query; raises ``InvalidField``."""
    asked = request.args.get(name)
    if asked is None:
        return default
    if not _NUMBER.fullmatch(asked) or not float(asked) <= most:
        raise InvalidField(name, f"must be a number from 0 to {most:g}")
    return float(asked)
