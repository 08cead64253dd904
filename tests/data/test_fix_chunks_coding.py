"""What is coded comes back to the last bit."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from data.fix_chunks_coding import (
    decode_floats,
    decode_integers,
    different_texts,
    encode_floats,
    encode_integers,
    encode_texts,
    float_at,
    integer_at,
    join,
    parts,
    text_at,
    which_text,
)

TIMES = st.lists(st.integers(-(1 << 61), 1 << 61), max_size=40)
SMALL = st.lists(st.integers(-70_000, 70_000), max_size=40)
ANY = st.floats(allow_infinity=False)  # NaN among them, which stands for none
DECIMALS = st.builds(lambda whole, scale: whole / 10**scale, st.integers(-(10**9), 10**9),
                     st.integers(0, 9))  # fmt: skip


@given(st.one_of(TIMES, SMALL))
@example([1, 2, 3, 4])
@example([0, (1 << 62), 0, -(1 << 62)])
def test_integers(values: list[int]) -> None:
    coded = encode_integers(np.array(values, dtype=np.int64))
    assert decode_integers(coded, len(values)).tolist() == values
    assert [integer_at(coded, index) for index in range(len(values))] == values


@given(st.one_of(st.lists(ANY, max_size=40), st.lists(st.one_of(DECIMALS, st.just(np.nan)))))
@example([-0.0, 0.0])
@example([42.1234567, 42.1234568, 42.1234571])
@example([1e300, 5e-324])
@example([np.nan])
def test_floats(values: list[float]) -> None:
    said = np.array(values, dtype=np.float64)
    coded = encode_floats(said)
    found = decode_floats(coded, len(values))
    bits = np.where(np.isnan(said), np.nan, said).view(np.int64)
    assert np.where(np.isnan(found), np.nan, found).view(np.int64).tolist() == bits.tolist()
    alone = [float_at(coded, len(values), index) for index in range(len(values))]
    assert [one is None for one in alone] == np.isnan(said).tolist()
    every = np.array([np.nan if one is None else one for one in alone], dtype=np.float64)
    assert every.view(np.int64).tolist() == bits.tolist()


@given(st.lists(st.one_of(st.none(), st.text(max_size=5)), max_size=40))
def test_texts(values: list[str | None]) -> None:
    coded = encode_texts(values)
    different, which = different_texts(coded), which_text(coded, len(values))
    assert [different[one] for one in which.tolist()] == values
    assert [text_at(coded, index) for index in range(len(values))] == values


def test_many_different_texts() -> None:
    values = [None if number % 50 == 7 else f"text {number}" for number in range(1000)]
    coded = encode_texts(values)
    assert [text_at(coded, index) for index in range(1000)] == values
    different, which = different_texts(coded), which_text(coded, 1000)
    assert [different[one] for one in which.tolist()] == values


def test_decimals_take_few_bytes() -> None:
    """A vehicle at one fix a second: a few bytes a number instead of eight."""
    latitude = (42.5 + np.cumsum(np.full(3600, 1.23e-4))).round(7)
    assert len(encode_floats(latitude)) < 3600
    assert len(encode_integers(1_790_000_000_000_000 + np.arange(3600) * 1_000_000)) < 40


@given(st.lists(st.binary(max_size=9), max_size=20))
def test_columns_are_found_again(columns: list[bytes]) -> None:
    assert [bytes(part) for part in parts(join(columns))] == columns
