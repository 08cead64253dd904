"""From a spot report to an incident: prefilled, recorded by a person, and the spot is decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from callbacks.report import _decided, _open_spot, _opened
from callbacks.sending import send_report
from domain.time import to_date_time_group
from pages.incident_report import report_values, spot_values
from services.container import Services
from services.ports import Filing
from tests.callbacks import test_incident_forms as forms

server = forms.server
PLACE = Filing(forms.OPERATION, "u1", "SOKOL 1")


@pytest.fixture
def services(server: Flask) -> Iterator[Services]:
    with forms.signed_in(server, "duty") as services:
        now = services.clock()
        services.spots.spotted(
            filing=PLACE, device="phone", uid="marker", what="b-m-p-s-m", title="Roadblock",
            remarks="two trucks", occurred_at=now, received_at=now, position=(42.89, 20.87),
        )  # fmt: skip
        yield services


def test_a_spot_becomes_an_incident_under_the_name_of_a_person(services: Services) -> None:
    (alert,) = services.picture.alerts(forms.OPERATION)
    told = _open_spot(services, forms.OPERATION, alert.id)
    assert told is not None
    fields, meta = _opened(services, forms.OPERATION, None, told)
    assert fields
    typed: dict[str, Any] = spot_values(
        report_values(services.clock(), "FPU_DUTY", "en", None), told, "en"
    )
    assert typed["record.title"] == "Roadblock"
    assert typed["text"] == "two trucks"
    assert (typed["position.lat"], typed["position.lon"]) == ("42.89000", "20.87000")
    assert typed["occurred_at"] == to_date_time_group(services.clock())
    sent = send_report(services, meta, typed | {"record.category": "other"}, "en")
    assert sent.outcome is not None, sent
    _decided(services, meta, sent.outcome.state["id"])
    (known,) = services.picture.alerts(forms.OPERATION)
    assert known.acknowledged_by == "duty"
    assert known.details["incident"] == sent.outcome.state["id"]
    assert _open_spot(services, forms.OPERATION, alert.id) is None


def test_a_decision_that_came_too_late_costs_nothing(services: Services) -> None:
    (alert,) = services.picture.alerts(forms.OPERATION)
    told = _open_spot(services, forms.OPERATION, alert.id)
    _, meta = _opened(services, forms.OPERATION, None, told)
    who = forms.actor_of(forms.current_user())
    services.occurrences.acknowledge(forms.OPERATION, alert.id, who, reason="a wedding")
    _decided(services, meta, f"{forms.OPERATION}-0001")
    _decided(services, {**meta, "spot": None}, f"{forms.OPERATION}-0001")
    (known,) = services.picture.alerts(forms.OPERATION)
    assert known.details["reason"] == "a wedding"
    assert _open_spot(services, forms.OPERATION, "no such") is None
