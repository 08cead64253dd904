"""A browser in which accounts have signed in before, as its signed cookie says: docs/adr/0015.

It opens nothing. It only says that attempts from here are counted apart from those of strangers, so
that these cannot make an account's owner wait. One browser keeps one name: a new one with every
sign-in would let somebody at a shared desk guess on without end.
"""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping
from typing import Any

_KEY = "browser"
_MOST_ACCOUNTS = 12


def name_for(session: MutableMapping[str, Any], account: str) -> str:
    """The name of this browser, where the account has signed in here; else nothing."""
    name, accounts = _kept(session)
    return name if account in accounts else ""


def remember(session: MutableMapping[str, Any], account: str) -> None:
    """The account has signed in here. Of many the one that was here the longest time ago goes."""
    name, accounts = _kept(session)
    others = [one for one in accounts if one != account]
    session[_KEY] = {
        "name": name or secrets.token_urlsafe(16),
        "accounts": [account, *others][:_MOST_ACCOUNTS],
    }


def _kept(session: MutableMapping[str, Any]) -> tuple[str, list[str]]:
    match session.get(_KEY):
        case {"name": str(name), "accounts": list(accounts)}:
            return name, [one for one in accounts if isinstance(one, str)]
        case _:
            return "", []
