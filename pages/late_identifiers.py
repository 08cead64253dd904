"""Ids of late entry and of the drafts; a typo is an import error."""

from __future__ import annotations

from typing import Any

LATE_OPEN = "late-open"
LATE_FRAME = "late-frame"
LATE_TITLE = "late-title"
LATE_FIELDS = "late-fields"
LATE_NOTICE = "late-notice"
LATE_META = "late-meta"
LATE_SUBMIT = "late-submit"
LATE_CANCEL = "late-cancel"
LATE_DONE = "late-done"

INCIDENT_DRAFTS = "incident-drafts"
DRAFTS_SEEN = "drafts-seen"
"""dcc.Store: what the drafts on the screen were drawn from, so that they are drawn anew only when
they changed and a reason that is being typed stays."""
DRAFT_NOTICE = "draft-notice"

FORM = "late"
BEHIND = "behind"
"""The path of the field that says behind which draft the sequence waits."""
REASON_FORM = "draft"
"""The form of the reasons of rejection; the path of a field is the id of its draft."""


def confirm(draft: Any) -> dict[str, Any]:
    """The button that confirms a draft."""
    return {"type": "draft-confirm", "draft": draft}


def reject(draft: Any) -> dict[str, Any]:
    """The button that rejects a draft with the reason beside it."""
    return {"type": "draft-reject", "draft": draft}
