"""TOML whose cost would grow faster than its length."""

from __future__ import annotations

import tomllib
import tracemalloc

import pytest

from data.toml_text import LARGEST, MOST_DOTS, read_toml
from settings import ROOT


def test_what_comes_with_the_product_is_read_as_ever() -> None:
    files = [*ROOT.glob("data/scenarios/*.toml"), *ROOT.glob("docs/*.toml")]
    assert len(files) > 2
    for path in files:
        data = path.read_bytes()
        assert read_toml(data) == tomllib.loads(data.decode())


@pytest.mark.parametrize(
    "line",
    ["a." * 15_000 + "a = 1", "[" + "a." * 15_000 + "a]", "x = {" + "a." * 15_000 + "a = 1}"],
)
def test_a_key_of_many_parts_is_refused_before_anything_grows(line: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"100 dots \(at line 3\)"):
            read_toml(f"# one\ny = 2\n{line}\n".encode())
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_many_keys_of_as_many_parts_as_are_read_are_bounded_too() -> None:
    part = ".".join("a" * MOST_DOTS)
    lines = "\n".join(f"k{number}.{part} = 1" for number in range(500)).encode()
    assert len(lines) > 100_000
    tracemalloc.start()
    try:
        assert len(read_toml(lines)) == 500
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()


def test_a_file_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="1,000,000 bytes"):
        read_toml(b"#" * (LARGEST + 1))
