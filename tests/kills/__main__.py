"""``python -m tests.kills [KILLS] [SEED]``: 200 kills unless another number is given."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.kills.harness import Account, Trial


def main(arguments: list[str]) -> int:
    """Print the account; 1 when something was lost or doubled."""
    kills = int(arguments[0]) if arguments else 200
    seed = int(arguments[1]) if len(arguments) > 1 else time.time_ns()
    print(f"{kills} kills, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="fpu-kills-") as folder:
        account = Trial(Path(folder), seed).run(kills, _tell)
    print(f"{account.kills} kills -9, {len(account.acknowledged)} positions acknowledged, "
          f"{account.refused} refused")  # fmt: skip
    for fault in account.faults:
        print(fault)
    print("nothing lost, nothing twice" if not account.faults else "FAILED")
    return 1 if account.faults or account.kills < kills else 0


def _tell(account: Account) -> None:
    if account.kills % 10 == 0:
        print(f"{account.kills}: {len(account.acknowledged)} acknowledged, "
              f"{len(account.faults)} faults", flush=True)  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
