"""Good inputs, taken apart once, so that spoiling one costs less than reading it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_TEXT = re.compile(rb'(?<=")[^"\n]{0,200}(?=")|(?<==)[^"&\s]{1,200}|(?<=>)[^<>]{1,200}(?=<)')
_TOKEN = re.compile(rb"<[^>]*>|[^<>,;\n\t:{}\[\]]+|[<>,;\n\t:{}\[\]]")
_KEY = re.compile(rb'"[^"\n]{1,40}"\s*:|\b\w+="[^"]*"|\b\w+=')
_LARGEST_TEXT = 20_000
"""Bytes of what is taken apart into tokens; larger ones are only spoilt as bytes."""


class Seed:
    """A good input. ``others`` are those of the same decoder, from which pieces are taken."""

    def __init__(self, raw: bytes, others: Sequence[Seed]) -> None:
        self.raw = raw
        self.others = others
        self._text = raw if len(raw) <= _LARGEST_TEXT and b"\x00" not in raw else b""

    @cached_property
    def numbers(self) -> list[tuple[int, int]]:
        """Where its numbers are."""
        return [found.span() for found in _NUMBER.finditer(self._text)]

    @cached_property
    def texts(self) -> list[tuple[int, int]]:
        """Where its texts are: in quotation marks, behind an equals sign, between tags."""
        return [found.span() for found in _TEXT.finditer(self._text)]

    @cached_property
    def keys(self) -> list[tuple[int, int]]:
        """Where its keys are; those with an attribute's value end behind it."""
        return [found.span() for found in _KEY.finditer(self._text)]

    @cached_property
    def tokens(self) -> list[bytes]:
        """Tags, marks, and what is between them."""
        return _TOKEN.findall(self._text) or [self.raw]

    @cached_property
    def document(self) -> tuple[Any, list[list[Any]]] | None:
        """Its JSON, and the paths to all that is in it; None where it is none."""
        try:
            found = json.loads(self.raw)
        except ValueError:
            return None
        return found, list(_paths(found, []))


def seeds_of(raws: Iterable[bytes]) -> list[Seed]:
    """Seeds that know each other."""
    found: list[Seed] = []
    found += [Seed(raw, found) for raw in raws]
    return found


def _paths(value: Any, path: list[Any]) -> Iterator[list[Any]]:
    yield path
    if isinstance(value, dict):
        inside = list(value.items())
    else:
        inside = list(enumerate(value)) if isinstance(value, list) else []
    for key, part in inside:
        yield from _paths(part, [*path, key])
