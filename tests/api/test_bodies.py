"""Malformed bodies anywhere end in a problem document, never in a traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DASH = "/_dash-update-component"
API = "/api/v1/operations/demo/log"
DEEP = "[" * 20_000 + "]" * 20_000
JSON_BODIES = [
    "",
    "{",
    "nonsense",
    DEEP,
    '{"a":' * 20_000 + "1" + "}" * 20_000,
    "[" * 101 + "]" * 101,
    '{"a": NaN}',
    '{"a": 1e400}',
    '{"a": -Infinity}',
    '{"a": "\\ud800"}',
    '{"\\udfff": 1}',
    '{"a": "\\u0000"}',
    "1" * 5000,
    "\xff",
]


@pytest.mark.parametrize("path", [DASH, API, "/api/v1/operations/demo/incidents"])
@pytest.mark.parametrize("body", JSON_BODIES, ids=range(len(JSON_BODIES)))
def test_what_is_no_json_is_400(duty: FlaskClient, path: str, body: str) -> None:
    answer = duty.post(path, data=body.encode("latin-1"), content_type="application/json")
    _is_problem(answer, 400)


@pytest.mark.parametrize("path", [DASH, API])
def test_what_is_too_large_is_413(duty: FlaskClient, path: str) -> None:
    body = b'{"a": "' + b"x" * (3 * 1024 * 1024) + b'"}'
    answer = duty.post(path, data=body, content_type="application/json")
    _is_problem(answer, 413)
    assert "capacity" not in answer.text
    assert "is larger than" in answer.text


def _router_body(duty: FlaskClient) -> dict[str, Any]:
    """A right body for the callback that shows a page."""
    callback = next(
        one for one in duty.get("/_dash-dependencies").json if "_pages_content" in one["output"]
    )
    values = {"pathname": "/nowhere", "search": ""}
    inputs = [{**one, "value": values[one["property"]]} for one in callback["inputs"]]
    return {
        "output": callback["output"],
        "outputs": [
            {"id": "_pages_content", "property": "children"},
            {"id": "_pages_store", "property": "data"},
        ],
        "inputs": inputs,
        "state": [],
        "changedPropIds": ["_pages_location.pathname"],
    }


def test_a_right_body_is_answered(duty: FlaskClient) -> None:
    answer = duty.post(DASH, json=_router_body(duty))
    assert answer.status_code == 200
    assert "not-found" in json.dumps(answer.json)


FIELDS = ["output", "outputs", "inputs", "state", "changedPropIds"]
ODD: list[Any] = [None, 1, "x", [], [1], {}, {"id": 1}, [[]], [{"id": "a"}], [{"property": "p"}]]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_an_odd_field_is_400_or_harmless(duty: FlaskClient, field: str, value: object) -> None:
    answer = duty.post(DASH, json={**_router_body(duty), field: value})
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_an_odd_body_names_the_field(duty: FlaskClient, body: object) -> None:
    answer = duty.post(DASH, data=json.dumps(body), content_type="application/json")
    _is_problem(answer, 400)
    assert answer.json["field"] in ("body", "output")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "property", "value", "index", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(
    field=st.sampled_from(["output", "outputs", "inputs", "state", "changedPropIds"]), value=_JSON
)
def test_no_shape_of_a_callback_body_is_a_fault(
    duty: FlaskClient, field: str, value: object
) -> None:
    answer = duty.post(DASH, json={**_router_body(duty), field: value})
    assert answer.status_code in (200, 400)


def _is_problem(answer: Any, status: int) -> None:
    assert answer.status_code == status, answer.text[:300]
    assert answer.content_type == "application/problem+json"
    assert "Traceback" not in answer.text
    assert answer.json["status"] == status
