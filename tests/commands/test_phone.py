"""The key of the phone of ``make phone``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import click
import pytest

from commands.phone import SHORTEST_KEY, announce_phone
from settings import Settings, random_key


@pytest.mark.parametrize("key", ["1234", "k" * (SHORTEST_KEY - 1)])
def test_a_key_that_can_be_guessed_is_refused(key: str) -> None:
    settings = replace(Settings(), feed_host="127.0.0.1", phone_key=key)
    with pytest.raises(click.ClickException, match="FPU_PHONE_KEY"):
        announce_phone(settings, cast(Any, None))


def test_a_key_that_the_program_makes_is_long_enough() -> None:
    keys = {random_key() for _ in range(50)}
    assert len(keys) == 50
    assert min(len(key) for key in keys) >= SHORTEST_KEY
