"""A real Mosquitto for tests, and phones that speak to it as the OwnTracks app does."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.ports import free_port
from tests.system_packages import WITH_SERVERS

PATIENCE_S = 60.0
_SETTINGS = """
persistence true
persistence_file kept.db
persistence_location {folder}/
autosave_interval 1
autosave_on_changes true
max_queued_messages 0
log_type error
log_dest file {folder}/log
{further}
listener {port} 127.0.0.1
{after}
"""


class Broker:
    """Mosquitto on a port of its own; what it keeps is in ``folder`` and outlives it.

    ``further`` and ``after``, for its address, are more lines of its settings. It writes down what
    it keeps at every change, so that nothing is lost when it is killed.
    """

    def __init__(self, folder: Path, further: str = "", after: str = "") -> None:
        self.port = free_port()
        if "allow_anonymous" not in further:
            further += "allow_anonymous true\n"
        self._folder = folder
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(
            _SETTINGS.format(
                folder=folder, port=self.port, further=_as_we(folder) + further, after=after
            )
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Broker:
        """Running and listening."""
        binary = shutil.which("mosquitto", path=WITH_SERVERS)
        if binary is None:
            raise SystemExit("Mosquitto is missing: install it")
        self._process = subprocess.Popen([binary, "-c", self._settings], stderr=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise SystemExit("Mosquitto does not start") from None
                time.sleep(0.05)

    def stop(self, *, kill: bool = False) -> None:
        """End it, in good order or not."""
        if self._process is not None:
            if kill:
                self._process.kill()
            else:
                self._process.terminate()
            self._process.wait(PATIENCE_S)
            self._process = None

    def __enter__(self) -> Broker:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop(kill=True)


class Phone:
    """A phone whose OwnTracks is set to MQTT: ``user`` and ``device`` are in its topic.

    There may be one of each at a time. Two would take the session from each other for ever, since
    each connects again, and what one had not heard to be taken it would send once more.

    As the app does it: MQTT 3.1.1, a session that lasts, QoS 1, positions are retained, and the
    last will is an ``lwt`` with the time of connecting on the topic of the positions.
    """

    def __init__(self, user: str, device: str, port: int, **login: Any) -> None:
        self.topic = f"owntracks/{user}/{device}"
        self._taken = threading.Condition()
        self._by_broker: set[int] = set()  # the numbers of what the broker has
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{user}{device}",
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        self._client.max_inflight_messages_set(1000)
        self._client.on_publish = self._broker_has
        will = {"_type": "lwt", "tst": int(time.time())}
        self._client.will_set(self.topic, json.dumps(will), qos=1, retain=False)
        if login.get("password"):
            self._client.username_pw_set(user, login["password"])
        if login.get("ca"):
            self._client.tls_set(str(login["ca"]))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def say(
        self, document: Mapping[str, Any] | bytes, below: str = "", *, retain: bool = False,
        qos: int = 1,
    ) -> None:  # fmt: skip
        """Publish, and return when the broker has it."""
        self.say_all([document], below, retain=retain, qos=qos)

    def say_all(
        self, documents: Iterable[Mapping[str, Any] | bytes], below: str = "", *,
        retain: bool = False, qos: int = 1,
    ) -> None:  # fmt: skip
        """Publish many, and return when the broker has all of them."""
        until = time.monotonic() + PATIENCE_S
        while not self._client.is_connected():
            assert time.monotonic() < until
            time.sleep(0.02)
        sent = {
            self._client.publish(
                self.topic + below,
                one if isinstance(one, bytes) else json.dumps(one),
                qos=qos,
                retain=retain,
            ).mid
            for one in documents
        }
        # not by what `publish` returned: if the connection ends meanwhile it counts as failed there
        # and is sent again nevertheless
        with self._taken:
            assert self._taken.wait_for(lambda: sent <= self._by_broker, PATIENCE_S)
            self._by_broker -= sent

    def _broker_has(self, _: Client, __: Any, number: int, *___: Any) -> None:
        with self._taken:
            self._by_broker.add(number)
            self._taken.notify_all()

    def tell(
        self, moment: int, latitude: float = 42.89, *, retain: bool = True, **said: Any
    ) -> None:
        """A position."""
        self.say(position(moment, latitude, **said), retain=retain)

    def vanish(self) -> None:
        """The network is gone: the connection ends without a word, and the broker says the will."""
        self._client.loop_stop()
        connection = self._client.socket()
        assert connection is not None
        connection.close()

    def leave(self) -> None:
        """Disconnect in good order."""
        self._client.disconnect()
        self._client.loop_stop()


class Line:
    """An address before a broker that hands on what both sides say, byte by byte.

    After ``hold_back`` nothing that a client says arrives any more, while it still hears the
    broker: so a client that is killed then has acknowledged nothing, whatever it has said.
    """

    def __init__(self, port: int) -> None:
        self._broker = port
        self._held = threading.Event()
        self._ends: list[socket.socket] = [socket.create_server(("127.0.0.1", 0))]
        self._threads = [threading.Thread(target=self._let_in, daemon=True)]
        self.port = int(self._ends[0].getsockname()[1])

    def hold_back(self) -> None:
        """From now on the broker hears nothing."""
        self._held.set()

    def __enter__(self) -> Line:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for end in tuple(self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in tuple(self._threads):
            thread.join(PATIENCE_S)

    def _let_in(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._ends[0].accept()
                broker = socket.create_connection(("127.0.0.1", self._broker))
                self._ends += client, broker
                for ends in ((client, broker), (broker, client)):
                    thread = threading.Thread(target=self._hand_on, args=ends, daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _hand_on(self, speaker: socket.socket, hearer: socket.socket) -> None:
        from_client = speaker in self._ends[1::2]
        with suppress(OSError):
            while said := speaker.recv(65_536):
                if not (from_client and self._held.is_set()):
                    hearer.sendall(said)
            if not (from_client and self._held.is_set()):
                hearer.shutdown(socket.SHUT_WR)


def position(moment: int, latitude: float = 42.89, **said: Any) -> dict[str, Any]:
    """As the app on a phone tells it."""
    known = {
        **{"_type": "location", "tid": "S1", "tst": moment, "lat": latitude, "lon": 20.87},
        **{"acc": 9, "alt": 560, "vac": 3, "vel": 36, "cog": 90},
        **{"batt": 78, "bs": 1, "conn": "m", "m": 2, "t": "t"},
    }
    return {**known, **said}


def _as_we(folder: Path) -> str:
    """As root it would become another account that may not write into ``folder``."""
    return f"user {folder.owner()}\n"
