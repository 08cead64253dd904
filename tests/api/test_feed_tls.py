"""TLS of the listeners, as server and as client: who is spoken to, and what is refused."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from api.feed_tls import tls_context
from domain.errors import InvalidField
from tests.tak_client import make_certificates

CLIENT, SERVER = ssl.Purpose.CLIENT_AUTH, ssl.Purpose.SERVER_AUTH


def greet(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """A handshake in memory; raises ``SSLError`` where one side refuses the other."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname="localhost"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends:
        for end in tuple(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                continue


@pytest.fixture
def files(tmp_path: Path) -> Path:
    make_certificates(tmp_path, "server", "phone")
    return tmp_path


def ours(files: Path, name: str) -> tuple[Path, Path]:
    return files / f"{name}.pem", files / f"{name}.key"


def test_both_show_a_certificate_of_the_authority(files: Path) -> None:
    authority = files / "authority.pem"
    server = tls_context(CLIENT, authority, *ours(files, "server"))
    greet(server, tls_context(SERVER, authority, *ours(files, "phone")))
    for context in (server, tls_context(SERVER, authority, None, None)):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_client_that_shows_nothing_is_refused(files: Path) -> None:
    authority = files / "authority.pem"
    server = tls_context(CLIENT, authority, *ours(files, "server"))
    with pytest.raises(ssl.SSLError, match=r"(?i)peer did not return a certificate"):
        greet(server, tls_context(SERVER, authority, None, None))


def test_nobody_is_believed_of_another_authority(files: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    make_certificates(other, "server", "phone")
    authority = files / "authority.pem"
    server = tls_context(CLIENT, authority, *ours(files, "server"))
    trusting = [
        (server, tls_context(SERVER, authority, *ours(other, "phone"))),
        (server, tls_context(SERVER, other / "authority.pem", *ours(files, "phone"))),
        (server, tls_context(SERVER, None, *ours(files, "phone"))),
        (
            tls_context(CLIENT, None, *ours(files, "server")),
            tls_context(SERVER, authority, *ours(files, "phone")),
        ),
    ]
    for ends in trusting:
        with pytest.raises(ssl.SSLError, match=r"(?i)certificate.verify.failed"):
            greet(*ends)


@pytest.mark.parametrize("whose", [CLIENT, SERVER])
def test_what_cannot_be_used_is_named(files: Path, whose: ssl.Purpose) -> None:
    broken = files / "broken.pem"
    broken.write_text("no certificate")
    certificate, key = ours(files, "server")
    authority = files / "authority.pem"
    for one, two in ((certificate, None), (None, key)):
        with pytest.raises(InvalidField, match="together"):
            tls_context(whose, authority, one, two)
    wrong = [
        (broken, certificate, key),
        (authority, broken, key),
        (authority, certificate, ours(files, "phone")[1]),
        (files / "missing.pem", certificate, key),
    ]
    for each in wrong:
        with pytest.raises(InvalidField, match="cannot be used") as refused:
            tls_context(whose, *each)
        assert refused.value.field == "certificate"
