"""A process that reads a file, however it ends; and what it tells is believed by nobody."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.file_reading.process import FileReader, ReadFile
from data.file_reading.rows import (
    Garbled,
    Summary,
    line_of,
    line_of_summary,
    reports_of,
    summary_of,
)
from domain.errors import NoRoom, TooCostly
from domain.file_budget import MEGA, FileBudget
from domain.fixes import Rejection, Report
from domain.reports import Unreadable
from settings import ROOT

OTHERS: set[int] = set()
UNHURRIED = FileBudget(processor_s=120, wait_s=300)
TABLE = b"time,lat,lon\n2026-11-20T08:00:00Z,42.6,20.9\n2026-11-20T08:00:01Z,42.6,20.9\n"


def told_by(program: str, budget: FileBudget = UNHURRIED) -> list[Report]:
    """What is read of a process that runs ``program`` instead of reading."""

    def command(_: Sequence[str]) -> Sequence[str]:
        return [sys.executable, "-S", "-c", program]

    reader = FileReader(command)
    with reader.read(b"x", "formats.gpx", budget, device="d", utc=False) as read:
        return list(read.reports())


def read(data: bytes, module: str = "formats.csv_table") -> tuple[ReadFile, list[Report]]:
    """A file read by the real process."""
    with FileReader().read(data, module, UNHURRIED, device="d", utc=False) as found:
        return found, list(found.reports())


def test_a_file_is_read_by_a_process_that_has_ended() -> None:
    found, reports = read(TABLE)
    assert (found.points, found.passed_over) == (2, {})
    assert [one.fix_time for one in reports] == [
        datetime(2026, 11, 20, 8, 0, second, tzinfo=UTC) for second in (0, 1)
    ]
    assert {one.device for one in reports} == {"d"}
    assert children() == []


def test_what_breaks_off_is_told_after_what_was_read() -> None:
    gpx = b'<gpx><wpt lat="1" lon="2"/><trk><trkseg><trkpt lat="42" lon="20"/><broken'
    reports = []
    with (
        FileReader().read(gpx, "formats.gpx", UNHURRIED, device="d", utc=False) as found,
        pytest.raises(Unreadable, match="is broken"),
    ):
        for one in found.reports():
            reports.append(one)
    assert (len(reports), found.points, found.passed_over) == (1, 1, {"waypoints": 1})


def told(points: int, *lines: str) -> str:
    """A program that tells lines, and that they are so many points."""
    summary = json.dumps({"points": points, "passed_over": {}, "broken": None, "over": None})
    return "; ".join(f"print({line!r})" for line in (*lines, summary))


@pytest.mark.parametrize(
    ("program", "budget"),
    [
        ("print('garbage')", "reader"),
        (told(1, "[[1,2]]"), "reader"),
        (told(1, "[]"), "reader"),
        (told(5), "reader"),
        (told(-1), "reader"),
        ("print('[' * 10000)", "reader"),
        ("pass", "reader"),
        ("raise SystemExit(7)", "reader"),
        ("import os; os.abort()", "reader"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "memory"),
        ("import os; os._exit(3)", "memory"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "seconds"),
        ("import os; os._exit(4)", "result"),
    ],
)  # fmt: skip
def test_whatever_the_process_does_is_an_answer(program: str, budget: str) -> None:
    with pytest.raises(TooCostly) as refusal:
        told_by(program)
    assert refusal.value.extra["budget"] == budget
    assert children() == []


def test_a_process_that_hangs_is_ended() -> None:
    with pytest.raises(TooCostly, match="not read after -4 seconds") as refusal:
        told_by("import time; time.sleep(600)", FileBudget(wait_s=-4))
    assert refusal.value.budget == "wait"
    assert children() == []


def test_a_process_is_ended_when_nobody_waits_for_it() -> None:
    asked: list[int] = []

    def gone() -> bool:
        asked.append(len(children()))
        return len(asked) > 2

    def sleeping(_: Sequence[str]) -> Sequence[str]:
        return [sys.executable, "-S", "-c", "import time; time.sleep(600)"]

    reading = FileReader(sleeping).read(
        b"", "formats.gpx", UNHURRIED, device="d", utc=False, gone=gone
    )
    with pytest.raises(NoRoom), reading:
        pytest.fail("it was read")
    assert asked == [1, 1, 1]
    assert children() == []


def test_where_no_process_can_be_started_the_answer_says_so() -> None:
    reading = FileReader(lambda _: ["/nowhere"]).read(
        b"", "formats.gpx", UNHURRIED, device="d", utc=False
    )
    with pytest.raises(NoRoom), reading:
        pytest.fail("it was read")


BUSY = """
import sys
def decode(data, *, device="", utc=False):
    {body}
    yield []
"""


@pytest.mark.parametrize(
    ("body", "given", "budget"),
    [
        ("while True: pass", {"processor_s": 1}, "seconds"),
        ("import time; time.sleep(600)", {"wait_s": 1}, "wait"),
        ("held = bytearray(2 << 30)", {}, "memory"),
        ("held = [bytes(1000) for _ in range(1 << 22)]", {"memory": 256 * MEGA}, "memory"),
        ("sys.stdout.buffer.write(bytes(3 << 20))", {"result": MEGA}, "result"),
    ],
)
def test_the_process_cannot_exceed_its_budget(
    body: str, given: dict[str, int], budget: str, tmp_path: Path
) -> None:
    (tmp_path / "hostile.py").write_text(BUSY.format(body=body))

    def command(arguments: Sequence[str]) -> Sequence[str]:
        start = (
            f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(tmp_path)!r}];"
            "from data.file_reading.child import main; sys.exit(main(sys.argv[1:]))"
        )
        return [sys.executable, "-c", start, *arguments]

    usual = {"processor_s": 120, "wait_s": 300, **given}
    with (
        pytest.raises(TooCostly) as refusal,
        FileReader(command).read(b"x", "hostile", FileBudget(**usual), device="d", utc=False),
    ):
        pytest.fail("it was read")
    assert refusal.value.budget == budget
    assert children() == []


def test_the_process_has_no_secret_and_ends_with_who_started_it(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    tells = f"open({str(seen)!r}, 'w').write(f'{{os.getpid()}} {{sorted(os.environ)}}')"
    body = f"import os, time; {tells}; time.sleep(600)"
    (tmp_path / "hostile.py").write_text(BUSY.format(body=body))
    program = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(tmp_path)!r}]
from data.file_reading.process import FileReader
from domain.file_budget import FileBudget
start = "import sys; sys.path[:0] = [{str(ROOT)!r}, {str(tmp_path)!r}];" \\
    "from data.file_reading.child import main; sys.exit(main(sys.argv[1:]))"
reader = FileReader(lambda arguments: [sys.executable, "-c", start, *arguments])
with reader.read(b"x", "hostile", FileBudget(wait_s=300), device="d", utc=False):
    pass
"""
    secret = {**os.environ, "FPU_SECRET_KEY": "never to be seen"}
    parent = Popen([sys.executable, "-c", program], env=secret, stderr=PIPE)
    said = wait_for(lambda: seen.exists() and seen.read_text())
    number, _, names = str(said).partition(" ")
    assert "FPU_SECRET_KEY" not in names
    assert alive(int(number))
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    wait_for(lambda: not alive(int(number)))


def test_a_point_that_says_too_much_costs_nobody_but_the_process() -> None:
    said = json.dumps({f"k{number}": 1 for number in range(20_000)}).encode()
    point = b'{"type":"Feature","geometry":{"type":"Point","coordinates":[20,42]},"properties":%s}'
    with pytest.raises(TooCostly, match="a point that says more than 64 kB") as refusal:
        read(point % said, "formats.geojson")
    assert refusal.value.extra["budget"] == "point"


# --- rows ----------------------------------------------------------------------------------------

NUMBERS = st.none() | st.floats(allow_nan=False) | st.integers(-(2**70), 2**70)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
REPORTS = st.builds(
    Report,
    st.text(max_size=80),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    *[NUMBERS] * 7,
    st.none(),
    st.dictionaries(st.text(), VALUES, max_size=4),
    st.lists(st.builds(Rejection, st.text(), st.text(), st.text()), max_size=2).map(tuple),
    st.text(),
    st.text(),
)


@given(st.lists(REPORTS, max_size=5))
def test_what_is_told_comes_back_as_it_was(reports: list[Report]) -> None:
    assert reports_of(line_of(reports)) == reports


@given(st.binary() | VALUES.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_row_is_refused_and_nothing_else_happens(line: bytes) -> None:
    for read_it in (reports_of, summary_of):
        try:
            found = read_it(line)
        except Garbled:
            continue
        assert found == [] or isinstance(found, Summary)


@pytest.mark.parametrize(
    "summary",
    [
        Summary(3),
        Summary(3, {"waypoints": 2}, ("file", "is broken")),
        Summary(0, over=("points", "has too many", 5)),
    ],
)
def test_a_summary_comes_back_as_it_was(summary: Summary) -> None:
    assert summary_of(line_of_summary(summary)) == summary


# --- processes -----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _others() -> Iterator[None]:
    """What other tests have left in this process is not counted."""
    OTHERS.update(_all_children())
    yield
    OTHERS.clear()


def children() -> list[int]:
    """The processes that a test has started and that have not been seen to end."""
    return [number for number in _all_children() if number not in OTHERS]


def _all_children() -> list[int]:
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(number) for number in path.read_text().split()]


def alive(number: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(met: Callable[[], object]) -> object:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        found = met()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail("it did not come to that")
