"""What may be spent on reading one track file."""

from __future__ import annotations

from dataclasses import dataclass, replace

MEGA = 1024 * 1024

MOST_REFUSED = 20_000
"""Points of one file that may go to quarantine, where each waits for a person."""


@dataclass(frozen=True, slots=True)
class FileBudget:
    """``processor_s`` and ``wait_s`` are seconds, of a processor and of the clock; ``memory`` is
    bytes of the address space of the process that reads, ``result`` bytes of what it tells."""

    processor_s: int = 20
    wait_s: int = 60
    memory: int = 768 * MEGA
    result: int = 512 * MEGA

    def times(self, factor: int) -> FileBudget:
        """So many times as much of everything."""
        return replace(
            self,
            processor_s=self.processor_s * factor,
            wait_s=self.wait_s * factor,
            memory=self.memory * factor,
            result=self.result * factor,
        )


AT_THE_MACHINE = 4
"""How many times the budget of a file on the screen the command line may spend: who is there has
larger files, and sees what the machine does."""
