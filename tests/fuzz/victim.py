"""A process that makes one process per command and lets it be killed at a write step.

``python -m tests.fuzz.victim URL`` reads one job a line from its input (JSON) and answers with one
line: what the command led to, or that the process was killed. The killing is SIGKILL: nothing is
flushed, closed or rolled back by the one that dies.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import datetime
from typing import Any

from sqlalchemy import event

from data.database import Database
from data.event_store import EventStore
from data.journal import Journal
from services.incidents import Incidents
from tests.services.incident_world import Facts, Gazetteer, People, actor

WRITES = ("INSERT", "UPDATE", "DELETE")


class Steps:
    """Counts the write steps of this process and dies at the wanted one.

    A step is the moment before or after a statement that writes, and before or after a commit.
    """

    def __init__(self, database: Database, die_at: int) -> None:
        self.done = 0
        self._die_at = die_at
        event.listen(database.engine, "before_cursor_execute", self._statement)
        event.listen(database.engine, "after_cursor_execute", self._statement)
        dialect = database.engine.dialect
        commit = dialect.do_commit

        def commit_between_steps(connection: Any) -> None:
            self._step()
            commit(connection)
            self._step()

        dialect.do_commit = commit_between_steps  # type: ignore[method-assign]

    def _statement(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.lstrip().upper().startswith(WRITES):
            self._step()

    def _step(self) -> None:
        self.done += 1
        if self.done == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def carry_out(url: str, job: dict[str, Any]) -> dict[str, Any]:
    """Do what the job says, in this process; may never return."""
    database = Database(url)
    steps = Steps(database, job["die_at"])
    now = datetime.fromisoformat(job["now"])
    incidents = Incidents(
        EventStore(database), Journal(database), Facts(), Gazetteer(), People(), lambda: now,
        lambda: None,
    )  # fmt: skip
    who = actor(job["user"])
    if job["kind"] == "report":
        outcome = incidents.report("drill", who, job["sent"])
    elif job["kind"] == "platoon":
        outcome = incidents.act_on_platoon("drill", job["about"], who, job["sent"])
    else:
        outcome = incidents.act("drill", job["about"], who, job["sent"])
    return {"created": outcome.created, "steps": steps.done, **outcome.view()}


def main(url: str) -> None:
    """Serve jobs until the input ends."""
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                said = json.dumps(carry_out(url, job))
            except BaseException as fault:
                said = json.dumps({"fault": f"{type(fault).__name__}: {fault}"})
            sys.stdout.write(said + "\n")
            sys.stdout.flush()
            os._exit(0)
        if job["die_after_us"]:
            time.sleep(job["die_after_us"] / 1e6)
            os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
        print(json.dumps({"killed": os.WIFSIGNALED(status)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
