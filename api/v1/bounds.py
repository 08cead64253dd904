"""What a query may ask for at most; what is more is refused by a field and its bound.

An answer that does not have everything says so: ``truncated``, and ``next`` is the address that
goes on behind it.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from domain.errors import InvalidField
from pages.session import visitor

GEOJSON = "application/geo+json"

MOST = 1000
"""Things in one answer of a list."""

DEFAULT = 200
"""As many where the query says nothing."""

_LONGEST_WORD = 200
_WHOLE = re.compile(r"[0-9]{1,19}")
_NUMBER = re.compile(r"[0-9]{1,400}(\.[0-9]{0,400})?(e[+-]?[0-9]{1,4})?", re.IGNORECASE | re.ASCII)
_YES, _NO = ("1", "true"), ("0", "false")
_OF_A_LIST = frozenset({"limit", "open", "unassigned", "decided", "reason"})


def number(name: str, default: float, most: float, least: float = 0) -> float:
    """A number in the query, in ASCII digits. Raises ``InvalidField``."""
    asked = request.args.get(name)
    if asked is None:
        return default
    if not _NUMBER.fullmatch(asked) or not least <= float(asked) <= most:
        raise InvalidField(name, f"must be a number from {least:,g} to {most:,.16g}")
    return float(asked)


def whole(name: str, default: int, most: int, least: int = 0) -> int:
    """A whole number in the query, in ASCII digits. Raises ``InvalidField``."""
    asked = request.args.get(name)
    if asked is None:
        return default
    if not _WHOLE.fullmatch(asked) or not least <= int(asked) <= most:
        raise InvalidField(name, f"must be a whole number from {least:,} to {most:,}")
    return int(asked)


def limit(default: int = DEFAULT) -> int:
    """``limit``: how many things the answer may have."""
    return whole("limit", default, MOST, 1)


def yes(name: str) -> bool:
    """Whether the query says yes; without it no. Raises ``InvalidField``."""
    return yes_or_no(name) or False


def yes_or_no(name: str) -> bool | None:
    """What the query says, None where it is not there. Raises ``InvalidField``."""
    asked = request.args.get(name)
    if asked is None:
        return None
    if asked not in (*_YES, *_NO):
        raise InvalidField(name, "must be true or false")
    return asked in _YES


def word(name: str) -> str | None:
    """A word in the query, None where it is empty or not there. Raises ``InvalidField``."""
    asked = request.args.get(name) or None
    if asked is not None and len(asked) > _LONGEST_WORD:
        raise InvalidField(name, f"may have {_LONGEST_WORD} characters at most")
    return asked


def cut(last: object | None) -> dict[str, Any]:
    """``truncated``, and where something comes behind ``last`` its address as ``next``."""
    if last is None:
        return {"truncated": False}
    asked = {name: value for name, value in request.args.items() if name in _OF_A_LIST}
    return {"truncated": True, "next": f"{request.path}?{urlencode(asked | {'before': last})}"}


def of_role(what: str) -> str:
    """The name of an answer that is kept for others to have: for those of the same role alone."""
    who = visitor()
    return f"{what}:{'' if who is None else who.user.role}"


def json_bytes(found: object) -> bytes:
    """As little JSON as can be."""
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()


def document(body: bytes, kind: str = "application/json") -> Response:
    """An answer that no cache keeps."""
    answer = Response(body, mimetype=kind)
    answer.headers["Cache-Control"] = "no-store"
    return answer
