"""A field as something that can be typed into, by keyboard alone.

Labels are real labels, what is wrong stands at its field and is announced, and what a choice makes
unnecessary is hidden by the style sheet (``data-when``), not by the server, so nothing that was
typed is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from domain.records import DEGREES, SIDES
from pages import incident_identifiers as ids
from pages.components import aria, data
from pages.forms import Field, casualty_fields
from pages.strings import catalogue, text

_FEW = 7
"""Up to so many choices are shown at once; more become a list with search."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What is to be picked from lists that depend on the operation: (value, label, search)."""

    platoons: Sequence[tuple[str, str, str]] = ()
    incidents: Sequence[tuple[str, str, str]] = ()
    places: Sequence[tuple[str, str, str]] = ()
    exercises: Sequence[tuple[str, str, str]] = ()


@dataclass(frozen=True, slots=True)
class Painter:
    """Draws the fields of one form: ``form`` is its name in the ids, ``values`` by path."""

    form: str
    language: str
    values: Mapping[str, Any]
    choices: Choices
    first: str = ""
    """The path of the field at which the form begins; otherwise the first empty needed one."""
    labels: Mapping[str, str] | None = None
    """Other words than usual for a field, by path."""

    def fields(self, fields: Iterable[Field]) -> list[Component]:
        """The fields in order, those of one group (a request, a confirmation) in a frame."""
        drawn: list[Component] = []
        for group, members in groupby(fields, key=lambda one: _group(one)):
            inside = [self.field(one) for one in members]
            if not group:
                drawn += inside
                continue
            legend = html.Legend(text(f"record.group.{group}", self.language))
            drawn.append(html.Fieldset([legend, *inside], className=f"group {_plain(group)}"))
        return drawn

    def field(self, one: Field) -> Component:
        """One field with its label and the place for what is wrong with it."""
        if one.kind == "casualties":
            return self._casualties(one)
        control = self._control(one)
        name = _label_id(self.form, one.path)
        label = html.Label(
            [(self.labels or {}).get(one.path) or label_of(one, self.language), self._mark(one)],
            htmlFor=_written(self._id(one)),
            id=name,
        )
        parts: list[Component] = [control] if one.kind in ("flag", "must") else [label, control]
        return html.Div(
            [*parts, self._fault(one.path)],
            className=f"field kind-{one.kind} name-{one.name}",
            role="group",
            **aria(labelledby=name) if one.kind not in ("flag", "must") else {},
            **(data(when="=".join(one.when)) if one.when else {}),
            **self._place_of(one),
        )

    def _place_of(self, one: Field) -> dict[str, Any]:
        """Where the cursor may begin; read by fpu-incident.js."""
        if one.path == self.first:
            return data(first="yes")
        return data(needed="yes") if one.required and one.kind != "flag" else {}

    def _mark(self, one: Field) -> Component | None:
        if one.required:
            return None
        return html.Span(text("incident.optional", self.language), className="optional")

    def _fault(self, path: str) -> Component:
        return html.P(id=ids.field_fault(self.form, path), className="fault", **aria(live="polite"))

    def _control(self, one: Field) -> Component:
        maker = {
            "choice": self._choice,
            "grade": self._choice,
            "flag": self._flag,
            "must": self._flag,
            "platoons": self._platoons,
            "incident": self._incident,
            "place": self._place,
            "exercise": self._exercise,
            "long": self._long,
            "secret": self._secret,
        }.get(one.kind, self._line)
        return maker(one)

    def _id(self, one: Field) -> ids.Id:
        make = ids.secret if one.kind == "secret" else ids.field
        return make(self.form, one.path)

    def _secret(self, one: Field) -> Component:
        """A password of somebody else: nobody's browser is to offer or to keep it."""
        return dcc.Input(
            id=self._id(one),
            value="",
            type="password",
            className="line secret",
            autoComplete="new-password",
            persistence=False,
        )

    def _line(self, one: Field) -> Component:
        value = self.values.get(one.path)
        line = dcc.Input(
            id=ids.field(self.form, one.path),
            value=None if value is None else str(value),
            type="text",
            readOnly=one.kind == "fixed",
            className=f"line {one.kind}",
            autoComplete="off",
            placeholder=self._placeholder(one),
        )
        if not (one.may_follow and one.required):
            return line
        words = text("record.to_follow", self.language)
        follow = html.Button(
            text("incident.to_follow_button", self.language),
            type="button",
            className="follow",
            title=text("incident.to_follow_hint", self.language),
            tabIndex=-1,
            **data(follow=words),
        )
        return html.Div([line, follow], className="may-follow")

    def _placeholder(self, one: Field) -> str:
        if one.kind == "moment":
            return text("incident.time_example", self.language)
        key = f"record.{one.name}.example"
        return catalogue(self.language).get(key, "")

    def _long(self, one: Field) -> Component:
        return dcc.Textarea(
            id=ids.field(self.form, one.path),
            value=self.values.get(one.path) or "",
            className="long",
            rows=2,
        )

    def _choice(self, one: Field) -> Component:
        words = [(option, option_words(one, option, self.language)) for option in one.options]
        known = self.values.get(one.path)
        value = None if known is None else str(known)  # a grade is a number in its record
        if len(words) > _FEW:
            return dcc.Dropdown(
                id=ids.field(self.form, one.path),
                options=[{"value": option, "label": label} for option, label in words],
                value=value,
                clearable=False,
                placeholder=text("incident.choose", self.language),
            )
        return dcc.RadioItems(
            id=ids.field(self.form, one.path),
            options=[{"value": option, "label": label} for option, label in words],
            value=value,
            className="choice",
            inline=True,
        )

    def _flag(self, one: Field) -> Component:
        return dcc.Checklist(
            id=ids.field(self.form, one.path),
            options=[{"value": "yes", "label": label_of(one, self.language)}],
            value=["yes"] if self.values.get(one.path) else [],
            className="flag",
        )

    def _platoons(self, one: Field) -> Component:
        if not self.choices.platoons:
            return html.P(text("incident.no_platoons", self.language), className="nothing")
        return dcc.Checklist(
            id=ids.field(self.form, one.path),
            options=[{"value": name, "label": label} for name, label, _ in self.choices.platoons],
            value=self.values.get(one.path) or [],
            className="choice platoons",
        )

    def _incident(self, one: Field) -> Component:
        return self._picker(one, self.choices.incidents, "incident.choose_incident")

    def _place(self, one: Field) -> Component:
        return self._picker(one, self.choices.places, "incident.choose_place")

    def _exercise(self, one: Field) -> Component:
        return self._picker(one, self.choices.exercises, "incident.choose_exercise")

    def _picker(self, one: Field, options: Sequence[tuple[str, str, str]], hint: str) -> Component:
        return dcc.Dropdown(
            id=ids.field(self.form, one.path),
            options=[
                {"value": name, "label": label, "search": search} for name, label, search in options
            ],
            value=self.values.get(one.path),
            placeholder=text(hint, self.language),
        )

    def _casualties(self, one: Field) -> Component:
        none, *counts = casualty_fields(one.path)
        cells = {(part.path.split(".")[-2], part.name): part for part in counts}
        degrees = [text(f"record.casualties.{degree}", self.language) for degree in DEGREES]
        head = html.Tr([html.Td(), *(html.Th(words, scope="col") for words in degrees)])
        rows = [
            html.Tr(
                [
                    html.Th(text(f"record.casualties.{side}", self.language), scope="row"),
                    *(html.Td(self._count(cells[side, degree])) for degree in DEGREES),
                ]
            )
            for side in SIDES
        ]
        return html.Fieldset(
            [
                html.Legend(label_of(one, self.language)),
                self._flag(none),
                html.Table([html.Thead(head), html.Tbody(rows)], className="casualties"),
                self._fault(one.path),
            ],
            className="group field kind-casualties",
            **self._place_of(one),
        )

    def _count(self, part: Field) -> Component:
        value = self.values.get(part.path)
        return dcc.Input(
            id=ids.field(self.form, part.path),
            value=None if value is None else str(value),
            type="text",
            inputMode="numeric",
            className="line number",
            autoComplete="off",
        )


def label_of(one: Field, language: str) -> str:
    """The words of a field."""
    return text("record.remark" if one.path == "text" else f"record.{one.name}", language)


def option_words(one: Field, option: str, language: str) -> str:
    """The words of a code of a field; a grade has its number in front."""
    words = text(f"record.{one.name}.{option}", language)
    graded = one.kind == "grade" and not words.startswith(option)
    return f"{option} {words}" if graded else words


def typed_values(values: Iterable[Any], found: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """By path, from what a callback gets of the pattern ``ids.field(form, ALL)``."""
    typed: dict[str, Any] = {}
    for value, identifier in zip(values, found, strict=True):
        typed[identifier["path"]] = value
    return typed


def _group(one: Field) -> str:
    """The key of the frame around a field: ``request``, ``confirmation_0``, ``position``."""
    return one.group.removeprefix("record").strip(".").replace(".", "_")


def _plain(group: str) -> str:
    return group.rstrip("_0123456789").replace("_", "-")


def _label_id(form: str, path: str) -> str:
    return f"label-{form}-{path.replace('.', '-')}"


def dom_id(form: str, path: str) -> str:
    """The id of a field as Dash writes it into the page."""
    return _written(ids.field(form, path))


def _written(identifier: ids.Id) -> str:
    """Keys in order, no spaces."""
    return json.dumps(identifier, sort_keys=True, separators=(",", ":"))
