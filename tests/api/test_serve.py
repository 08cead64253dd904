"""``flask serve`` as a process: sign-in, stream, the second address, stopping, and being killed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from settings import ROOT
from tests.serving import BEARER, PATIENCE_S, Running, serving


@pytest.fixture
def database(seeded_template: Path, tmp_path: Path) -> Path:
    path = tmp_path / "served.db"
    shutil.copyfile(seeded_template, path)
    return path


def test_a_server_serves_people_and_phones_and_stops(database: Path) -> None:
    with serving(database) as server:
        assert server.ask("/healthz")[0] == 200
        assert server.ask("/", Accept="text/html")[0] == 302
        form = urlencode({"name": "duty", "password": "duty"})
        status, headers, _ = server.ask(f"/sign-in {form}", method="POST")
        assert status == 303
        cookie = headers["Set-Cookie"].split(";")[0]
        assert server.ask("/api/v1/operations", Cookie=cookie)[0] == 200
        assert "react-entry-point" in server.ask("/", Cookie=cookie)[2]

        whole = (ROOT / "assets" / "01-core.js").read_text(encoding="utf-8")
        plain = {"Cookie": cookie, "Accept-Encoding": "identity"}
        assert server.ask("/assets/01-core.js", **plain)[2] == whole

        assert server.ask("/healthz", port=server.feed_port)[0] == 200
        for path in ("/sign-in", "/api/v1/operations", "/live?operation=demo"):
            status, _, body = server.ask(path, port=server.feed_port, Cookie=cookie)
            assert (status, body) == (404, "")

        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE_S) == 0
    assert f"http://127.0.0.1:{server.port}" in server.said
    assert "Traccar Client" in server.said
    assert server.said.splitlines()[-1] == "stopped by SIGTERM"


def test_a_position_survives_being_killed_and_reaches_a_stream(database: Path) -> None:
    with serving(database) as server:
        feed = _feed_address(server)
        stream = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        stream.request("GET", "/live?operation=demo", headers=BEARER)
        events = stream.getresponse()
        assert events.getheader("Content-Type", "").startswith("text/event-stream")
        _wait_for(events, "beat")
        query = f"&lat=42.89&lon=20.87&timestamp={int(time.time())}"
        assert server.ask(feed + query, port=server.feed_port)[0] == 200
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(PATIENCE_S)
        stream.close()
    with serving(database) as server:
        stream = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        stream.request("GET", "/live?operation=demo", headers={**BEARER, "Last-Event-ID": "0"})
        kept = json.loads(_wait_for(stream.getresponse(), "fix"))
        assert kept["geometry"]["coordinates"][:2] == [20.87, 42.89]
        assert kept["properties"]["callsign"] == "PHONE"
        stream.close()


def _feed_address(server: Running) -> str:
    """The path and key that the command shows for a phone; reads the output up to there."""
    assert server.process.stdout is not None
    for line in server.process.stdout:
        server.said += line
        found = re.search(r"(/feeds/osmand\?id=phone&key=\w+)", line)
        if found:
            return found[1]
    pytest.fail(f"no address for a phone: {server.said}")


def _wait_for(events: object, kind: str) -> str:
    """The data of the next event of that kind; ``events`` is a file of lines."""
    current = ""
    until = time.monotonic() + PATIENCE_S  # beats go on for ever, so silence is not the end
    for line in events:  # type: ignore[attr-defined]
        name, _, value = line.decode().strip().partition(": ")
        if time.monotonic() > until:
            break
        if name == "event":
            current = value
        elif name == "data" and current == kind:
            return value
    pytest.fail(f"the stream ended without {kind}")
