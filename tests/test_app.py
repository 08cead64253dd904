"""The composition root: nothing on import, no thread, and applications that do not disturb."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dash
import pytest
from dash.development.base_component import Component

from app import create_app, start_duties
from pages.registry import PAGES
from services.container import services_of
from settings import ROOT, Settings, UnsafeSettings


def test_importing_does_nothing(tmp_path: Path) -> None:
    code = (
        "import threading, app; "
        "from flask import Flask; from dash import Dash; "
        "assert not [v for v in vars(app).values() if isinstance(v, (Flask, Dash))]; "
        "assert threading.active_count() == 1"
    )
    environment = {"PYTHONPATH": str(ROOT), "FPU_DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    assert not list(tmp_path.iterdir())


def test_making_an_application_starts_no_thread(database_url: str) -> None:
    before = set(threading.enumerate())
    server = create_app(Settings(database_url=database_url))
    assert set(threading.enumerate()) == before
    services_of(server.extensions).close()


def test_duties_start_once_and_stop(database_url: str) -> None:
    server = create_app(Settings(database_url=database_url))
    start_duties(server)
    start_duties(server)
    services = services_of(server.extensions)
    services.duties.stop()
    services.close()


def test_unsafe_variables_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FPU_PROFILE", "production")
    with pytest.raises(UnsafeSettings):
        create_app()


def test_two_applications_answer_from_their_own_data(sqlite_template: Path, tmp_path: Path) -> None:
    servers = []
    for name in ("first", "second"):
        path = tmp_path / f"{name}.db"
        path.write_bytes(sqlite_template.read_bytes())
        servers.append(create_app(Settings(database_url=f"sqlite:///{path}")))
    services_of(servers[0].extensions).accounts.add("anna", "AUDITOR", "a long enough password")
    fields = {"name": "anna", "password": "a long enough password"}
    statuses = [
        server.test_client().post("/sign-in", data=fields).status_code for server in servers
    ]
    assert statuses == [303, 401]
    for server in servers:
        services_of(server.extensions).close()


def test_every_screen_has_its_own_address() -> None:
    paths = [page.path for page in PAGES]
    assert len(set(paths)) == len(paths)
    templates = [page.path_template for page in PAGES if page.path_template]
    assert len(set(templates)) == len(templates)


def test_a_proxy_that_is_no_address_is_refused(database_url: str) -> None:
    settings = replace(Settings(database_url=database_url), trusted_proxy="the proxy")
    with pytest.raises(ValueError, match="the proxy"):
        create_app(settings)


def test_every_id_of_a_callback_is_in_a_layout(database_url: str) -> None:
    server = create_app(Settings(database_url=database_url))
    services = services_of(server.extensions)
    services.accounts.add("anna", "FPU_DUTY", "a long enough password")
    services.roster.ensure_live(services.clock())
    browser = server.test_client()
    browser.post("/sign-in", data={"name": "anna", "password": "a long enough password"})
    known = set(_ids(browser.get("/_dash-layout").json))
    for page in dash.page_registry.values():
        with server.test_request_context("/"):
            known |= set(_ids(page["layout"]().to_plotly_json()))
    wanted = {
        one["id"]
        for callback in browser.get("/_dash-dependencies").json
        for one in (*callback["inputs"], *callback["state"])
    }
    assert {one for one in wanted if not one.startswith("{")} <= known
    services.close()


def _ids(part: object) -> Iterator[str]:
    """Every plain id of a layout, as components or as what they become in JSON."""
    part = part.to_plotly_json() if isinstance(part, Component) else part
    if isinstance(part, dict):
        if isinstance(part.get("id"), str):
            yield part["id"]
        for inner in part.values():
            yield from _ids(inner)
    elif isinstance(part, (list, tuple)):
        for inner in part:
            yield from _ids(inner)
