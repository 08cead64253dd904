"""A line of the log as it is typed on the screen: kept and told so, or asked for."""

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
from domain.time import to_date_time_group
from services.container import Services, services_of
from settings import Settings


@pytest.fixture
def server(database_url: str) -> Iterator[Flask]:
    """An application with an open exercise and a shift commander."""
    made = create_app(Settings(database_url=database_url))
    services = services_of(made.extensions)
    services.roster.add(Operation("drill", "exercise", "Drill", services.clock()))
    services.accounts.add("duty", "FPU_DUTY", "duty", minimum=1)
    services.accounts.issue_token("duty", token="token-duty")
    yield made
    services.close()


def entered(client: FlaskClient, line: str) -> dict[str, Any]:
    """What the screen becomes after a line was typed and Enter pressed."""
    headers = {"Authorization": "Bearer token-duty"}
    known = client.get("/_dash-dependencies", headers=headers).get_json()
    entering = next(one for one in known if "log-text.value" in one["output"])
    given = {"log-text.n_submit": 1, "log-text.value": line, "operation.data": "drill"}

    def valued(parts: list[dict[str, str]]) -> list[dict[str, Any]]:
        return [{**one, "value": given.get(f"{one['id']}.{one['property']}")} for one in parts]

    outputs = [("log-text", "value"), ("log-meta", "data"), ("log-notice", "children"),
               ("log-notice", "className")]  # fmt: skip
    body = {
        "output": entering["output"],
        "outputs": [{"id": name, "property": what} for name, what in outputs],
        "inputs": valued(entering["inputs"]),
        "state": valued(entering["state"]),
        "changedPropIds": ["log-text.n_submit"],
    }
    answer = client.post("/_dash-update-component", json=body, headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(json.loads(answer.data)["response"])


def lines(services: Services) -> list[str]:
    return [str(one["record"]["text"]) for one in services.picture.log("drill", 10)]


def test_a_kept_line_is_confirmed_with_its_whole_time(server: Flask) -> None:
    services = services_of(server.extensions)
    at = services.clock() - timedelta(minutes=3)
    changed = entered(server.test_client(), f"{at:%H%M}Z KP closes the bridge")
    assert changed["log-text"]["value"] == ""
    assert changed["log-notice"]["children"] == f"Recorded {to_date_time_group(at)}"
    assert "done" in changed["log-notice"]["className"]
    assert lines(services) == ["KP closes the bridge"]


def test_a_line_of_a_time_ahead_is_asked_for(server: Flask) -> None:
    services = services_of(server.extensions)
    at = services.clock() + timedelta(minutes=5)
    yesterday = at - timedelta(days=1)
    changed = entered(server.test_client(), f"{at:%H%M}Z ahead")
    assert "log-text" not in changed
    words = changed["log-notice"]["children"]
    assert words.startswith(f"{at:%H%M}Z is still ahead (now ")
    assert words.endswith(f"For yesterday write the date-time group {yesterday:%d%H%M}Z.")
    assert changed["log-notice"]["className"] == "form-notice"
    assert lines(services) == []
    changed = entered(server.test_client(), f"{yesterday:%d%H%M}Z not ahead")
    assert changed["log-notice"]["children"] == f"Recorded {to_date_time_group(yesterday)}"
