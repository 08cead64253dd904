"""``flask feeds mqtt`` as a process at a real Mosquitto: served, refused, and killed under load."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

from app import create_app
from data.database import Database
from data.fix_store import FixStore
from data.quarantine_store import QuarantineStore
from domain.roster import Operation, Unit
from domain.time import to_rfc3339
from services.access.demonstration_accounts import seed_demonstration_accounts
from services.container import services_of
from settings import ROOT, Settings
from tests.mosquitto import Broker, Line, Phone, position
from tests.serving import BEARER, PATIENCE_S, serving
from tests.tak_client import make_certificates

DEVICES = ("sokol-1", "sokol-2", "sokol-3")
COMMAND = (sys.executable, "-m", "flask", "--app", "app:create_app", "feeds", "mqtt")
NOW = int(time.time())


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path) -> Path:
    """With three patrols in the live operation, and the accounts of the demonstration."""
    path = tmp_path / "served.db"
    shutil.copyfile(sqlite_template, path)
    server = create_app(Settings(database_url=f"sqlite:///{path}"))
    services = services_of(server.extensions)
    seed_demonstration_accounts(services.accounts)
    long_ago = datetime.fromtimestamp(NOW - 86_400, UTC)
    services.roster.ensure_live(long_ago)
    services.roster.add(Operation("demo", "exercise", "Demonstration", long_ago))
    for name in DEVICES:
        services.roster.add(Unit(name, name.upper()))
        services.roster.add_device(name, "key", "knots", "")
        services.roster.assign_unit(name, "live", long_ago)
        services.roster.assign_device(name, name, long_ago)
    services.close()
    return path


@contextmanager
def feeding(database: Path, *options: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process that is connected; killed at the end."""
    process = subprocess.Popen(
        [*COMMAND, *options],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("FPU_")},
            "FPU_DATABASE_URL": f"sqlite:///{database}",
            "PYTHONUNBUFFERED": "1",
            **variables,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("connected"):
                break
        else:
            pytest.fail(f"it ended with {process.wait()}: {said}")
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def wait_until(met: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < until
        time.sleep(0.05)


def stored(database: Path) -> Counter[tuple[str, int]]:
    """How often each second of each device is there."""
    opened = Database(f"sqlite:///{database}")
    try:
        long_ago, soon = (datetime.fromtimestamp(NOW + day * 86_400, UTC) for day in (-2, 2))
        columns = FixStore(opened).between("live", None, long_ago, soon)
        seconds = (columns.fix_time // 1_000_000).tolist()
        return Counter(zip(columns.device.tolist(), seconds, strict=True))
    finally:
        opened.close()


def test_a_phone_at_a_broker_is_seen_in_the_dashboard(database: Path, tmp_path: Path) -> None:
    """From a phone that proves itself over TLS to who asks the API."""
    make_certificates(tmp_path, "server")
    folder = tmp_path / "broker"
    folder.mkdir()
    shutil.copy(tmp_path / "authority.pem", folder)
    for name in ("server.pem", "server.key"):
        shutil.copy(tmp_path / name, folder)
    people = folder / "people"
    for number, name in enumerate(("dashboard", "sokol-1")):
        options = ["-b"] if number else ["-b", "-c"]
        subprocess.run(["mosquitto_passwd", *options, people, name, f"of {name}"], check=True)
    rules = folder / "rules"
    rules.write_text("pattern write owntracks/%u/%u/#\nuser dashboard\ntopic read owntracks/#\n")
    rules.chmod(0o700)
    further = f"password_file {people}\nacl_file {rules}\nallow_anonymous false\n"
    files = {"cafile": "authority.pem", "certfile": "server.pem", "keyfile": "server.key"}
    tls = "".join(f"{name} {folder / file}\n" for name, file in files.items())
    secret = tmp_path / "secret"
    secret.write_text("of dashboard\n")
    options = ["--username", "dashboard", "--password-file", str(secret)]
    authority = str(tmp_path / "authority.pem")
    with Broker(folder, further, after=tls) as broker, serving(database) as server:
        options += ["--host", "localhost", "--port", str(broker.port), "--ca", authority]
        with feeding(database, *options) as process:
            login = {"ca": authority, "password": "of sokol-1"}
            phone = Phone("sokol-1", "sokol-1", broker.port, **login)
            phone.tell(NOW)
            liar = Phone("sokol-1", "sokol-2", broker.port, **login)
            liar.tell(NOW)  # the broker takes it and hands it on to nobody
            phone.tell(NOW + 1)
            path = "/api/v1/operations/live/positions/latest"
            told = to_rfc3339(datetime.fromtimestamp(NOW + 1, UTC))
            wait_until(lambda: told in server.ask(path, **BEARER)[2])
            (seen,) = json.loads(server.ask(path, **BEARER)[2])["features"]
            assert (seen["properties"]["unit"], seen["properties"]["speed"]) == ("sokol-1", 10.0)
            assert seen["geometry"]["coordinates"] == [20.87, 42.89]
            phone.vanish()
            wait_until(lambda: "contact_lost" in server.ask(path, **BEARER)[2])
            liar.leave()
            process.send_signal(signal.SIGTERM)
            rest, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert rest.splitlines()[-1].startswith("stopped; connections: 1, location: 2, lwt: 1")


def test_killed_under_load_nothing_is_lost_and_nothing_is_there_twice(
    database: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    dice = random.Random(45)
    published: set[tuple[str, int]] = set()
    stop = threading.Event()

    def talk(name: str) -> None:
        phone = Phone("fpu", name, broker.port)
        begin = NOW - 80_000
        while not stop.wait(0.05):  # a pause, so that the broker's queue stays short
            seconds = range(begin, begin + 20)
            phone.say_all([position(second) for second in seconds], retain=True)
            published.update((name, second) for second in seconds)
            begin += 20
        phone.leave()

    with Broker(folder, "autosave_on_changes false\n") as broker:
        with feeding(database, "--port", str(broker.port)):
            pass  # from here on the broker keeps what comes
        talking = [threading.Thread(target=talk, args=(name,)) for name in DEVICES]
        for thread in talking:
            thread.start()
        try:
            for _ in range(3):
                before = sum(stored(database).values())
                with feeding(database, "--port", str(broker.port)):
                    wait_until(lambda before=before: sum(stored(database).values()) > before)
                    time.sleep(dice.uniform(0.0, 0.5))  # the moment is the experiment
        finally:
            stop.set()
            for thread in talking:
                thread.join()
        assert sum(stored(database).values()) > 0
        with feeding(database, "--port", str(broker.port)) as process:
            wait_until(lambda: stored(database).keys() >= published)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
    assert stored(database) == dict.fromkeys(published, 1)
    opened = Database(f"sqlite:///{database}")
    assert QuarantineStore(opened).listing("live") == []
    opened.close()


def in_quarantine(database: Path) -> Counter[tuple[str, bytes]]:
    """How often what each device sent is there."""
    opened = Database(f"sqlite:///{database}")
    try:
        kept = QuarantineStore(opened).listing("live")
        return Counter((one.entry.device, one.entry.raw) for one in kept)
    finally:
        opened.close()


@pytest.mark.parametrize("broker_too", [False, True], ids=["alone", "before the broker restarts"])
def test_killed_before_the_broker_was_told_poison_is_there_as_often_as_it_was_sent(
    database: Path, tmp_path: Path, broker_too: bool
) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    poison = [b"\x00\xff", b"[]", b"\x00\xff"]  # the first is really sent twice
    outside = json.dumps(position(NOW, 51.5)).encode()  # read, and believed by nobody
    sent = Counter(("sokol-1", one) for one in [*poison, outside])
    sent["sokol-2", b"[]"] = 1
    with Broker(folder) as broker:
        phones = [Phone("fpu", name, broker.port) for name in DEVICES[:2]]
        with Line(broker.port) as line, feeding(database, "--port", str(line.port)):
            line.hold_back()
            phones[0].say_all([*poison, outside])
            phones[1].say(b"[]")
            wait_until(lambda: in_quarantine(database) == sent)
        if broker_too:
            broker.stop()
            broker.start()
        with feeding(database, "--port", str(broker.port)) as process:
            phones[0].tell(NOW)  # comes after all that is delivered again
            wait_until(lambda: stored(database)["sokol-1", NOW] == 1)
            assert in_quarantine(database) == sent
            phones[0].say(poison[0])
            sent["sokol-1", poison[0]] += 1
            wait_until(lambda: in_quarantine(database) == sent)
            process.send_signal(signal.SIGTERM)
            rest, _ = process.communicate(timeout=PATIENCE_S)
        with feeding(database, "--port", str(broker.port)) as process:
            process.send_signal(signal.SIGTERM)
            once_more, _ = process.communicate(timeout=PATIENCE_S)
        for phone in phones:
            phone.leave()
    # all of it was delivered again, and acknowledged at last
    counts = rest.splitlines()[-1]
    assert ("location: 2" in counts, "unreadable: 5" in counts) == (True, True)
    assert once_more.splitlines()[-1] == "stopped; connections: 1"
    assert in_quarantine(database) == sent


def run(database: Path, *options: str) -> Result:
    server = create_app(Settings(database_url=f"sqlite:///{database}"))
    return server.test_cli_runner().invoke(args=["feeds", "mqtt", *options])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "192.0.2.1"], "loopback"),
        (["--topic", "owntracks/#"], "without + and #"),
        (["--topic", ""], "without + and #"),
        (["--identity", "both"], "'device', 'user'"),
        (["--password", "secret"], "No such option"),
    ],
)
def test_what_it_refuses(database: Path, options: list[str], words: str) -> None:
    result = run(database, *options)
    assert result.exit_code != 0
    assert words in result.output


def test_it_refuses_files_that_cannot_be_used(database: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    assert "cannot be used" in run(database, "--ca", str(broken)).output
    assert "together" in run(database, "--certificate", str(broken)).output
    assert "flask db upgrade" in run(tmp_path / "empty.db").output


def test_a_wrong_password_is_told_and_tried_again(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    (folder / "people").touch(mode=0o700)
    with Broker(folder, f"allow_anonymous false\npassword_file {folder}/people\n") as broker:
        process = subprocess.Popen(
            [*COMMAND, "--port", str(broker.port)],
            cwd=ROOT,
            env={
                **os.environ,
                "FPU_DATABASE_URL": f"sqlite:///{database}",
                "FPU_MQTT_USERNAME": "dashboard",
                "FPU_MQTT_PASSWORD": "guessed",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        warned = next(line for line in process.stdout if "refuses" in line)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=PATIENCE_S)
    assert "Not authorized" in warned
    assert "trying again" in warned
    assert "guessed" not in warned + rest
    assert process.returncode == 0
