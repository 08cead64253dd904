"""nginx and Caddy with the files that are shipped, tried as an attacker would."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from settings import ROOT
from tests.deploy.stage import DEVICE_KEY, PASSWORD, SITE, Proxied, proxied
from tests.serving import PATIENCE_S
from tests.slow_clients import clients, silent, slow_head

HSTS = "max-age=31536000"
FORGED = "203.0.113.9"


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def stage(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp(request.param)
    with proxied(folder, sqlite_template, request.param) as stage:
        yield stage


def values(headers: list[tuple[str, str]], name: str) -> list[str]:
    return [value for header, value in headers if header.lower() == name]


def test_a_person_signs_in_and_a_device_reports(stage: Proxied) -> None:
    form = urlencode({"name": "officer", "password": PASSWORD}).encode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": f"https://{stage.host}",
        "X-Forwarded-Host": "elsewhere.example",
        "X-Forwarded-Proto": "http",
    }
    status, answered, _ = stage.ask("/sign-in", headers, form)
    assert status == 303
    cookie = values(answered, "set-cookie")[0]
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie
    status, _, page = stage.ask("/", {"Cookie": cookie.split(";")[0], "Accept": "text/html"})
    assert (status, b"react-entry-point" in page) == (200, True)
    headers["Origin"] = "https://elsewhere.example"
    assert stage.ask("/sign-in", headers, form)[0] == 403

    query = f"id=tracker&key={DEVICE_KEY}&lat=42.6&lon=20.9&timestamp={int(time.time())}"
    assert stage.ask(f"/feeds/osmand?{query}")[0] == 200


def test_the_certificate_is_trusted_by_who_has_the_authority_alone(stage: Proxied) -> None:
    assert stage.ask("/healthz")[0] == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        stage.connect(ssl.create_default_context())
    new = ssl.create_default_context(cafile=str(stage.folder / "tls" / "authority.pem"))
    new.set_alpn_protocols(["h2"])
    with stage.connect(new) as client:
        assert client.selected_alpn_protocol() == "h2"


def test_every_answer_tells_browsers_to_stay_with_tls_once(stage: Proxied) -> None:
    too_large = stage.ask("/sign-in", {"Content-Type": "text/plain"}, b"a" * 3_000_000)
    assert too_large[0] == 413
    for _, headers, _ in (
        stage.ask("/sign-in"),
        stage.ask("/nowhere"),
        stage.ask("/feeds/osmand?id=nobody&key=nothing"),
        too_large,
    ):
        assert values(headers, "strict-transport-security") == [HSTS]


def test_plain_http_leads_people_on_and_refuses_devices(stage: Proxied) -> None:
    status, headers, _ = stage.ask("/incidents?a=b", plain=True)
    assert status in (301, 308)
    assert values(headers, "location")[0].startswith(f"https://{SITE}")
    assert values(headers, "location")[0].endswith("/incidents?a=b")
    assert stage.ask(f"/feeds/osmand?id=tracker&key={DEVICE_KEY}", plain=True)[0] == 403


def test_nobody_can_say_that_he_is_somewhere_else(stage: Proxied) -> None:
    forged = {
        "X-Forwarded-For": FORGED,
        "X-Real-IP": FORGED,
        "Forwarded": f"for={FORGED};proto=http;host=elsewhere.example",
        "X_Forwarded_For": FORGED,
    }
    status, _, _ = stage.ask("/feeds/osmand?id=nobody&key=no", forged, address="127.0.0.77")
    assert status == 401
    said = (stage.folder / "server.log").read_text()
    assert "127.0.0.77" in said
    assert FORGED not in said


def test_a_stream_is_passed_on_as_it_comes(stage: Proxied) -> None:
    with stage.connect() as client:
        lines = f"GET /live?operation=live HTTP/1.1\r\nHost: {stage.host}\r\n"
        client.sendall(f"{lines}Authorization: Bearer {stage.token}\r\n\r\n".encode())
        heard = b""
        while b"event: beat" not in heard:
            piece = client.recv(1000)
            assert piece, heard
            heard += piece
    assert heard.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 0",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding:\x0bchunked",
        "Content-Length: +5",
    ],
)
def test_a_second_request_is_not_smuggled_in(stage: Proxied, framing: str) -> None:
    with stage.connect() as client:
        host = f"Host: {stage.host}\r\n"
        head = f"POST /sign-in HTTP/1.1\r\n{host}Connection: close\r\n{framing}\r\n\r\n"
        client.sendall(
            f"{head}0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: {stage.host}\r\n\r\n".encode()
        )
        answer = b""
        try:
            while piece := client.recv(10_000):
                answer += piece
        except OSError:
            pass
    assert b"alive" not in answer
    assert answer.count(b"HTTP/1.1 ") <= 1


def test_track_files_may_be_larger_than_other_bodies(stage: Proxied) -> None:
    path, body = "/api/v1/operations/live/imports", b"a" * 3_000_000
    assert stage.ask(path, {"Content-Type": "application/octet-stream"}, body)[0] == 401
    assert stage.ask(path, {"Content-Type": "application/octet-stream"}, body * 6)[0] == 413


def test_clients_who_do_not_finish_silence_nothing(stage: Proxied) -> None:
    authorised = {"Authorization": f"Bearer {stage.token}"}
    with (
        clients(stage.port, 200, silent),
        clients(stage.plain_port, 200, slow_head),
        clients(stage.port, 200, silent, addresses=100),
    ):
        assert stage.ask("/healthz")[0] == 200
        assert stage.ask("/api/v1/operations", authorised)[0] == 200
        assert stage.ask("/feeds/osmand?id=nobody&key=no", address="127.0.0.78")[0] == 401


def test_keys_and_cookies_stand_in_no_log(stage: Proxied) -> None:
    """The last of its proxy: the server is stopped, since errors are written down too."""
    said = {"Cookie": "__Host-fpu=cookie-of-somebody", "Authorization": "Bearer token-of-somebody"}
    query = f"id=tracker&key={DEVICE_KEY}&lat=42.6&lon=20.9&timestamp={int(time.time())}"
    asked = [
        f"/feeds/osmand?{query}",
        f"/feeds/%2e%2e/feeds/osmand?{query}",
        f"//feeds/osmand?{query}",
    ]
    for path in asked:
        stage.ask(path, said)
        stage.ask(path, said, b"a" * 100_000)
        stage.ask(path, said, plain=True)
    os.killpg(stage.server.process.pid, signal.SIGKILL)
    stage.server.process.wait(PATIENCE_S)
    for path in asked:
        assert stage.ask(path, said)[0] in (400, 404, 502)
    logs = stage.logs
    assert "/feeds/osmand" in logs
    for secret in (DEVICE_KEY, "cookie-of-somebody", "token-of-somebody", stage.token, PASSWORD):
        assert secret not in logs


def test_the_recipe_for_certificates_keeps_its_authority(tmp_path: Path) -> None:
    def make(*names: str) -> str:
        command = [ROOT / "deploy" / "certificates.sh", tmp_path, *names]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else ""

    assert "server.pem: OK" in make("a.example")
    authority = (tmp_path / "authority.pem").read_text()
    assert "server.pem: OK" in make("a.example")
    assert (tmp_path / "authority.pem").read_text() == authority
    assert not make("b.example")  # another name is not permitted to this authority
    assert not make("a.example", "192.0.2.1")
    assert {path.name for path in tmp_path.iterdir() if path.stat().st_mode & 0o077} == {
        "authority.pem",
        "server.pem",
    }
