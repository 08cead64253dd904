"""Whatever JSON is posted to a callback, it is answered or refused, and never a fault."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import dash
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.callback_values import kind_of
from domain.records import RECORDS
from domain.time import to_rfc3339
from services.container import Services
from tests.api.conftest import BEARER

Draw = Callable[[Any], Any]
DASH = "/_dash-update-component"
NAMES = ["demo-0001", "T2", "accept", "INC", "note", "act-meta", "record.title", "x", ""]
FIELD_PATHS = [
    "occurred_at",
    "record.text",
    "record.severity",
    "record.platoons",
    "asserted_by.org",
]
NOW = "2026-11-21T20:30:00Z"
META: dict[str, Any] = {
    "operation": "demo",
    "incident": "demo-0001",
    "region": "INC",
    "event": "note",
    "platoon": "",
    "corrects": "",
    "ask": "",
    "command_id": str(uuid.UUID(int=1)),
    "opened_at": NOW,
    "occurred_typed": None,
    "version": 1,
    "floor": None,
    "needed": [],
}
LIKELY = st.sampled_from(
    [
        *NAMES, "demo", "live", "nope", "/", "/incident/demo-0001", "/quarantine", "2030Z test",
        "?operation=nope", "?operation=live&operation=demo", "2030", "nan", "9" * 5000, "1e999",
        "34T DN 890 486", "settlement-gjilan", NOW, META, [], ["yes"], None, 1, -1, 10**30, 0.5,
        {"operation": "demo", "incident": "demo-0001"}, {"lat": 42.9, "lon": 20.8},
        {"lat": 1e308, "lon": "x"},
    ]
)  # fmt: skip
JSON = st.recursive(
    LIKELY | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["lat", "lon", "operation", "region"]), inner, max_size=3)
    ),
    max_leaves=6,
)
EVENTS = st.sampled_from([*RECORDS, ("T2", "nope"), ("nope", "note")])
METAS = st.builds(
    lambda event, more: {**META, "region": event[0], "event": event[1], **more},
    EVENTS,
    st.fixed_dictionaries(
        {},
        optional={
            name: st.sampled_from(["nope", "", NOW, "demo", "demo-0001"])
            for name, value in META.items()
            if isinstance(value, str)
        },
    ),
)


def callbacks() -> list[dict[str, Any]]:
    """Every callback of the server, as it was registered."""
    known = dash.get_app().callback_map  # type: ignore[no-untyped-call]
    return [{**one, "output_id": name} for name, one in known.items() if "callback" in one]


@pytest.fixture
def screen(duty: FlaskClient, services: Services) -> FlaskClient:
    """The browser of the shift commander, with an incident ``demo-0001`` to look at."""
    asserted = {"org": "FPU", "function": "Shift commander"}
    record = {
        "title": "Crowd", "category": "other", "severity": 2, "source": "patrol",
        "source_reliability": "B", "info_credibility": 2,
    }  # fmt: skip
    report = {
        "command_id": str(uuid.uuid4()),
        "occurred_at": to_rfc3339(services.clock()),
        "asserted_by": asserted,
        "position": {"lat": 42.89, "lon": 20.87},
        "record": record,
    }
    answer = duty.post("/api/v1/operations/demo/incidents", json=report, headers=BEARER)
    assert answer.status_code == 201, answer.text
    assert duty.get("/healthz").status_code == 200  # the first request makes Dash finish
    return duty


@pytest.mark.usefixtures("screen")
def test_every_input_of_every_callback_is_declared() -> None:
    found = callbacks()
    assert len(found) > 10
    for callback in found:
        for one in (*callback["inputs"], *callback["state"]):
            if one["property"] != "id":
                fits, must = kind_of(one["id"], one["property"])
                assert must.startswith("must ")
                assert not fits({"no": "such"})


def identifiers(known: str, draw: Draw) -> Any:
    """An id, or a list of such as match the pattern ``known``."""
    if not known.startswith("{"):
        return known
    pattern = json.loads(known)
    if ["ALL"] not in pattern.values():
        return pattern
    if pattern["type"] == "incident-action":
        several = [
            {"region": region, "event": event}
            for region, event in draw(st.lists(EVENTS, min_size=1, max_size=2))
        ]
    else:
        several = [{} for _ in range(draw(st.integers(0, 2)))]
    return [
        {
            key: value
            if value != ["ALL"]
            else part.get(key, draw(st.sampled_from(NAMES + FIELD_PATHS)))
            for key, value in pattern.items()
        }
        for part in several
    ]


def body_of(callback: dict[str, Any], draw: Draw, value: Any) -> dict[str, Any]:
    """A body with the right ids, and values from ``value(id, property)``."""
    lists: dict[str, Any] = {}

    def part(known: str, name: str, valued: bool) -> Any:
        if known not in lists:
            lists[known] = identifiers(known, draw)
        several = lists[known]
        made = [
            {"id": one, "property": name}
            | ({"value": one if name == "id" else value(known, name)} if valued else {})
            for one in (several if isinstance(several, list) else [several])
        ]
        return made if isinstance(several, list) else made[0]

    inputs = [part(one["id"], one["property"], True) for one in callback["inputs"]]
    state = [part(one["id"], one["property"], True) for one in callback["state"]]
    output = callback["output"]
    single = not isinstance(output, list | tuple)
    outputs = [
        part(one.component_id_str(), one.component_property, False)
        for one in ([output] if single else output)
    ]
    flat = [each for one in inputs for each in (one if isinstance(one, list) else [one])]
    changed = [_name(draw(st.sampled_from(flat)))] if flat else []
    return {
        "output": callback["output_id"],
        "outputs": outputs[0] if single else outputs,
        "inputs": inputs,
        "state": state,
        "changedPropIds": changed,
    }


def _name(one: dict[str, Any]) -> str:
    known = one["id"]
    text = known if isinstance(known, str) else json.dumps(known, separators=(",", ":"))
    return f"{text}.{one['property']}"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=60,
)
@given(data=st.data(), fitting=st.booleans())
def test_no_value_of_any_callback_is_a_fault(
    screen: FlaskClient, data: st.DataObject, fitting: bool
) -> None:
    def value(known: str, name: str) -> Any:
        if not fitting:
            return data.draw(JSON)
        check = kind_of(known, name)[0]
        likely = METAS if known.endswith("-meta") and check(META) else LIKELY
        return data.draw(likely.filter(check))

    for callback in callbacks():
        answer = screen.post(DASH, json=body_of(callback, data.draw, value))
        assert answer.status_code < 500, (callback["output_id"], answer.text)
        if answer.status_code >= 400:
            assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("output", "value_of", "field"),
    [
        ("log-lines.children", {"operation": []}, "state.0"),
        ("log-lines.children", {"operation": {}}, "state.0"),
        ("log-lines.children", {"log-meta": ["x"]}, "inputs.1"),
        ("incident-drawer.children", {"operation": []}, "state.0"),
        ("incident-rows.children", {"incident-list-text": 1}, "inputs.4"),
        ("incident-head.children", {"incident-reference": []}, "state.0"),
        ("_pages_content.children", {"_pages_location": "2030Z test"}, "inputs.0"),
    ],
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=2,
)
@given(data=st.data())
def test_what_a_screen_never_sends_is_named(
    screen: FlaskClient, output: str, value_of: dict[str, Any], field: str, data: st.DataObject
) -> None:
    callback = next(one for one in callbacks() if output in one["output_id"])
    right = {
        "operation": "demo",
        "incident-reference": {"operation": "demo", "incident": "demo-0001"},
        "_pages_location": "/",
        "incident-touched": 0,
    } | value_of

    def value(known: str, name: str) -> Any:
        return "" if name == "search" else right.get(known)

    answer = screen.post(DASH, json=body_of(callback, data.draw, value))
    assert (answer.status_code, json.loads(answer.data)["field"]) == (400, field)


def test_what_matches_one_pattern_is_the_same_everywhere(screen: FlaskClient) -> None:
    callback = next(one for one in callbacks() if "act-done" in one["output_id"])
    field = {"type": "form-field", "form": "act", "path": "record.text"}
    fault = field | {"type": "form-fault"}
    plain = [[] if one.component_id_str().startswith("{") else
             {"id": one.component_id_str(), "property": one.component_property}
             for one in callback["output"]]  # fmt: skip
    body: dict[str, Any] = {
        "output": callback["output_id"],
        "outputs": plain,
        "inputs": [{"id": "act-submit", "property": "n_clicks", "value": 1}, []],
        "state": [
            {"id": "act-meta", "property": "data", "value": META},
            [{"id": field, "property": "value", "value": "I saw it"}],
            [],
            [{"id": fault, "property": "id", "value": fault}],
            [],
            [],
            {"id": "incident-touched", "property": "data", "value": 0},
        ],
        "changedPropIds": ["act-submit.n_clicks"],
    }
    answer = screen.post(DASH, json=body)
    assert (answer.status_code, json.loads(answer.data)["field"]) == (400, "state.2")
    body["state"][2] = [{"id": field, "property": "id", "value": field}]
    answer = screen.post(DASH, json=body)
    assert (answer.status_code, json.loads(answer.data)["field"]) == (400, "outputs.4")
    body["outputs"][4] = [{"id": fault, "property": "children"}]
    assert screen.post(DASH, json=body).status_code == 200
