"""Every route, callback, screen and kind of message, for every role, held to the table."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import dash
import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.access import rights as edge
from api.access.audience import Audience
from app import create_app
from domain.access.accounts import User
from domain.access.rights import (
    RIGHTS,
    WORDS,
    Act,
    Data,
    declared_by,
    may,
    message_kinds,
    message_right,
    requires,
)
from domain.time import to_rfc3339
from domain.transitions import ROLES as ALL_ROLES
from pages.registry import PAGES
from pages.rights_table import FILE, document
from pages.strings import text
from services.container import Services, services_of
from services.subscription import Message
from settings import ROOT, Settings
from tests.api.access.rights_world import (
    CALLED,
    EARLIER,
    EXCON_ROOM,
    LIVE,
    NEWEST,
    RAW,
    REFUSED,
    ROLES,
    World,
    addresses,
    callback_bodies,
    fill,
)

DASH = "/_dash-update-component"
DEMO, REAL = f"/api/v1/operations/{EXCON_ROOM}", f"/api/v1/operations/{LIVE}"
BY_ROLE = pytest.mark.parametrize("role", ROLES)


@pytest.fixture(scope="module")
def server(seeded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One application for all of them: nothing here changes what another test looks for."""
    path = tmp_path_factory.mktemp("rights") / "rights.db"
    path.write_bytes(seeded_template.read_bytes())
    made = create_app(Settings(database_url=f"sqlite:///{path}"))
    yield made
    services_of(made.extensions).close()


@pytest.fixture(scope="module")
def services(server: Flask) -> Services:
    return services_of(server.extensions)


@pytest.fixture(scope="module")
def world(services: Services) -> World:
    return fill(services)


@pytest.fixture(scope="module")
def dashboard(server: Flask) -> dash.Dash:
    """The screens, after the request with which they set themselves up."""
    server.test_client().get("/healthz")
    return dash.get_app()


@pytest.fixture(scope="module")
def browsers(server: Flask) -> dict[str, FlaskClient]:
    """By role, a browser with a session."""
    made = {}
    for role, name in ROLES.items():
        made[role] = server.test_client()
        said = made[role].post("/sign-in", data={"name": name, "password": name})
        assert said.status_code == 303
    return made


def _bearer(role: str) -> dict[str, str]:
    return {"Authorization": f"Bearer demo-{ROLES[role]}"}


def _ask(server: Flask, role: str, path: str, **options: Any) -> Any:
    return server.test_client().get(path, headers=_bearer(role), **options)


# --- every route -------------------------------------------------------------------------------


def test_every_route_and_callback_has_declared_what_it_gives(
    server: Flask, dashboard: dash.Dash
) -> None:
    silent = {
        rule.rule
        for rule in server.url_map.iter_rules()
        if edge.right_of(server, rule.endpoint) is None
    }
    assert not silent, "say above the function what it gives: @requires(Act.…, Data.…)"
    on_the_server = {
        output: one["callback"]
        for output, one in dashboard.callback_map.items()
        if "callback" in one
    }
    silent = {out for out, one in on_the_server.items() if edge.right_of_callback(out, one) is None}
    assert not silent, "say above the callback what it gives: @requires(Act.…, Data.…)"
    assert [out for out, one in on_the_server.items() if declared_by(one) is None] == [
        out for out in on_the_server if edge.ROUTER in out
    ]


@BY_ROLE
def test_every_route_answers_whom_the_table_says(
    server: Flask, world: World, browsers: dict[str, FlaskClient], role: str
) -> None:
    tried = 0
    for endpoint, method, path in addresses(server, world, EXCON_ROOM):
        if endpoint in ("sign_out", "sign_in", "language") or path == "/live":
            continue
        right = edge.right_of(server, endpoint)
        assert right is not None
        for client, headers in ((server.test_client(), _bearer(role)), (browsers[role], {})):
            sent: dict[str, Any] = {} if method in ("GET", "HEAD", "OPTIONS") else {"json": {}}
            with client.open(path, method=method, headers=headers, **sent) as answer:
                status, where = answer.status_code, (role, method, path)
                assert status < 500, where
                if method == "OPTIONS":  # of the address, not of one of its methods
                    assert status in (200, 403), where
                    assert not answer.get_data() or status == 403, where
                elif not may(role, right.act, right.data):
                    assert status == 403, where
                    if method != "HEAD":
                        assert answer.json["guard"] == "role"
                elif endpoint == "positions_api.lines" and not may(role, Act.SEE, Data.TRACKS):
                    assert status == 403, where  # without a zoom
                elif headers and right.data is Data.OWN_ACCOUNT:
                    assert status == 403, where  # a token is no person with a password
                else:
                    assert status not in (401, 403), where
        tried += 1
    assert tried > 80


@BY_ROLE
def test_what_is_not_declared_is_given_to_nobody(
    tmp_path: Path, seeded_template: Path, role: str
) -> None:
    path = tmp_path / "new.db"
    path.write_bytes(seeded_template.read_bytes())
    made = create_app(Settings(database_url=f"sqlite:///{path}"))

    @made.get("/api/v1/new")
    def new() -> str:
        return "everything"

    try:
        answer = _ask(made, role, "/api/v1/new")
        assert answer.status_code == 403
        assert "everything" not in answer.text
    finally:
        services_of(made.extensions).close()


# --- what is in the answers ----------------------------------------------------------------------


def _near(place: tuple[float, float]) -> re.Pattern[str]:
    """The place in degrees, however exact, down to a hundred metres: cut or rounded."""
    said = {f"{value:.3f}" for value in place} | {f"{value - 0.0005:.3f}" for value in place}
    # a time with parts of a second may end in the same digits
    return re.compile(r"(?<![:\d])(?:" + "|".join(re.escape(one) for one in said) + ")")


def _exactly(place: tuple[float, float]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(f"{value - 0.000005:.5f}") for value in place))


def _all_that_is_told(
    server: Flask, dashboard: dash.Dash, world: World, role: str, operation: str
) -> dict[str, str]:
    """Every body that a role can get by reading, by its address or its callback."""
    client, told = server.test_client(), {}
    now = world.now
    span = f"?from={to_rfc3339(now - timedelta(hours=3))}"
    wider = f"?from={to_rfc3339(now - timedelta(days=2))}"
    root = f"/api/v1/operations/{operation}"
    paths = [
        path
        for _, method, path in addresses(server, world, operation)
        if method in ("GET",) and path != "/live" and not path.startswith(("/map/", "/assets/"))
    ]
    paths += [f"{root}/tracks{span}&zoom={zoom}&times=1" for zoom in (9, 14, 20)]
    paths += [f"{root}/tracks{span}&tolerance={tolerance}" for tolerance in ("0", "5", "0.0")]
    paths += [f"{root}/tracks{wider}&zoom=9", f"{root}/tracks{span}&zoom=9&unit={operation}-p1"]
    paths += [f"{root}/tracks{span}&zoom=9&zoom=20&tolerance=0"]
    paths += [f"{root}/tracks/export{span}&format={kind}" for kind in ("gpx", "geojson", "csv")]
    past = to_rfc3339(now - timedelta(minutes=30))
    paths += [f"{root}/positions?at={past}&trail=86400", f"{root}/positions?trail=86400"]
    paths += [f"{root}/positions/latest?at={past}", f"{root}/crossings?at={past}"]
    paths += [f"{root}/units/{operation}-p1/analysis{span}", f"{root}/quarantine?decided=0"]
    paths += [f"{root}/alerts?open=1&limit=1000", f"{root}/log?limit=1000"]
    for path in paths:
        with client.get(path, headers=_bearer(role)) as answer:
            assert answer.status_code < 500, path
            told[path] = answer.get_data().decode("latin-1")
    pages = ["/", "/quarantine", "/tracks", f"/incident/{world.variables[f'{operation}-incident']}"]
    for output, body in callback_bodies(dashboard, world, operation):
        for page in pages if edge.ROUTER in output else [""]:
            if page:
                body["inputs"][0]["value"] = page
            with client.post(DASH, json=body, headers=_bearer(role)) as answer:
                right = edge.right_of_callback(output, dashboard.callback_map[output]["callback"])
                assert right is not None
                permitted = may(role, right.act, right.data)
                assert (answer.status_code == 403) is not permitted, (output, answer.text)
                assert answer.status_code in (200, 204, 403), (output, answer.text)
                told[output + page] = answer.text
    return told


def test_the_search_finds_what_it_looks_for(
    server: Flask, dashboard: dash.Dash, world: World
) -> None:
    """The places and the raw bytes are there to be found, and near is wider than exactly."""
    told = "\n".join(_all_that_is_told(server, dashboard, world, "FPU_DUTY", EXCON_ROOM).values())
    for place in (EARLIER, NEWEST, CALLED):
        assert _exactly(place).search(told)
        assert _near(place).search(told)
    assert RAW in told
    assert '"last_visit":{' in told.replace(" ", "")


@pytest.mark.parametrize("operation", [EXCON_ROOM, LIVE])
def test_the_administrator_is_told_no_position_at_any_precision(
    server: Flask, dashboard: dash.Dash, world: World, operation: str
) -> None:
    told = _all_that_is_told(server, dashboard, world, "ADMIN", operation)
    for where, body in told.items():
        for place in (EARLIER, NEWEST, CALLED, REFUSED):
            assert not _near(place).search(body), where
        assert RAW not in body, where
    crossings = json.loads(told[f"/api/v1/operations/{operation}/crossings"])["features"]
    assert crossings
    for one in crossings:
        assert one["properties"]["last_visit"] is None
        assert one["properties"]["visits_withheld"]
    alerts = json.loads(told[f"/api/v1/operations/{operation}/alerts"])["items"]
    told_of = [(one["kind"], one["position"], one["position_withheld"]) for one in alerts]
    assert told_of == [("sos", None, True)]


@pytest.mark.parametrize("operation", [EXCON_ROOM, LIVE])
def test_a_wall_is_told_what_it_draws_and_no_more(
    server: Flask, dashboard: dash.Dash, world: World, operation: str
) -> None:
    told = _all_that_is_told(server, dashboard, world, "WALL", operation)
    exact = {where for where, body in told.items() if _exactly(NEWEST).search(body)}
    latest = f"/api/v1/operations/{operation}/positions/latest"
    assert exact == {latest, latest + "?at=" + to_rfc3339(world.now - timedelta(minutes=30))}
    called = {where for where, body in told.items() if _exactly(CALLED).search(body)}
    assert {where.partition("?")[0].rpartition("/")[2] for where in called} == {"alerts"}
    for where, body in told.items():
        assert not _near(EARLIER).search(body), where  # trails have no degrees
        assert RAW not in body, where
        assert "REFUSED" not in body or "50.123" not in body


def test_a_wall_asks_for_its_trails_as_its_screen_does(server: Flask, world: World) -> None:
    """What is not asked by the monitor is refused, however it is asked."""
    hours = {span: to_rfc3339(world.now - timedelta(hours=span)) for span in (1, 4, 8, 12, 48)}
    of = f"{DEMO}/tracks?times=1&from="
    for span, zoom in ((1, "9"), (4, "14"), (8, "7.5"), (8, "0")):
        drawn = _ask(server, "WALL", f"{of}{hours[span]}&zoom={zoom}")
        assert drawn.status_code == 200, drawn.text
        assert drawn.json == _ask(server, "FPU_DUTY", f"{of}{hours[span]}&zoom={zoom}").json
        assert drawn.json["tracks"]
    now = to_rfc3339(world.now)
    last = f"{hours[1]}&zoom=9"
    for query in (
        hours[1], f"{hours[1]}&tolerance=0", f"{hours[1]}&tolerance=10000",
        f"{hours[1]}&zoom=14.01", f"{hours[1]}&zoom=20", f"{hours[1]}&zoom=20&zoom=9",
        f"{hours[12]}&zoom=9", f"{hours[48]}&zoom=9", f"{hours[48]}&from={last}",
        f"{last}&to={now}", f"{last}&known_at={now}", f"{last}&unit=demo-p1", f"{last}&tolerance=0",
    ):  # fmt: skip
        refused = _ask(server, "WALL", of + query)
        assert refused.status_code == 403, query
        assert refused.json["guard"] == "role"
        assert _ask(server, "AUDITOR", of + query).status_code == 200, query


def test_a_cache_that_an_inside_role_has_filled_tells_a_wall_nothing(
    server: Flask, world: World
) -> None:
    start, end = to_rfc3339(world.now - timedelta(hours=3)), to_rfc3339(world.now)
    for path in (
        f"{DEMO}/tracks?from={start}&to={end}&tolerance=0",
        f"{DEMO}/units/demo-p1/analysis?from={start}&to={end}",
    ):
        assert _ask(server, "FPU_DUTY", path).status_code == 200
        for role in ("WALL", "ADMIN"):
            for headers in ({}, {"If-None-Match": "*"}, {"Range": "bytes=0-99999"}):
                answer = server.test_client().get(path, headers=_bearer(role) | headers)
                assert answer.status_code == 403


# --- exercise control ----------------------------------------------------------------------------


def test_exercise_control_has_exercises_and_nothing_else(
    server: Flask, dashboard: dash.Dash, world: World
) -> None:
    listed = _ask(server, "EXCON", "/api/v1/operations").json["items"]
    assert {one["kind"] for one in listed} == {"exercise"}
    tried = 0
    for _, method, path in addresses(server, world, LIVE):
        if not path.startswith(REAL):
            continue
        sent: dict[str, Any] = {} if method in ("GET", "HEAD", "OPTIONS") else {"json": {}}
        answer = server.test_client().open(path, method=method, headers=_bearer("EXCON"), **sent)
        assert answer.status_code == 403, (method, path)
        tried += 1
    assert tried > 40
    stream = _ask(server, "EXCON", f"/live?operation={LIVE}")
    assert stream.status_code == 403
    for output, body in callback_bodies(dashboard, world, LIVE):
        answer = server.test_client().post(DASH, json=body, headers=_bearer("EXCON"))
        if edge.ROUTER in output:
            assert "LIVE-1" not in answer.text
            assert text("problem.not_yours_title") in answer.text
        elif LIVE in [one.get("value") for one in body["state"] if isinstance(one, dict)]:
            assert answer.status_code == 403, output


# --- screens -------------------------------------------------------------------------------------


def _screen(server: Flask, dashboard: dash.Dash, world: World, role: str, page: str) -> str:
    (body,) = (
        body
        for output, body in callback_bodies(dashboard, world, EXCON_ROOM)
        if edge.ROUTER in output
    )
    body["inputs"][0]["value"] = page
    answer = server.test_client().post(DASH, json=body, headers=_bearer(role))
    assert answer.status_code == 200
    return json.dumps(answer.json, ensure_ascii=False)


@BY_ROLE
def test_every_screen_opens_or_says_that_it_is_for_others(
    server: Flask, dashboard: dash.Dash, world: World, role: str
) -> None:
    for page in PAGES:
        path = page.path if not page.path_template else f"{page.path}/demo-0001"
        shown = _screen(server, dashboard, world, role, path)
        refused = text("problem.not_yours_title") in shown
        assert refused is not may(role, Act.SEE, page.data), (role, path)
        leads = [other.path for other in PAGES[2:] if f'"{other.path}?operation=' in shown]
        wanted = [other.path for other in PAGES[2:] if may(role, Act.SEE, other.data)]
        assert leads == wanted, (role, path)


def test_the_administrators_map_says_why_it_is_empty(
    server: Flask, dashboard: dash.Dash, world: World
) -> None:
    words = text("monitor.no_positions_for_role")
    assert words in _screen(server, dashboard, world, "ADMIN", "/")
    assert words not in _screen(server, dashboard, world, "WALL", "/")


# --- the live stream -----------------------------------------------------------------------------


def _messages(server: Flask, role: str, last_id: int, count: int) -> list[tuple[str, str]]:
    """The first ``count`` messages after the greeting, beats left out: kind and data."""
    path = f"/live?operation={EXCON_ROOM}&last_id={last_id}"
    with server.test_client().get(path, headers=_bearer(role)) as answer:
        assert answer.status_code == 200
        found = (one.decode() for one in answer.response)
        parts = (re.search(r"event: (.*)\ndata: (.*)\n", one) for one in found)
        told = ((one[1], one[2]) for one in parts if one is not None and one[1] != "beat")
        return list(islice(told, count))


def test_the_stream_tells_each_role_what_the_table_says(server: Flask, world: World) -> None:
    everything = _messages(server, "FPU_DUTY", 0, 1)
    if everything[0][0] == "reset":
        pytest.fail("the journal does not reach back: nothing would be tried")
    whole = _messages(server, "FPU_DUTY", 0, _kept(server))
    kinds = {kind for kind, _ in whole}
    assert {"fix", "visit", "incident", "alert", "quarantine"} <= kinds, kinds
    for role in ROLES:
        heard = [kind for kind, _ in whole if _hears(role, kind)]
        if role == "WALL":  # the past positions of a day are none of its business
            assert _messages(server, role, 0, 1) == [("reset", '{"reason": "unknown"}')]
            continue
        told = _messages(server, role, 0, len(heard))
        assert [kind for kind, _ in told] == heard, role
        for kind, data in told:
            if role == "ADMIN":
                assert kind not in ("fix", "fixes", "visit", "contact", "tracks", "log")
                assert not any(_near(place).search(data) for place in (EARLIER, NEWEST, CALLED))
                assert RAW not in data


def _kept(server: Flask) -> int:
    """How many messages there are to hear: the stream itself never ends."""
    told = services_of(server.extensions).heads.since(0, 1000)  # type: ignore[attr-defined]
    return sum(one.operation == EXCON_ROOM for one in told)


def _hears(role: str, kind: str) -> bool:
    right = message_right(kind)
    return right is not None and may(role, right.act, right.data)


def test_what_the_browser_counts_is_in_the_table() -> None:
    script = (ROOT / "assets" / "fpu-live.js").read_text(encoding="utf-8")
    known = re.search(r"STORES = \{(.*?)\}", script, re.DOTALL)
    assert known is not None
    kinds = set(re.findall(r"(\w+): \"", known[1]))
    assert len(kinds) > 5
    assert kinds <= set(message_kinds())


@BY_ROLE
def test_a_message_of_an_unknown_kind_reaches_nobody(role: str) -> None:
    audience = Audience(User("x", role, ""), "exercise", lambda: None)
    messages = [Message(1, "beat", "{}"), Message(2, "new", "{}"), Message(3, "reset", "{}")]
    assert [one.kind for one in audience.hears(messages)] == ["beat", "reset"]


def test_a_role_that_changes_in_the_middle_hears_by_the_new_one() -> None:
    now = [User("x", "FPU_DUTY", "")]
    audience = Audience(now[0], "live", lambda: now[0] if now else None)
    fix = Message(1, "fix", "{}")
    assert list(audience.hears([fix])) == [fix]
    now[0] = replace(now[0], role="ADMIN")
    assert audience.again() == now[0]
    assert list(audience.hears([fix])) == []
    now[0] = replace(now[0], role="EXCON")
    assert audience.again() is None  # exercise control has no place in the live operation
    now.clear()
    assert audience.again() is None


# --- the table itself ----------------------------------------------------------------------------


def test_the_table_has_known_roles_and_words_for_every_kind() -> None:
    assert set(WORDS) == set(Data)
    for (act, data), roles in RIGHTS.items():
        assert set(roles) <= set(ALL_ROLES), (act, data)
        assert roles, (act, data)


def test_the_page_of_the_documents_is_the_table() -> None:
    assert FILE.read_text(encoding="utf-8") == document(), "run python -m pages.rights_table"


def test_the_narrow_roles_are_narrow() -> None:
    """Written down a second time, so that a slip in the table does not pass unseen."""
    never = {
        "WALL": (Data.TRACKS, Data.RAW, Data.QUARANTINE, Data.IMPORTS, Data.ACCOUNTS),
        "ADMIN": (Data.POSITIONS, Data.TRAILS, Data.TRACKS, Data.VISITS, Data.RAW, Data.LOG),
    }
    for role, kinds in never.items():
        for data in kinds:
            assert not any(may(role, act, data) for act in Act), (role, data)
    changing = {
        role: {data for (act, data), roles in RIGHTS.items() if act is Act.CHANGE and role in roles}
        for role in ROLES
    }
    own = {Data.PUBLIC, Data.OWN_ACCOUNT}
    assert changing["WALL"] == changing["AUDITOR"] == own
    assert changing["ADMIN"] == own | {Data.ACCOUNTS}
    takers = RIGHTS[Act.TAKE_AWAY, Data.TRACKS]
    assert not {"WALL", "ADMIN"} & set(takers)


def test_what_is_declared_is_found_on_the_function_itself() -> None:
    @requires(Act.SEE, Data.RAW)
    def route() -> None: ...

    found = declared_by(route)
    assert found is not None
    assert (found.act, found.data) == (Act.SEE, Data.RAW)
    assert declared_by(len) is None
