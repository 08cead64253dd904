"""``flask tracks`` as typed, on a real database."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gpxpy
import pytest
from click.testing import Result
from flask import Flask

from commands.tracks import CHUNK, STOPPED, tracks_commands
from data.database import Database
from data.file_reading.process import FileReader
from data.fix_store import FixStore
from data.roster_store import RosterStore
from domain.file_budget import FileBudget
from domain.roster import Unit
from domain.time import to_rfc3339
from formats.registry import FILE_FORMATS
from services.clock import utc_now
from services.ingest import Ingest
from services.roster import RosterService
from services.track_export import TrackExport
from services.track_reading import device_of
from services.tracks import Tracks
from tests.services.positions import make_ingest

START = datetime(2026, 5, 4, 8, tzinfo=UTC)
BELONGING = ("--unit", "papa 11", "--operation", "live")
DAY = ("--from", "2026-05-04T00:00:00Z", "--to", "2026-05-05T00:00:00Z")


@dataclass
class Joined:
    ingest: Ingest
    tracks: Tracks
    track_export: TrackExport
    roster: RosterService
    file_reader: FileReader = field(default_factory=FileReader)
    file_budget: FileBudget = field(default_factory=FileBudget)


@pytest.fixture
def joined(database: Database) -> Iterator[Joined]:
    roster = RosterService(database, RosterStore())
    roster.ensure_live(utc_now())
    roster.add(Unit("p11", "PAPA 11", "patrol"))
    fixes = FixStore(database)
    joined = Joined(
        make_ingest(database), Tracks(fixes), TrackExport(fixes, roster, FILE_FORMATS), roster
    )
    yield joined
    joined.ingest.close()


@pytest.fixture
def enter(joined: Joined) -> Callable[..., Result]:
    app = Flask("tests")
    app.cli.add_command(tracks_commands(lambda: joined))
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["tracks", *map(str, words)])


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    return gpx(tmp_path / "walk.gpx", [[0, 10, 20], [30, 40]])


def gpx(path: Path, segments: list[list[float]], *, bad: str = "") -> Path:
    """A file whose points go north from Mitrovicë/Mitrovica."""
    points = "".join(
        "<trkseg>" + "".join(map(point, segment)) + "</trkseg>" for segment in segments
    )
    path.write_text(f"<gpx><trk>{points}{bad}</trk></gpx>")
    return path


def point(second: float, latitude: float | None = None) -> str:
    time = to_rfc3339(START + timedelta(seconds=second))
    where = 42.89 + second * 1e-5 if latitude is None else latitude
    return f'<trkpt lat="{where}" lon="20.87"><time>{time}</time></trkpt>'


def stored(database: Database) -> int:
    return len(FixStore(database).trails("live", START + timedelta(days=1), 86_400))


def test_a_file_is_imported_once(
    enter: Callable[..., Result], walk: Path, database: Database
) -> None:
    first, again = enter("import", walk, *BELONGING), enter("import", walk, *BELONGING)
    assert first.exit_code == again.exit_code == 0, first.output
    assert "PAPA 11 in live, device import:walk.gpx" in first.output
    assert "accepted: 5\nduplicates: 0\nquarantined: 0" in first.output
    assert "accepted: 0\nduplicates: 5\nquarantined: 0" in again.output
    assert stored(database) == 5


def test_segments_stay_apart(enter: Callable[..., Result], walk: Path, joined: Joined) -> None:
    enter("import", walk, *BELONGING, "--device", "watch")
    [pieces] = joined.tracks.pieces("live", "p11", START, START + timedelta(hours=1))
    assert [len(piece) for piece in pieces] == [3, 2]
    assert pieces[0].device[0] == "watch"


def test_what_cannot_be_is_counted_by_reason(
    enter: Callable[..., Result], tmp_path: Path, database: Database
) -> None:
    timeless = '<trkpt lat="42.9" lon="20.87"/>'
    abroad = point(70, latitude=45.2)
    bad = f"<trkseg>{timeless}{abroad}{point(-4e9, 42.9)}{point(80, latitude=99)}</trkseg>"
    file = gpx(tmp_path / "bad.gpx", [[0]], bad=bad)
    said = enter("import", file, *BELONGING).output
    assert "accepted: 1\nduplicates: 0\nquarantined: 4\n" in said
    for reason in ("before_mission", "no_time", "out_of_range", "outside_area"):
        assert f"  {reason}: 1\n" in said
    again = enter("import", file, *BELONGING).output
    assert "accepted: 0\nduplicates: 5\nquarantined: 0\n" in again
    assert "accepted: 1\n" in enter("import", file, *BELONGING, "--anywhere").output
    assert stored(database) == 2


def test_a_stop_keeps_what_is_stored_and_says_so(
    enter: Callable[..., Result], tmp_path: Path, joined: Joined, database: Database
) -> None:
    file = gpx(tmp_path / "long.gpx", [list(range(3 * CHUNK))])
    joined.ingest.close()
    joined.ingest = make_ingest(database, notify=lambda: os.kill(os.getpid(), signal.SIGINT))
    before = signal.getsignal(signal.SIGINT)
    stopped = enter("import", file, *BELONGING)
    assert stopped.exit_code == STOPPED
    assert f"accepted: {CHUNK}\n" in stopped.output
    assert "Stopped. What is stored stays" in stopped.output
    assert stored(database) == CHUNK
    assert signal.getsignal(signal.SIGINT) is before
    joined.ingest.close()
    joined.ingest = make_ingest(database)
    rest = enter("import", file, *BELONGING).output
    assert f"accepted: {2 * CHUNK:,}\nduplicates: {CHUNK}\n" in rest


def test_a_file_that_breaks_off_gives_what_it_has(
    enter: Callable[..., Result], walk: Path, database: Database
) -> None:
    walk.write_text(walk.read_text()[:-60])
    result = enter("import", walk, *BELONGING)
    assert result.exit_code == 1
    assert "Error: walk.gpx is broken" in result.output
    assert f"accepted: {stored(database)}\n" in result.output
    assert stored(database) > 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--unit", "papa 99", "--operation", "live"), "there is no unit papa 99"),
        (("--unit", "p11", "--operation", "nowhere"), "there is no such operation"),
        ((*BELONGING, "--device", "x" * 81), "device: must be 1 to 80"),
    ],
)
def test_what_is_not_known_is_refused(
    enter: Callable[..., Result], walk: Path, words: tuple[str, ...], complaint: str
) -> None:
    result = enter("import", walk, *words)
    assert result.exit_code == 1
    assert complaint in result.output


def test_an_export_is_read_by_others_and_by_us(
    enter: Callable[..., Result], walk: Path, tmp_path: Path, database: Database
) -> None:
    enter("import", walk, *BELONGING)
    file = tmp_path / "out.gpx"
    said = enter("export", file, *BELONGING, *DAY)
    assert said.output == f"{file}: 5 positions in 2 segments\n"
    [track] = gpxpy.parse(file.read_text()).tracks
    assert track.name == "PAPA 11"
    assert [len(segment.points) for segment in track.segments] == [3, 2]
    assert track.segments[1].points[0].time == START + timedelta(seconds=30)
    again = enter("import", file, *BELONGING, "--device", "import:walk.gpx")
    assert "duplicates: 5" in again.output


def test_an_export_never_replaces_a_file_and_never_is_empty(
    enter: Callable[..., Result], walk: Path, tmp_path: Path
) -> None:
    file = tmp_path / "out.gpx"
    assert "there are no positions in that time" in enter("export", file, *BELONGING, *DAY).output
    assert not file.exists()
    enter("import", walk, *BELONGING)
    assert "File exists" in enter("export", walk, *BELONGING, *DAY).output
    backwards = ("--from", DAY[3], "--to", DAY[1])
    assert "is after --to" in enter("export", file, *BELONGING, *backwards).output


def test_a_long_name_still_tells_files_apart() -> None:
    names = {device_of("x" * 200 + end) for end in ("a.gpx", "b.gpx")}
    assert len(names) == 2
    assert {len(name) for name in names} == {80}


def test_a_file_of_no_format_is_refused(
    enter: Callable[..., Result], walk: Path, tmp_path: Path
) -> None:
    other = walk.rename(tmp_path / "walk.fit")
    for what in (("import", other), ("export", tmp_path / "out.fit", *DAY)):
        assert (
            "Error: file: must end in .gpx" in enter(what[0], what[1], *BELONGING, *what[2:]).output
        )
    assert other.rename(tmp_path / "WALK.GPX").exists()
    assert "accepted: 5" in enter("import", tmp_path / "WALK.GPX", *BELONGING).output


@pytest.mark.parametrize("end", ["gpx", "geojson", "csv", "gpkg"])
def test_several_units_go_out_and_come_back_as_the_file_says(
    enter: Callable[..., Result], joined: Joined, walk: Path, tmp_path: Path, end: str
) -> None:
    joined.roster.add(Unit("p12", "PAPA 12", "patrol"))
    enter("import", walk, *BELONGING)
    enter("import", walk, "--unit", "p12", "--operation", "live")
    file = tmp_path / f"out.{end}"
    said = enter("export", file, "--operation", "live", *DAY).output
    assert said == f"{file}: 10 positions in 4 segments\n"
    again = enter("import", file, "--operation", "live").output
    assert "accepted: 0\nduplicates: 10\nquarantined: 0\n" in again


def test_a_file_that_names_no_unit_asks_for_one(enter: Callable[..., Result], walk: Path) -> None:
    assert "choose the unit" in enter("import", walk, "--operation", "live").output


def test_times_without_a_zone_are_utc_only_when_told(
    enter: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "walk.csv"
    file.write_text("time,lat,lon\n2026-05-04 08:00:00,42.89,20.87\n")
    assert "  no_zone: 1\n" in enter("import", file, *BELONGING).output
    assert "accepted: 1\n" in enter("import", file, *BELONGING, "--utc").output
