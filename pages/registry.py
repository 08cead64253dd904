"""Every screen, once. A screen is one line here, one line in ``callbacks/registry.py``, its layout,
its callbacks, its script and its words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dash.development.base_component import Component

from domain.access.rights import Data
from pages import incident, monitor, quarantine, security, track_files
from services.container import Services

Layout = Callable[[Services, Mapping[str, str]], Component]
"""Makes the screen from the services and the variables of its URL (path and query, as text)."""


@dataclass(frozen=True, slots=True)
class Page:
    """``path_template`` has variables (``/incident/<incident>``) or is empty; ``title_key`` is a
    key of the catalogues, ``data`` the kind that whoever opens it must be allowed to see.
    ``path`` is the address without variables. Dash also asks for the layout
    without any variables, to know every id.
    """

    path: str
    path_template: str
    title_key: str
    layout: Layout
    data: Data


PAGES: tuple[Page, ...] = (
    Page("/", "", "shell.monitor", monitor.layout, Data.OPERATIONS),
    Page(
        "/incident", "/incident/<incident>", "incident.page_title", incident.layout, Data.INCIDENTS
    ),
    Page("/quarantine", "", "quarantine.title", quarantine.layout, Data.QUARANTINE),
    Page("/tracks", "", "tracks.title", track_files.layout, Data.IMPORTS),
    Page("/security", "", "security.title", security.layout, Data.SECURITY_LOG),
)
