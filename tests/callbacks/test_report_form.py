"""Where a click on the map opens the form of a report, and where it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from domain.roster import Operation
from services.container import services_of
from settings import Settings

CLICK = {"lat": 42.89, "lon": 20.87, "n": 1}


@pytest.fixture
def server(database_url: str) -> Iterator[Flask]:
    """An application with an open exercise, one that is over, and two users."""
    made = create_app(Settings(database_url=database_url))
    services = services_of(made.extensions)
    now = services.clock()
    past, lately = now - timedelta(days=2), now - timedelta(days=1)
    services.roster.add(Operation("drill", "exercise", "Drill", past))
    services.roster.add(Operation("over", "exercise", "Over", past, lately))
    for name, role in (("duty", "FPU_DUTY"), ("review", "AUDITOR")):
        services.accounts.add(name, role, name, minimum=1)
        services.accounts.issue_token(name, token=f"token-{name}")
    yield made
    services.close()


def clicked(client: FlaskClient, user: str, operation: str) -> dict[str, Any]:
    """What the screen becomes after a click on the empty map."""
    headers = {"Authorization": f"Bearer token-{user}"}
    known = client.get("/_dash-dependencies", headers=headers).get_json()
    opening = next(
        one for one in known
        if "report-frame.hidden" in one["output"]
        and any(each["id"] == "map-click" for each in one["inputs"])
    )  # fmt: skip
    outputs: list[Any] = [
        {"id": name, "property": what}
        for name, what in (
            ("report-frame", "hidden"), ("report-fields", "children"), ("report-meta", "data"),
            ("report-notice", "children"),
        )
    ]  # fmt: skip
    given = {"map-click": CLICK, "operation": operation}
    body = {
        "output": opening["output"],
        "outputs": [*outputs, []],
        "inputs": [{**one, "value": given.get(one["id"])} for one in opening["inputs"]],
        "state": [
            [] if one["id"].startswith("{") else {**one, "value": given.get(one["id"])}
            for one in opening["state"]
        ],
        "changedPropIds": ["map-click.data"],
    }
    answer = client.post("/_dash-update-component", json=body, headers=headers)
    assert answer.status_code in (200, 204), answer.get_data(as_text=True)
    return dict(json.loads(answer.data)["response"]) if answer.data else {}


@pytest.mark.parametrize(
    ("user", "operation", "opens"),
    [("duty", "drill", True), ("review", "drill", False), ("duty", "over", False)],
)
def test_a_click_opens_the_form_only_for_who_may_report(
    server: Flask, user: str, operation: str, opens: bool
) -> None:
    changed = clicked(server.test_client(), user, operation)
    assert (changed.get("report-frame", {}).get("hidden") is False) == opens
    if opens:
        assert "42.89000" in json.dumps(changed["report-fields"])
