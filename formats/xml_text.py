"""The text of an XML file: many writers declare another encoding than the one they use.

A letter of a name that cannot be told must not cost the positions, which are digits.
"""

from __future__ import annotations

import codecs
import re

_DECLARATION = re.compile(rb"\A\s*<\?xml\b[^>]{0,200}\?>")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_REMARK = re.compile(rb"<!--|<!\[CDATA\[")
_KNOWN = re.compile(
    r"iso-?8859-?\d+|latin-?\d|(windows-|cp)125\d|koi8-[ru]|(x-)?mac-?(roman|cyrillic|latin2)?"
    r"|gb(2312|k|18030)|big5|shift[_-]?jis|euc-(jp|kr)"
)
"""Encodings that are what they are called; others are taken for UTF-8."""

_WIDE = (
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_PIECE = 1 << 16
_LAST = "cp1252"  # what programs for Windows write without saying so


def as_utf8(data: bytes) -> bytes:
    """The document in UTF-8: as it came where it is so, otherwise without its declaration."""
    if _declared(data) in ("", "utf-8", "utf8", "us-ascii", "ascii") and _is_utf8(data):
        return data
    text = _text(data).encode("utf-8", "replace")
    return _DECLARATION.sub(b"", text.removeprefix(codecs.BOM_UTF8))


def without_remarks(text: bytes) -> bytes:
    """The document without comments and quoted text, where every tag is one.

    What has no end goes on to the end of the file, as for a parser; looking for it once only keeps
    a file of nothing but beginnings from costing the square of its length.
    """
    kept: list[bytes] = []
    at = 0
    while found := _REMARK.search(text, at):
        kept.append(text[at : found.start()])
        end = text.find(b"-->" if found.group() == b"<!--" else b"]]>", found.end())
        if end < 0:
            return b"".join(kept)
        at = end + 3
    return b"".join([*kept, text[at:]])


def _text(data: bytes) -> str:
    for begin, wide in _WIDE:
        if data.startswith(begin):
            return data.decode(wide, "replace")
    name = _declared(data)
    try:
        return data.decode(name if _KNOWN.fullmatch(name) else "utf-8")
    except (UnicodeDecodeError, LookupError):
        return data.decode(_LAST, "replace")


def _declared(data: bytes) -> str:
    declaration = _DECLARATION.match(data)
    said = _ENCODING.search(declaration.group()) if declaration else None
    return said.group(1).decode().lower() if said else ""


def _is_utf8(data: bytes) -> bool:
    """Whether it is, without a second copy of it. A zero byte is a letter of two bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    if b"\0" in data[:4]:
        return False
    try:
        for first in range(0, len(data), _PIECE):
            decoder.decode(data[first : first + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
