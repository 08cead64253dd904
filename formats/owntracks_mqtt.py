"""OwnTracks over MQTT: the topic tells who speaks, the object in the payload what is said.

Wire format: ``docs/formats.md``; read from the OwnTracks booklet (``tech/json``, ``tech/mqtt``).
What an object says is read as over HTTP (``formats/owntracks.py``). The topic goes before whatever
the object says of itself, because the broker lets a device write to its own topics only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from domain.errors import InvalidField
from domain.fixes import Rejection, Report
from formats.message import MqttMessage, Unreadable, device_id, parse_json
from formats.owntracks import report_of

LOCATION, TRANSITION, LAST_WILL = "location", "transition", "lwt"
EMPTY, OTHER = "empty", "another type"

_LEFT = frozenset(
    {
        *("beacon", "card", "cmd", "configuration", "request"),
        *("status", "steps", "waypoint", "waypoints"),
    }
)
_NO_TIME = Rejection("no_time", "fix_time", "has no tst, and may have waited at the broker")


@dataclass(frozen=True, slots=True)
class Topics:
    """Where the devices write: ``<base>/<user>/<device>`` and one level below it.

    ``named_by_user``: the second part of the topic names the device of the roster, not the third.
    """

    base: str = "owntracks"
    named_by_user: bool = False

    def __post_init__(self) -> None:
        """Raises ``InvalidField`` for a ``base`` that is no topic."""
        if not all(self.base.split("/")) or set(self.base) & set("+#\x00"):
            raise InvalidField("topic", "must be a topic without + and #, such as owntracks")

    @property
    def filters(self) -> tuple[str, str]:
        """What to subscribe to; no message matches both."""
        return f"{self.base}/+/+", f"{self.base}/+/+/+"

    def device(self, topic: str) -> str | None:
        """The device that a topic belongs to; None where it names none."""
        if not topic.startswith(f"{self.base}/"):
            return None
        parts = topic[len(self.base) + 1 :].split("/")
        return device_id(parts[0 if self.named_by_user else 1]) if len(parts) in (2, 3) else None


@dataclass(frozen=True, slots=True)
class Said:
    """What a message is, and what it reports; ``report`` is None for what is counted and left."""

    kind: str
    report: Report | None


def decode(message: MqttMessage, device: str) -> Said:
    """What a message of ``device`` says. A position must tell its time: when it arrives says
    nothing, because a broker keeps messages.

    Raises ``Unreadable`` for what is no JSON object, and for an encrypted one.
    """
    if not message.payload.strip():
        return Said(EMPTY, None)  # how a client takes a retained message back
    document = parse_json(message.payload)
    report = report_of(device, document)
    kind = document["_type"] if report is not None else _left(document.get("_type"))
    if report is None:
        return Said(kind, None)
    if kind == LAST_WILL and message.retained:
        report = replace(report, attributes={**report.attributes, "retained": True})
    elif report.latitude is not None and report.fix_time is None and not report.faults:
        report = replace(report, faults=(_NO_TIME,))
    return Said(kind, report)


def unreadable(device: str, fault: Unreadable) -> Report:
    """What stands for a message that cannot be read: a report that no judge will believe."""
    rejection = Rejection("unreadable", fault.field, fault.detail)
    return Report(device, None, None, None, None, None, None, None, None, None, {}, (rejection,))


def _left(kind: object) -> str:
    return kind if isinstance(kind, str) and kind in _LEFT else OTHER
