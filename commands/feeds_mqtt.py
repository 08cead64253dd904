"""``flask feeds mqtt``: OwnTracks phones that speak to a broker."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import click

from commands.feed_options import FILE, tls_files
from commands.group import Group
from settings import Settings

_PLAIN, _SECURED = 1883, 8883


class ServeMqtt(Protocol):
    """Takes what a broker has until a signal ends it (``api/mqtt_server.py``)."""

    def __call__(
        self,
        *,
        host: str,
        port: int,
        client_id: str,
        topic: str,
        named_by_user: bool,
        username: str,
        password: str,
        tls: tuple[Path | None, Path | None, Path | None] | None,
        plain_anywhere: bool,
        say: Callable[[str], None],
    ) -> None: ...


def mqtt_command(
    group: Group,
    settings: Settings,
    ready: Callable[[], AbstractContextManager[None]],
    serve_mqtt: ServeMqtt,
) -> None:
    """Add the command; ``ready`` is entered while it serves."""

    @group.command("mqtt")
    @click.option("--host", default="127.0.0.1", show_default=True, help="Of the broker.")
    @click.option("--port", type=int, help=f"{_PLAIN}, or {_SECURED} with TLS.")
    @click.option("--tls", is_flag=True, help="TLS, by the authorities this machine trusts.")
    @tls_files(
        ca="TLS: who signs the broker's certificate (PEM).",
        certificate="TLS: ours (PEM), if the broker wants one.",
    )
    @click.option("--username", help="Instead of FPU_MQTT_USERNAME.")
    @click.option("--password-file", type=FILE, help="Instead of FPU_MQTT_PASSWORD.")
    @click.option("--topic", default="owntracks", show_default=True, help="What theirs begin with.")
    @click.option(
        "--identity",
        type=click.Choice(["device", "user"]),
        default="device",
        show_default=True,
        help="Which part of TOPIC/user/device is the device of the roster.",
    )
    @click.option(
        "--client-id",
        default="fpu-dashboard",
        show_default=True,
        help="Under this name the broker keeps what comes while nobody listens.",
    )
    @click.option("--plain-anywhere", is_flag=True, help="Any host without TLS.")
    def mqtt(
        host: str,
        port: int | None,
        tls: bool,
        ca: Path | None,
        certificate: Path | None,
        key: Path | None,
        username: str | None,
        password_file: Path | None,
        topic: str,
        identity: str,
        client_id: str,
        plain_anywhere: bool,
    ) -> None:
        """Take what OwnTracks phones say at an MQTT broker, such as Mosquitto.

        The topic owntracks/<user>/<device> tells who speaks, so the broker must let each phone
        write to its own topic only. A message is acknowledged after it is stored; the broker
        keeps the others. The password comes from FPU_MQTT_PASSWORD or a file, never from here.
        """
        secured = tls or any((ca, certificate, key))
        with ready():
            serve_mqtt(
                host=host,
                port=port or (_SECURED if secured else _PLAIN),
                client_id=client_id,
                topic=topic,
                named_by_user=identity == "user",
                username=username or settings.mqtt_username,
                password=_password(password_file) or settings.mqtt_password,
                tls=(ca, certificate, key) if secured else None,
                plain_anywhere=plain_anywhere,
                say=click.echo,
            )


def _password(file: Path | None) -> str:
    """The first line of the file."""
    return "" if file is None else file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
