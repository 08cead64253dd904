"""One table of a scenario file: typed access that names the key of whatever does not fit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.errors import InvalidField
from domain.scenario import When

_DURATION = re.compile(r"(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_OFFSET = re.compile(r"[+-](?=\d)(?:\d+h)?(?:\d+m)?(?:\d+s)?")
_DIGITS = 9  # what is cut off behind them makes it too long in any case
_LONGEST = timedelta(days=3660)


class Table:
    """The keys of one table. Call ``end`` last: a key that nobody asked for is a mistake."""

    def __init__(self, values: object, path: str) -> None:
        if not isinstance(values, Mapping):
            raise InvalidField(path, "must be a table")
        self._values = values
        self._path = path
        self._asked: set[str] = set()

    def name(self, key: str) -> str:
        """The dotted path of a key, for messages."""
        return f"{self._path}.{key}" if self._path else key

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._values

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty."""
        value = self._value(key, default)
        if not isinstance(value, str) or (not value.strip() and value != default):
            raise InvalidField(self.name(key), "must be a text")
        return value

    def word(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        """One of ``known``."""
        value = self.text(key, default)
        if value not in known:
            raise InvalidField(self.name(key), f"must be one of {', '.join(known)}")
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidField(self.name(key), "must be a whole number")
        return value

    def flag(self, key: str) -> bool:
        """true or false; false where it is missing."""
        value = self._value(key, False)
        if not isinstance(value, bool):
            raise InvalidField(self.name(key), "must be true or false")
        return value

    def duration(self, key: str, default: timedelta | None = None) -> timedelta:
        """A length of time such as 1h30m."""
        if default is not None and not self.has(key):
            return default
        return _duration(self.text(key), self.name(key))

    def offset(self, key: str) -> timedelta:
        """A time from the moment of loading, such as -6h20m or +4m."""
        value = self.text(key)
        found = as_offset(value, self.name(key))
        if found is None:
            raise InvalidField(self.name(key), f"must be like -6h20m or +4m, not {value!r}")
        return found

    def when(self, key: str) -> When:
        """An offset, or a date and time with a zone."""
        value = self._value(key, None)
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise InvalidField(self.name(key), "has no zone: add Z or an offset")
            return value
        return self.offset(key)

    def position(self, key: str) -> dict[str, float]:
        """[latitude, longitude] in degrees."""
        value = self._value(key, None)
        numbers = [one for one in value if isinstance(one, float)] if _is_list(value) else []
        if len(numbers) != 2 or len(value) != 2:
            raise InvalidField(self.name(key), "must be [latitude, longitude] in degrees")
        return {"lat": numbers[0], "lon": numbers[1]}

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, at least one."""
        value = self._value(key, None)
        if not _is_list(value) or not value or not all(isinstance(one, str) for one in value):
            raise InvalidField(self.name(key), "must be a list of texts")
        return tuple(value)

    def table(self, key: str) -> Table:
        """A table in it."""
        return Table(self._value(key, None), self.name(key))

    def tables(self, key: str) -> list[Table]:
        """A list of tables, empty where it is missing."""
        value = self._value(key, [])
        if not _is_list(value):
            raise InvalidField(self.name(key), "must be a list of tables")
        return [Table(one, f"{self.name(key)}[{at}]") for at, one in enumerate(value, 1)]

    def anything(self, key: str) -> Any:
        """Whatever is there, {} where it is missing; a text such as -3h is read as an offset."""
        return _with_offsets(self._value(key, {}), self.name(key))

    def end(self) -> None:
        """Raise unless every key was asked for."""
        for key in self._values:
            if key not in self._asked:
                raise InvalidField(self.name(key), "is not known here")

    def _value(self, key: str, default: Any) -> Any:
        self._asked.add(key)
        value = self._values.get(key, default)
        if value is None:
            raise InvalidField(self.name(key), "is needed")
        return value


def as_offset(text: str, name: str) -> timedelta | None:
    """The offset that ``text`` is, None when it is none; of the key ``name``, for messages."""
    if not _OFFSET.fullmatch(text):
        return None
    length = _duration(text[1:], name)
    return -length if text[0] == "-" else length


def _duration(text: str, name: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InvalidField(name, f"must be a length of time like 1h30m, not {text!r}")
    hours, minutes, seconds = (
        int((part or "0").lstrip("0")[:_DIGITS] or "0") for part in match.groups()
    )
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if length > _LONGEST:
        raise InvalidField(name, f"must not be longer than {_LONGEST.days} days")
    return length


def _with_offsets(value: Any, name: str) -> Any:
    if isinstance(value, str):
        found = as_offset(value, name)
        return value if found is None else found
    if isinstance(value, Mapping):
        return {key: _with_offsets(part, f"{name}.{key}") for key, part in value.items()}
    if _is_list(value):
        return [_with_offsets(part, f"{name}[{at}]") for at, part in enumerate(value, 1)]
    return value


def _is_list(value: object) -> bool:
    return isinstance(value, list)
