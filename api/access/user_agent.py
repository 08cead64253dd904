"""What a person signs in with, in plain words, so that they recognise it in a list."""

from __future__ import annotations

_PROGRAMS = (
    # more than one of these stands in most; the first that is found is the one
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "Python"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def in_words(user_agent: str) -> str:
    """``Firefox · Windows``; empty for what is not known. Nothing that was sent is repeated."""
    parts = (_first(_PROGRAMS, user_agent), _first(_SYSTEMS, user_agent))
    return " · ".join(filter(None, parts))


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    sent = user_agent.casefold()
    return next((words for sign, words in known if sign.casefold() in sent), "")
