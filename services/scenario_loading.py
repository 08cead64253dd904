"""What an operation remembers of the scenario that it was loaded from, and what loading did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.roster import Operation
from domain.time import parse_rfc3339, to_rfc3339


@dataclass(frozen=True, slots=True)
class Loading:
    """What an operation remembers of the scenario that it was loaded from."""

    source: str
    seed: int
    loaded_at: datetime
    complete: bool = False

    def settings(self) -> dict[str, object]:
        """As the operation's settings keep it."""
        return {
            "scenario": self.source,
            "seed": self.seed,
            "loaded_at": to_rfc3339(self.loaded_at),
            "complete": self.complete,
        }

    @staticmethod
    def of(operation: Operation) -> Loading | None:
        """How ``operation`` was loaded; None when it was not."""
        kept: Mapping[str, Any] = operation.settings
        if "scenario" not in kept:
            return None
        loaded_at = parse_rfc3339(kept["loaded_at"], "loaded_at")
        return Loading(kept["scenario"], kept["seed"], loaded_at, kept["complete"])


@dataclass(frozen=True, slots=True)
class Loaded:
    """The outcome: ``fixes`` and ``steps`` are those entered now, 0 when it was there already."""

    operation: str
    loaded_at: datetime
    seed: int
    fixes: int = 0
    steps: int = 0
    already: bool = False
