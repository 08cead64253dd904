"""Numbers, texts and marks that readers stumble over; what mutations put in place of good ones."""

from __future__ import annotations

NUMBERS: tuple[bytes, ...] = (
    b"NaN", b"nan", b"Infinity", b"-Infinity", b"inf", b"1e400", b"-1e400", b"1e308", b"1e-400",
    b"9" * 30, b"9" * 400, b"9" * 4300, b"9" * 5000, b"-" + b"9" * 400, b"0." + b"0" * 300 + b"1",
    b"-0", b"0", b"0.0", b"-1", b"90", b"90.0000001", b"-90.5", b"180", b"-180.0000001", b"42.89",
    b"20.87", b"2147483648", b"-2147483649", b"9223372036854775808", b"18446744073709551616",
    b"1795293000", b"1795293000000", b"99999999999", b"100000000000", b"253402300800",
    b"-62135596801", b"-62135596800", b"8640000000000001", b"1e11", b"1e15", b"1e18", b"1e300",
    b"true", b"false", b"null", b"[]", b"{}", b'"1"', b'""', b"1_000", b"0x10", b"0b1", b"1,5",
    b"42,89", b"\xd9\xa3", b"\xef\xbc\x91", b"+1", b".5", b"5.", b"1e", b"--1", b"1e+", b"", b" ",
    b"01", b"1.0.0", b"1 000", b"1979-05-27", b"1e5000",
)  # fmt: skip
"""In place of a number."""

TEXTS: tuple[bytes, ...] = (
    b"", b" ", b"\\ud800", b"\\udfff\\ud800", b"\\u0000", b"\x00", b"\\u202e", b"\xe2\x80\xae",
    b"A" * 81, b"A" * 5_000, "é".encode() * 300, "\U0001f693".encode() * 50, b"\xff\xfe",
    b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"../../../../etc/passwd", b"/etc/passwd",
    b"%00", b"%2e%2e%2f", b"=cmd|' /C calc'!A0", b"'=1+1", b"@SUM(A1)", b"<script>", b"]]>",
    b"&amp;", b"&lt;", b"&#0;", b"&#xD800;", b"&#x10FFFF;", b"&x;", b"&#99999999999;",
    b"0000-00-00T00:00:00Z", b"\\", b'\\"', b"9999-12-31T23:59:59-23:59",
    b"0001-01-01T00:00:00+14:00", b"2026-02-30T00:00:00Z", b"2026-11-21T24:00:00Z",
    b"2026-11-21T20:30:60Z", b"2026-W47-6T20:30:00Z", b"20261121T203000Z",
    b"2026-11-21 20:30:00 01:00", b"2026-11-21T20:30:00." + b"9" * 400 + b"Z", b"2026-11-21T20:30",
    b"2026-11-21T20:30:00+24:00", b"2026-11-21T20:30:00+00:00:00.000001", b"10000-01-01T00:00:00Z",
    b"2026-11-21t20:30:00z", "٢٠٢٦-11-21T20:30:00Z".encode(), b"location", b"encrypted", b"null",
    b"NaN", b"1e400", b"-1", b"true", b"sos", b"+99999999999999999999h", b"9" * 5_000 + b"h",
    b"-" * 99, b"{a}", b"{{", b"{0.__class__}", b"%s%n", b"${jndi:x}", b"\r\n\r\n",
    b"\xe2\x80\xa8", b"a:b@c/d",
)  # fmt: skip
"""In place of a text."""

MARKS: tuple[bytes, ...] = (
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"<", b">", b"</", b"/>", b"<!--",
    b"-->", b"<![CDATA[", b"]]>", b"<?", b"?>", b"<?xml version='1.0' encoding='utf-16'?>", b"&",
    b";", b"&x;", b"<!DOCTYPE x>", b"{", b"}", b"[", b"]", b'"', b"'", b"\\", b"\\u", b",", b":",
    b"\n", b"\r", b"\t", b"\n\n", b"=", b"%", b"%zz", b"+", b"#", b"?", b"\x1a", b"\x7f", b"\x80",
    b"\xc3", b"e", b"E", b"-", b"</event>", b"<event ", b"<trkpt ", b"</trkseg>", b"<trkseg>",
    b" xmlns='x'", b" lat='1'", b" lat='1'", b'"lat":', b'"_type":', b'"coords":', b'"location":',
    b'"""', b"[[", b"]]", b"sep=;\n",
)  # fmt: skip
"""Put in anywhere."""

HEADERS: tuple[bytes, ...] = (
    b"Content-Type: application/x-www-form-urlencoded", b"Content-Type: application/json",
    b"Content-Type: multipart/form-data; boundary=x", b"Content-Type: multipart/form-data",
    b"Content-Type: text/plain; charset=utf-16", b"Content-Type: \xff", b"Content-Encoding: gzip",
    b"Content-Type: application/json; charset=klingon", b"Transfer-Encoding: chunked",
    b"Authorization: Basic", b"Authorization: Basic !!!!", b"Authorization: Basic " + b"A" * 9_000,
    b"Authorization: Basic /////w==", b"Authorization: Basic Og==", b"Authorization: Bearer ",
    b"Authorization: Bearer \xff", b"X-Limit-D: ../../x", b"X-Limit-D: \x00",
    b"X-Limit-U: " + b"u" * 999, b"Content-Length: -1", b"Content-Length: 1e9", b"Host: [",
    b"Cookie: " + b"a=b; " * 500,
)  # fmt: skip
"""Put among the headers of a request."""
