"""A filled store for the table of rights, and a request for everything that the edge answers."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dash import Dash
from flask import Flask

from domain.events import Actor
from domain.fixes import Report
from domain.roster import Platoon, Unit
from domain.time import to_rfc3339
from pages import identifiers as shared
from pages import incident_identifiers as ids
from pages import late_identifiers as late_ids
from services.access.demonstration_accounts import DEMONSTRATION_ACCOUNTS
from services.container import Services

ROLES = {role: name for name, role in DEMONSTRATION_ACCOUNTS.items()}
DUTY = Actor("duty", "FPU_DUTY", "")
RAW = "raw-as-it-came"

EARLIER, NEWEST, CALLED = (42.735117, 20.933771), (42.746223, 20.944882), (42.757339, 20.955993)
"""Where one unit was: an hour ago, now, and when it called for help between the two."""

REFUSED = (50.123457, 20.966114)
AT_THE_CROSSING = (43.2186, 20.6917)
EXCON_ROOM, LIVE = "demo", "live"


@dataclass(slots=True)
class World:
    """What was put into the store, by name, for the variables of an address."""

    now: datetime
    variables: dict[str, Any] = field(default_factory=dict)


def fill(services: Services) -> World:
    """Both operations with a patrol each; an incident, a call for help, an entry of the quarantine,
    a visit and a file that waits."""
    world = World(services.clock().replace(microsecond=0))
    start = world.now - timedelta(days=1)
    for operation in (EXCON_ROOM, LIVE):
        for number in (1, 2):
            unit, device = f"{operation}-p{number}", f"{operation}-phone-{number}"
            services.roster.add(Unit(unit, f"{operation.upper()}-{number}"))
            services.roster.add_device(device, "key")
            services.roster.assign_unit(unit, operation, start)
            services.roster.assign_device(device, unit, start)
        services.roster.add(
            Platoon(f"{operation}-crc", operation, f"{operation}-CRC", "crowd_control", 30)
        )
        _positions(services, operation, world.now)
        sent = _report(world.now)
        outcome = services.incidents.report(operation, DUTY, sent)
        world.variables[f"{operation}-incident"] = outcome.events[0].stream
    listed = services.quarantine.listing(EXCON_ROOM, "FPU_DUTY")["items"]
    world.variables["entry"] = listed[0]["id"]
    table = f"time,lat,lon\n{to_rfc3339(start)},42.61,20.91\n".encode()
    seen = services.track_files.upload(EXCON_ROOM, DUTY, "walk.csv", table, unit="demo-p1")
    world.variables["import"] = seen["id"]
    world.variables["alert"] = services.picture.alerts(EXCON_ROOM)[0].id
    return world


def _positions(services: Services, operation: str, now: datetime) -> None:
    first, second = f"{operation}-phone-1", f"{operation}-phone-2"
    minutes = timedelta(minutes=1)
    for device, at, place, alarm in (
        (first, now - 90 * minutes, EARLIER, None),
        (first, now - 10 * minutes, CALLED, "sos"),
        (first, now - minutes, NEWEST, None),
        (first, now - minutes / 2, REFUSED, None),
        (second, now - 5 * minutes, AT_THE_CROSSING, None),
        (second, now - 4 * minutes, AT_THE_CROSSING, None),
    ):
        report = Report(device, at, *place, 5.0, None, None, None, None, alarm, {})
        services.ingest.accept("osmand", [report], f"{RAW} {place}".encode(), now)


def _report(now: datetime) -> dict[str, Any]:
    return {
        "command_id": str(uuid.uuid4()),
        "occurred_at": to_rfc3339(now),
        "asserted_by": {"org": "FPU", "function": "patrol leader"},
        "position": {"lat": 42.8914, "lon": 20.8660},
        "record": {
            "title": "Crowd", "category": "peaceful_gathering", "severity": 2,
            "source": "patrol", "source_reliability": "B", "info_credibility": 2,
        },
    }  # fmt: skip


def addresses(server: Flask, world: World, operation: str) -> Iterator[tuple[str, str, str]]:
    """Endpoint, method and a path that leads to something, for every rule and method."""
    made: Mapping[str, Any] = {
        "operation": operation,
        "incident": world.variables[f"{operation}-incident"],
        "unit": f"{operation}-p1",
        "platoon": f"{operation}-crc",
        "alert": world.variables["alert"],
        "draft": "none",
        "identifier": "none",
        "theme": "day",
        "language": "en",
        "code": "en",
        "name": "rivers",
        "package_name": "dash",
        "fingerprinted_path": "deps/react.min.js",
        "filename": "00-text.js",
        "path": "nowhere",
        "rest": "nowhere",
    }
    for rule in server.url_map.iter_rules():
        values = {
            **made,
            "number": world.variables["import" if "imports" in rule.rule else "entry"],
        }
        path = _filled(rule.rule, values)
        for method in sorted(rule.methods or ()):
            yield rule.endpoint, method, path


def _filled(rule: str, values: Mapping[str, Any]) -> str:
    return re.sub(r"<(?:[^:>]*:)?([^>]*)>", lambda found: str(values[found[1]]), rule)


def callback_bodies(
    dash: Dash, world: World, operation: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Output and a body that passes every check, of each callback on the server."""
    for output, callback in dash.callback_map.items():
        if "callback" not in callback:
            continue
        body: dict[str, Any] = {"output": output, "changedPropIds": []}
        for part in ("inputs", "state"):
            body[part] = [_sent(one, world, operation) for one in callback[part]]
        outputs = callback["output"]
        several = isinstance(outputs, list | tuple)
        known = [
            _named(one.component_id_str(), one.component_property)
            for one in (outputs if several else [outputs])
        ]
        body["outputs"] = known if several else known[0]
        first = body["inputs"][0]
        if not isinstance(first, list):
            body["changedPropIds"] = [f"{first['id']}.{first['property']}"]
        yield output, body


def _named(identifier: str, name: str) -> Any:
    if not identifier.startswith("{"):
        return {"id": identifier, "property": name}
    parts = json.loads(identifier)
    return [] if ["ALL"] in parts.values() else {"id": parts, "property": name}


def _sent(one: Mapping[str, Any], world: World, operation: str) -> Any:
    named = _named(one["id"], one["property"])
    if isinstance(named, list):
        return named
    where = {"operation": operation, "incident": world.variables[f"{operation}-incident"]}
    values: dict[str, Any] = {
        shared.OPERATION: operation,
        shared.SELECTED_INCIDENT: where["incident"],
        shared.QUARANTINE_SHOWN: {"reason": "", "before": ""},
        shared.SECURITY_SHOWN: dict.fromkeys(
            ("kind", "outcome", "account", "address", "from", "to", "place"), ""
        ),
        shared.SPOT_REPORT: {"alert": world.variables["alert"]},
        ids.INCIDENT_REFERENCE: where,
        ids.INCIDENT_DRAWN: [],
        ids.INCIDENT_TOUCHED: 1,
        ids.LIST_SCOPE: "all",
        late_ids.DRAFTS_SEEN: None,
        "_pages_location": "/" if one["property"] == "pathname" else f"?operation={operation}",
    }
    counted = one["property"] in ("n_clicks", "n_submit") or one["id"].endswith("-changes")
    return {**named, "value": values.get(one["id"], 1 if counted else None)}
