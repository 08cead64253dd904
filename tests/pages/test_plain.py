"""Tables as text: what Dash would have made of them, and nothing that a table does not need."""

from __future__ import annotations

import json

import pytest
from dash import dcc, html

from pages.components import aria, data
from pages.plain import plain


def test_elements_keep_their_attributes_and_what_is_in_them() -> None:
    row = html.Tr(
        [html.Td(html.Time("now", dateTime="2026")), html.Td(["a", None, 3]), html.Td()],
        className="x",
        **data(entry=7),
        **aria(current="true"),
    )
    assert json.loads(plain([row])) == [
        ["tr", {"class": "x", "data-entry": "7", "aria-current": "true"},
         ["td", {}, ["time", {"datetime": "2026"}, "now"]], ["td", {}, "a", "3"], ["td", {}]],
    ]  # fmt: skip


def test_what_came_from_outside_stays_text() -> None:
    text = "<script>alert(1)</script>"
    assert json.loads(plain([html.Td(text)])) == [["td", {}, text]]


@pytest.mark.parametrize("part", [dcc.Store("x"), html.Td(style={"color": "red"}), html.Td(id="x")])
def test_what_needs_dash_is_refused(part: html.Td) -> None:
    with pytest.raises(ValueError, match="is "):
        plain([part])
