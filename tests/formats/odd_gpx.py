"""GPX files as real writers make them, odd ones included: each name says what it is about."""

from __future__ import annotations

from collections.abc import Callable

HEAD = '<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">'
GARMIN = "http://www.garmin.com/xmlschemas/TrackPointExtension/v1"
TIMES = (
    "1901-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2000-01-01T00:00:00Z", "2010-05-05T10:00:00",
    "2010-05-05T10:00:01.1234567Z", "2010-05-05T10:00:02+02:00", "2010-05-05",
    "2010-05-05 10:00:03",
    "2010-05-05T10:00:60Z", "2010-05-05T24:00:00Z", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z",
    "0000-00-00T00:00:00Z", "abc", " 2010-05-05T10:00:07Z ", "20100505T100005Z", "",
)  # fmt: skip


def point(number: int, extra: str = "", time: str | None = None) -> str:
    """A point of a track, five seconds after the one before it."""
    moment = f"2025-11-20T08:{number // 12:02d}:{number % 12 * 5:02d}Z" if time is None else time
    place = f'lat="42.{600 + number}" lon="20.9"'
    return f"<trkpt {place}><ele>{number}</ele><time>{moment}</time>{extra}</trkpt>"


def _track(*segments: str, name: str = "a") -> str:
    inside = "".join(f"<trkseg>{segment}</trkseg>" for segment in segments)
    return f"<trk><name>{name}</name>{inside}</trk>"


def _whole(inside: str, head: str = HEAD) -> str:
    return f"{head}{inside}</gpx>"


def _five(name: str = "a") -> str:
    return _whole(_track("".join(map(point, range(5))), name=name))


def _declared(encoding: str, said: str | None = None, name: str = "\u0160ar \xe9") -> bytes:
    return f'<?xml version="1.0" encoding="{said or encoding}"?>\n{_five(name)}'.encode(encoding)


def _prefixed() -> str:
    text = _five().removeprefix(HEAD).removesuffix("</gpx>")
    return (
        '<g:gpx version="1.1" creator="x" xmlns:g="http://www.topografix.com/GPX/1/1">'
        + text.replace("</", "</g:").replace("<t", "<g:t").replace("<e", "<g:e")
        .replace("<n", "<g:n") + "</g:gpx>"
    )  # fmt: skip


def _waypoints(name: str, count: int) -> str:
    return "".join(f'<{name} lat="42.{600 + number}" lon="20.9"/>' for number in range(count))


FILES: dict[str, tuple[int, Callable[[], bytes | str]]] = {
    # name: how many points a track has in it, and the file
    "utf_8": (5, lambda: _declared("utf-8")),
    "byte_order_mark": (5, lambda: b"\xef\xbb\xbf" + _declared("utf-8")),
    "utf_16": (5, lambda: _declared("utf-16")),
    "utf_16_without_mark": (5, lambda: _declared("utf-16-be")),
    "utf_16_in_name_only": (5, lambda: _declared("utf-8", "utf-16")),
    "windows_1250": (5, lambda: _declared("cp1250", "windows-1250")),
    "windows_1252": (5, lambda: _declared("cp1252", "windows-1252")),
    "latin_1": (5, lambda: _declared("latin-1", "ISO-8859-1", "\xe9")),
    "windows_called_utf_8": (5, lambda: _declared("cp1252", "utf-8")),
    "lines_of_windows": (5, lambda: _five().replace("><", ">\r\n<")),
    "prefixed": (5, _prefixed),
    "without_segments": (5, lambda: _whole(f"<trk>{''.join(map(point, range(5)))}</trk>")),
    "remarks": (
        1,
        lambda: _whole(
            '<!-- <trkpt lat="1" lon="2"/> <wpt lat="1" lon="1"/> -->'
            + _track(point(1), name='<![CDATA[<trkpt lat="1">]]>')
        ),
    ),
    "several": (
        11,
        lambda: _whole(
            _waypoints("wpt", 3)
            + _track("".join(map(point, range(3))), "", point(30) + point(31))
            + f"<rte>{_waypoints('rtept', 4)}</rte>"
            + _track("".join(map(point, range(40, 46))))
        ),
    ),
    "twice_and_otherwise": (
        5,
        lambda: _whole(
            _track(point(1) + point(1) + point(2), point(3, time="2025-11-20T08:00:10Z") + point(1))
        ),
    ),
    "without_times": (5, lambda: _whole(_track(_waypoints("trkpt", 4) + _waypoints("trkpt", 1)))),
    "times": (
        len(TIMES),
        lambda: _whole(_track("".join(point(n, time=time) for n, time in enumerate(TIMES)))),
    ),
    "version_1_0": (
        3,
        lambda: _whole(
            _track("".join(point(n, "<course>12</course><speed>3</speed>") for n in range(3))),
            '<gpx version="1.0" creator="x" xmlns="http://www.topografix.com/GPX/1/0">',
        ),
    ),
    "extensions": (
        3,
        lambda: _whole(
            _track(
                "".join(
                    point(n, f'<extensions><x:T xmlns:x="{GARMIN}"><x:hr>9</x:hr></x:T>'
                    '<trkpt lat="1" lon="1"/></extensions>')
                    for n in range(3)
                )
            )
        ),
    ),
    "impossible": (
        8,
        lambda: _whole(
            _track(
                '<trkpt lat="42,6" lon="20,9"/><trkpt lon="20.9"/><trkpt/><trkpt lat="" lon=""/>'
                + "".join(
                    f"<trkpt {place}><time>2025-11-20T08:00:00Z</time></trkpt>"
                    for place in (
                        'lat="91" lon="20"', 'lat="nan" lon="20"', 'lat="0" lon="0"',
                        'lat="20.9" lon="42.6"',
                    )
                )
            )
        ),
    ),
    "years_apart": (
        3,
        lambda: _whole(_track("".join(
            point(n, time=f"{year}-06-01T10:00:00Z") for n, year in enumerate((2009, 2015, 2025))
        ))),
    ),
    "many": (1_300, lambda: _whole(_track(*(
        "".join(
            point(n % 300, time=f"2025-0{1 + part}-01T00:{n // 60:02d}:{n % 60:02d}Z")
            for n in range(650)
        ) for part in range(2)
    )))),
}  # fmt: skip


def raw(name: str) -> bytes:
    """The bytes of one file."""
    made = FILES[name][1]()
    return made if isinstance(made, bytes) else made.encode()
