"""Whole incidents through the interface, step by step, as ``tests/api/scenarios/*.toml`` say.

A step is posted with the bearer token of an account of the demonstration. ``expect`` names the
status, the state after it, and for a refused step the guard or the field; a refused step leaves the
log as it was. ``"now"`` in a record is the time of the step, ``"@name"`` the id of an incident.
"""

from __future__ import annotations

import tomllib
import uuid
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from domain.roster import Operation, Platoon
from domain.time import to_rfc3339
from services.container import Services, services_of
from settings import ROOT

SCENARIOS = sorted((ROOT / "tests" / "api" / "scenarios").glob("*.toml"))
BRIDGE = {"lat": 42.8914, "lon": 20.8660}
FAR = {"lat": 42.6629, "lon": 21.1655}
OPERATION = "run"
ADDRESS = f"/api/v1/operations/{OPERATION}"
STATE = ("inc", "t2", "t3", "line", "tier")


class Runner:
    """Posts the steps of one scenario and compares what comes back."""

    def __init__(self, server: Flask, services: Services) -> None:
        self._browser = server.test_client()
        self._services = services
        self._ids: dict[str, str] = {}

    def run(self, step: dict[str, Any]) -> None:
        """One step with everything that it expects."""
        expected = step["expect"]
        region, event = step["do"].split()
        incident, platoon = step.get("incident", "bridge"), step.get("platoon")
        before = self._head()
        answer = self._post(region, event, incident, platoon, step)
        where = f"{step['by']}: {step['do']} at {platoon or incident}: {answer.json}"
        assert answer.status_code == expected["status"], where
        if expected["status"] == 201:
            if event == "report":
                self._ids[incident] = answer.json["state"]["id"]
            assert self._head() > before, where
            self._compare(incident, step["by"], expected, where)
        else:
            assert answer.content_type == "application/problem+json"
            for name in ("guard", "field"):
                if name in expected:
                    assert answer.json[name] == expected[name], where
            if "lost" in expected:
                assert answer.json["platoons"] == expected["lost"], where
                assert answer.json["since"], where
            assert self._head() == before, where

    def _compare(self, incident: str, by: str, expected: dict[str, Any], where: str) -> None:
        address = f"/incidents/{self._ids[incident]}"
        seen = self._get(by, address)
        for name in STATE:
            if name in expected:
                assert seen[name] == expected[name], (name, where)
        platoons = {one["id"]: one for one in self._get(by, "/platoons")["items"]}
        for name, state in expected.get("platoons", {}).items():
            assert platoons[name]["state"] == state, where
        for name, there in expected.get("at", {}).items():
            serves = self._get(by, f"/platoons/{name}")["incident"]
            assert serves == self._ids[there], where
        for what, guard in expected.get("stopped", {}).items():
            everybody = [self._option(what, address, one) for one in ("duty", "platoon")]
            assert guard in [one.get("guard") for one in everybody], (what, where)
        for name, value in expected.get("recorded", {}).items():
            assert self._get(by, address + "/events")["items"][-1]["record"][name] == value, where

    def _option(self, what: str, address: str, account: str) -> dict[str, Any]:
        options = self._get(account, address)["events"]
        return next(one for one in options if f"{one['region']} {one['event']}" == what)

    def _post(
        self, region: str, event: str, incident: str, platoon: str | None, step: dict[str, Any]
    ) -> Any:
        now = to_rfc3339(self._services.clock())
        org = step.get("org", "FPU")
        sent: dict[str, Any] = {
            "command_id": str(uuid.uuid4()),
            "occurred_at": now,
            "asserted_by": {"org": org, "function": "duty officer"},
            "record": self._filled(step.get("record", {}), now),
        }
        if org not in ("FPU", "EULEX"):
            sent |= {"channel": "radio", "channel_ref": "channel 7"}
        if event in ("report", "arrive"):
            sent["position"] = FAR if step.get("position") == "far" else BRIDGE
        if "text" in step:
            sent["text"] = step["text"]
        if "confirm" in step:
            sent["confirmations"] = [
                {"org": one, "function": "commander", "at": now, "channel": "radio"}
                for one in step["confirm"]
            ]
        if event == "change_purpose":
            sent["second_user"] = "duty"
        if event == "report":
            return self._send(step["by"], "/incidents", sent)
        address = f"/platoons/{platoon}" if platoon else f"/incidents/{self._ids[incident]}"
        version = self._get("duty", address)["version"]
        sent |= {"region": region, "event": event, "expected_version": version}
        return self._send(step["by"], address + "/events", sent)

    def _filled(self, value: Any, now: str) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(one, now) for key, one in value.items()}
        if isinstance(value, str) and value.startswith("@"):
            return self._ids[value[1:]]
        return now if value == "now" else value

    def _head(self) -> int:
        found = self._services.log_check.verify()
        return next(one.events for one in found if one.operation == OPERATION)

    def _send(self, account: str, path: str, body: object) -> Any:
        headers = {"Authorization": f"Bearer demo-{account}"}
        return self._browser.post(ADDRESS + path, json=body, headers=headers)

    def _get(self, account: str, path: str) -> Any:
        headers = {"Authorization": f"Bearer demo-{account}"}
        answer = self._browser.get(ADDRESS + path, headers=headers)
        assert answer.status_code == 200, path
        return answer.json


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_runs_to_its_end_and_is_refused_at_the_right_steps(
    path: Path, server: Flask
) -> None:
    scenario = tomllib.loads(path.read_text(encoding="utf-8"))
    services = services_of(server.extensions)
    reserve = scenario["reserve_minimum"]
    services.roster.add(
        Operation(OPERATION, "exercise", scenario["title"], services.clock(), None, reserve),
        *(
            Platoon(name, OPERATION, name.upper(), "crowd_control", 30)
            for name in scenario["platoons"]
        ),
    )
    runner = Runner(server, services)
    for step in scenario["step"]:
        runner.run(step)
    faults = [one.faults for one in services.log_check.verify() if one.operation == OPERATION]
    assert faults == [()]


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) >= 5
