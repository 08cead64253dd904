"""A small server that keeps the contract of the HTTP interface with data that a test controls.

The browser's side alone is on stage: the real document, assets, map files and layouts are served,
while positions, incidents, crossings and the stream come from the test. It can fall silent, refuse
everybody, or stop, which the whole application does only when it is ill.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import flask_login
import numpy as np
from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

from api import map_files, security_headers, strings
from api.document import Dashboard
from callbacks import monitor as monitor_callbacks
from domain.drawn import Drawn
from domain.levels import world
from domain.stored_fixes import NO_SEGMENT
from domain.time import parse_rfc3339, to_microseconds, to_rfc3339
from pages.monitor import monitor
from pages.shell import ShellContext, shell
from services.told_tracks import told as told_tracks
from settings import ROOT

OPERATION = "/api/v1/operations/<operation>"


@dataclass
class Script:
    """What the stage tells; lists of GeoJSON features or of plain items, changed by the test."""

    kind: str = "exercise"
    title: str = "Demonstration day and night"
    role: str = "FPU_DUTY"
    language: str = "en"
    units: list[dict[str, Any]] = field(default_factory=list)
    latest: list[dict[str, Any]] = field(default_factory=list)
    tracks: list[dict[str, Any]] = field(default_factory=list)
    clocks: list[dict[str, Any]] = field(default_factory=list)
    work: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    incidents: list[dict[str, Any]] = field(default_factory=list)
    crossings: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    signed_in: bool = True
    crowd: dict[str, Any] | None = None
    refusing: bool = False
    beat_s: float = 1.0


class Stage:
    """The running server; ``address`` is where it listens."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[str] = []
        self._screens: list[queue.Queue[str | None]] = []
        self._silent = False
        self._number = 0
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = make_server("127.0.0.1", 0, self._app(), threaded=True)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def tell(self, kind: str, data: dict[str, Any]) -> None:
        """Send one message to every screen."""
        self._number += 1
        message = f"id: {self._number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n"
        for screen in list(self._screens):
            screen.put(message)

    def screens(self) -> int:
        """How many streams are open."""
        return len(self._screens)

    def fall_silent(self) -> None:
        """Keep every stream open and say nothing more than a last beat, which says so."""
        self._silent = True
        for screen in list(self._screens):
            screen.put(_beat(last=True))

    def speak_again(self) -> None:
        """The end of ``fall_silent``."""
        self._silent = False

    def cut_streams(self) -> None:
        """End every open stream."""
        for screen in list(self._screens):
            screen.put(None)

    def stop(self) -> None:
        """Stop listening and cut every stream."""
        self.cut_streams()
        self._server.shutdown()
        self._server.server_close()

    # --- the application -------------------------------------------------------------------

    def _app(self) -> Flask:
        server = Flask("stage", root_path=str(ROOT), static_folder=None)
        server.secret_key = "on stage only"
        flask_login.LoginManager(server)
        server.before_request(self._gate)
        dashboard = Dashboard(
            "stage",
            server=server,
            assets_folder=str(ROOT / "assets"),
            assets_ignore=r"^sign-in\.",
            update_title="",
            add_log_handler=False,
        )
        dashboard.layout = self._layout
        monitor_callbacks.register(dashboard, SimpleNamespace())  # type: ignore[arg-type]
        server.register_blueprint(map_files.blueprint())
        strings.register(server)
        security_headers.register(server, dashboard, production=False)
        server.get("/live")(self._live)
        server.get("/api/v1/operations")(lambda: jsonify(items=[]))
        for name in ("units", "incidents", "alerts"):
            server.get(f"{OPERATION}/{name}", endpoint=name)(self._items(name))
        for name, path in (("latest", "positions/latest"), ("crossings", "crossings")):
            server.get(f"{OPERATION}/{path}", endpoint=name)(self._features(name))
        server.get(f"{OPERATION}/tracks")(self._tracks)
        server.get(f"{OPERATION}/clocks", endpoint="clocks")(
            lambda operation: jsonify(clocks=self.script.clocks)
        )
        server.get(f"{OPERATION}/units/<unit>/analysis")(self._work)
        server.post(f"{OPERATION}/alerts/<alert>/acknowledge")(self._acknowledge)
        return server

    def _gate(self) -> tuple[str, int] | None:
        self.requests.append(request.path)
        return None if self.script.signed_in else ("", 401)

    def _layout(self) -> Any:
        now = datetime.now(UTC)
        context = ShellContext(
            operation="demo",
            title=self.script.title,
            kind=self.script.kind,
            shift="Shift B",
            shift_started=to_rfc3339(now),
            user="duty",
            role=self.script.role,
            language=self.script.language,
            theme="night",
            demonstration=True,
            address="/",
        )
        return shell(monitor(context), context)

    def _items(self, name: str) -> Any:
        return lambda operation: jsonify(items=getattr(self.script, name))

    def _features(self, name: str) -> Any:
        return lambda operation: jsonify(
            type="FeatureCollection", features=getattr(self.script, name)
        )

    def _tracks(self, operation: str) -> Response:
        """The lines of the script; the times of points between the ends are made up."""
        pieces, points = [], []
        for line in self.script.tracks:
            told, places = line["properties"], np.array(line["geometry"]["coordinates"])
            x, y = world(places[:, 1], places[:, 0])
            start, end = (
                to_microseconds(parse_rfc3339(told[key], key)) for key in ("start", "end")
            )
            time = np.linspace(start, end, len(places)).astype(np.int64)
            pieces.append((told["unit"], told["device"], NO_SEGMENT, start, end, 9, 0, len(places)))
            points.append((time, x, y, np.zeros(len(places), dtype=np.int64)))
        drawn = Drawn(
            *(np.array(column) for column in zip(*pieces, strict=True)),
            *(np.concatenate(column) for column in zip(*points, strict=True)),
        )
        return jsonify(told_tracks(drawn, 12, {}, times=True))

    def _work(self, operation: str, unit: str) -> Response:
        return jsonify(devices=self.script.work.get(unit, []), visits=[])

    def _acknowledge(self, operation: str, alert: str) -> Response:
        found = next(one for one in self.script.alerts if one["id"] == alert)
        found |= {"acknowledged_by": "duty", "acknowledged_at": to_rfc3339(datetime.now(UTC))}
        self.tell("alert", found)
        return jsonify(found)

    def _live(self) -> Response:
        if self.script.crowd is not None:
            headers = {"Retry-After": str(self.script.crowd["retry_after"])}
            return Response(json.dumps(self.script.crowd), 503, headers)
        screen: queue.Queue[str | None] = queue.Queue()
        self._screens.append(screen)
        answer = Response(self._stream(screen), mimetype="text/event-stream")
        answer.call_on_close(lambda: self._screens.remove(screen))
        return answer

    def _stream(self, screen: queue.Queue[str | None]) -> Iterator[str]:
        yield "retry: 500\n\n"
        while True:
            try:
                message = screen.get(timeout=self.script.beat_s)
            except queue.Empty:
                message = _beat(**({"refusing": True} if self.script.refusing else {}))
            if message is None:
                return
            if not self._silent or '"last": true' in message:
                yield message


def _beat(**more: bool) -> str:
    said = {"now": to_rfc3339(datetime.now(UTC)), **more}
    return f"event: beat\ndata: {json.dumps(said)}\n\n"
