"""Who is offered what by the shell's context; the services decide, whatever is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.roster import Operation
from pages.shell import _address, _operation_menu
from services.clock import utc_now
from tests.pages.test_monitor import CONTEXT


@pytest.mark.parametrize(
    ("role", "kind", "over", "writes", "reports"),
    [
        ("FPU_DUTY", "live", False, True, True),
        ("FPU_DUTY", "exercise", True, False, False),
        ("FPU_CMD", "live", False, True, False),
        ("EXCON", "exercise", False, True, True),
        ("EXCON", "live", False, False, False),
        ("AUDITOR", "exercise", False, False, False),
        ("WALL", "live", False, False, False),
    ],
)
def test_what_is_offered(role: str, kind: str, over: bool, writes: bool, reports: bool) -> None:
    context = replace(CONTEXT, role=role, kind=kind, over=over)
    assert (context.may_write, context.may_report) == (writes, reports)


def test_the_name_of_the_operation_leads_to_the_others_only() -> None:
    now = utc_now()
    operations = (
        Operation("live", "live", "Live", now),
        Operation("demo", "exercise", "Demo", now),
    )
    context = replace(CONTEXT, operation="demo", title="Demo", operations=operations)
    menu = str(_operation_menu(context).to_plotly_json())
    assert "/?operation=live" in menu
    assert "/?operation=demo" not in menu
    assert "Summary" not in str(_operation_menu(replace(context, operations=operations[1:])))


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/", "/?incident=demo-0012&operation=demo"),
        ("/incident/demo-0012", "/incident/demo-0012?operation=demo"),
    ],
)
def test_the_address_says_nothing_twice(path: str, address: str) -> None:
    assert _address({"incident": "demo-0012", "operation": "demo"}, path) == address
