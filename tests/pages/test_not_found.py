"""An operation that there is not is said so, and those that there are can be reached."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.roster import Operation
from pages.not_found import no_operation
from services.clock import utc_now
from tests.pages.test_monitor import CONTEXT


@pytest.mark.parametrize(("language", "words"), [("en", "no operation nope"), ("pl", "Nie ma")])
def test_an_unknown_operation_leads_to_the_known_ones(language: str, words: str) -> None:
    known = (Operation("live", "live", "Live duty", utc_now()),)
    context = replace(CONTEXT, operation="nope", kind="", language=language, operations=known)
    said = str(no_operation(context, {"operation": "nope"}))
    assert words in said
    assert "/?operation=live" in said
    assert "Live duty" in said


def test_a_known_operation_and_an_address_without_one_have_their_screen() -> None:
    assert no_operation(CONTEXT, {"operation": CONTEXT.operation}) is None
    assert no_operation(replace(CONTEXT, kind=""), {}) is None
