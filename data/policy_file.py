"""The file in which a unit sets its timers, reserve, limits, roles and words; read once.

``docs/policy.example.toml`` is such a file with every default. What may not be set is not in it:
which event leads where, who asserts it, and the guards, tier 2 only at the explicit request of
Kosovo Police above all.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from string import Formatter
from typing import Any

from data.policy_keys import COMMON, NUMBERS, SECTIONS, with_numbers
from data.toml_text import read_toml
from domain.policy import Policy, with_roles
from domain.transitions import OBSERVERS, ORGANISATION_OF, ROLES, ROWS_OF
from domain.words import quotable

KINDS = ("live", "exercise")
"""Kinds of operation that may differ; a history follows what stands outside of both."""

PRESCRIBED = ("shell.footnote", "map.footnote", "map.kosovo")
"""Words that are prescribed to the letter."""

_EXERCISE_CONTROL = "EXCON"
_LONGEST_PLACE, _LONGEST_DETAIL = 120, 300

Catalogues = Mapping[str, Mapping[str, str]]


class FaultyUnitFile(Exception):
    """The file cannot be used; the message lists every reason, and ``faults`` each of them."""

    def __init__(self, faults: Collection[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class UnitFile:
    """What a unit has set; ``words`` are by language and key, only those that differ."""

    policy: Policy = field(default_factory=Policy)
    words: Catalogues = field(default_factory=dict)


def read_unit_file(name: str, catalogues: Catalogues) -> UnitFile:
    """The file of that ``name``, the defaults where it is empty. ``catalogues`` are the words of
    the program by language. Raises ``FaultyUnitFile`` with every fault.
    """
    if not name:
        return UnitFile()
    try:
        sent = read_toml(Path(name).read_bytes())
    except OSError as fault:
        raise FaultyUnitFile([f"{name}: cannot be read: {fault.strerror}"]) from fault
    except ValueError as fault:
        raise FaultyUnitFile([f"{name}: is not TOML in UTF-8: {fault}"]) from fault
    except RecursionError as fault:
        raise FaultyUnitFile([f"{name}: is nested too deeply"]) from fault
    reading = _Reading(name, catalogues)
    found = reading.whole(sent)
    if reading.faults:
        raise FaultyUnitFile(reading.faults)
    return found


class _Reading:
    """Goes through one file and collects what is wrong with it."""

    def __init__(self, name: str, catalogues: Catalogues) -> None:
        self._name = name
        self._catalogues = catalogues
        self.faults: list[str] = []

    def whole(self, sent: Mapping[str, Any]) -> UnitFile:
        apart = (*KINDS, "words")
        common = self._policy(
            Policy(), "", {name: content for name, content in sent.items() if name not in apart}
        )
        sections = {name: self._section(name, sent.get(name, {})) for name in apart}
        of_kind = {
            kind: self._policy(common, kind, sections[kind]) for kind in KINDS if sections[kind]
        }
        return UnitFile(replace(common, of_kind=of_kind), self._words(sections["words"]))

    def _section(self, title: str, content: object) -> Mapping[str, Any]:
        if isinstance(content, dict):
            return content
        self._fault(title, "", f"must be a section, written [{title}]")
        return {}

    def _policy(self, base: Policy, kind: str, sections: Mapping[str, Any]) -> Policy:
        allowed = (*SECTIONS, "roles")
        values: dict[str, timedelta | float] = {}
        roles: dict[tuple[str, str], tuple[str, ...]] = {}
        for section, content in sections.items():
            title = f"{kind}.{section}" if kind else section
            if section not in allowed:
                known = allowed if kind else (*allowed, "words", *KINDS)
                self._fault(title, "", _unknown("section", section, known))
            elif kind and section in COMMON:
                self._fault(title, "", f"holds for every operation: write [{section}]")
            elif section == "roles":
                roles = self._roles(title, self._section(title, content), kind)
            else:
                values |= self._numbers(title, section, self._section(title, content))
        policy = with_numbers(base, values)
        tracks = policy.tracks
        if not kind and tracks.stop_reach_m < tracks.stop_spread_m:
            detail = f"must be at least stop_spread_m, which is {tracks.stop_spread_m:g}"
            self._fault("tracks", "stop_reach_m", detail)
        return replace(policy, rows_of=with_roles(policy.rows_of, roles)) if roles else policy

    def _numbers(
        self, title: str, section: str, content: Mapping[str, Any]
    ) -> dict[str, timedelta | float]:
        known = {one.key: one for one in NUMBERS if one.section == section}
        found: dict[str, timedelta | float] = {}
        for key, value in content.items():
            number = known.get(key)
            if number is None:
                self._fault(title, key, _unknown("key", key, known))
                continue
            fault = number.fault(value)
            if fault is None:
                found[number.field] = number.read(value)
            else:
                self._fault(title, key, fault)
        return found

    def _roles(
        self, title: str, content: Mapping[str, Any], kind: str
    ) -> dict[tuple[str, str], tuple[str, ...]]:
        events = {f"{region}.{event}": (region, event) for region, event in ROWS_OF}
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for key, roles in _flat(content):
            if key not in events:
                self._fault(title, key, _unknown("event", key, events))
                continue
            fault = _fault_of_roles(roles, kind)
            if fault is None:
                found[events[key]] = tuple(dict.fromkeys(roles))
            else:
                self._fault(title, key, fault)
        return found

    def _words(self, content: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for language, entries in content.items():
            title = f"words.{language}"
            known = self._catalogues.get(language)
            if known is None:
                self._fault(title, "", _unknown("language", language, self._catalogues))
            else:
                found[language] = self._of_language(title, self._section(title, entries), known)
        return found

    def _of_language(
        self, title: str, entries: Mapping[str, Any], known: Mapping[str, str]
    ) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, words in _flat(entries):
            if key not in known:
                self._fault(title, key, _unknown("word", key, known))
                continue
            fault = _fault_of_words(key, words, known[key])
            if fault is None:
                found[key] = words
            else:
                self._fault(title, key, fault)
        return found

    def _fault(self, section: str, key: str, detail: str) -> None:
        place = f"[{section}] {key}" if key else f"[{section}]"
        said = f"{quotable(place, _LONGEST_PLACE)}: {quotable(detail, _LONGEST_DETAIL)}"
        self.faults.append(f"{self._name}: {said}")


def _flat(content: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """``"T2.accept" = …`` and ``T2.accept = …`` are the same to whoever writes the file."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _unknown(what: str, name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"there is no such {what}" + (f"; is {near[0]} meant?" if near else "")


def _fault_of_roles(roles: object, kind: str) -> str | None:
    if not isinstance(roles, list) or not all(isinstance(one, str) for one in roles):
        return "must be a list of roles in quotation marks"
    if not roles:
        return "somebody must be able to enter it: name a role"
    for role in roles:
        if role in OBSERVERS:
            continue
        if role in ROLES:
            return f"{role} never enters an event that changes a state"
        if role in ORGANISATION_OF:
            return f"{role} asserts and does not sign in: name who enters it"
        return _unknown("role", role, OBSERVERS) + f" ({role})"
    if kind != "exercise" and set(roles) == {_EXERCISE_CONTROL}:
        return f"{_EXERCISE_CONTROL} acts in exercises only: name another role as well"
    return None


def _fault_of_words(key: str, words: object, original: str) -> str | None:
    if key in PRESCRIBED:
        return "is prescribed to the letter and stays as it is"
    if not isinstance(words, str) or not words.strip():
        return "must be words in quotation marks"
    if any(unicodedata.category(letter) == "Cc" for letter in words):
        return "must be one line without control characters"
    try:
        # a doubled brace is one only where something is filled in
        doubled = "{{" in words or "}}" in words
        fits = _placeholders(words) == _placeholders(original) and not doubled
    except ValueError:
        fits = False
    if fits:
        return None
    names = ", ".join(sorted(f"{{{name}}}" for name, *_ in _placeholders(original)))
    return f"must keep exactly the placeholders of the original: {names or 'none'}"


def _placeholders(words: str) -> set[tuple[str, str | None, str | None]]:
    found = Formatter().parse(words)
    return {(name, form, change) for _, name, form, change in found if name is not None}
