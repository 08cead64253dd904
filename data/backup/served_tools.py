"""PostgreSQL's own tools, run with the address of ours: ``pg_dump``, ``pg_restore``, ``psql``.

They know no address of SQLAlchemy's form, and where a password is an argument everybody on the
machine may read it, so they get a connection string without one and the password in their
environment.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL

from data.backup.files import BackupRefused

_PIECE = 1 << 16
_SAID = 2000  # characters of what a tool complains of


class Tools:
    """Of one database; every method raises ``BackupRefused``."""

    def __init__(self, url: URL) -> None:
        dialect = url.get_dialect()()
        _, words = dialect.create_connect_args(url)
        password = words.pop("password", None)
        self._address = make_conninfo("", **words)
        self._environment = {**os.environ, "PGAPPNAME": "fpu-backup", "PGCONNECT_TIMEOUT": "30"}
        if password:
            self._environment["PGPASSWORD"] = str(password)

    def require(self, *words: str) -> None:
        """Where the tool is missing, say what to run where it is there."""
        if shutil.which(words[0]) is None:
            raise BackupRefused(
                f"{words[0]} is not installed here (Debian: postgresql-client). Where it is, run\n"
                f"  {shlex.join(self._at_home(words))}\nwith the password in ~/.pgpass"
            )

    def run(self, *words: str) -> str:
        """Run a tool to its end; what it printed."""
        with self._started(words, stdout=subprocess.PIPE) as process:
            said, _ = process.communicate()
        return said.decode(errors="replace")

    def run_here(self, *words: str) -> str:
        """The same with the address of the database."""
        return self.run(*self._at_home(words))

    def feed(self, before: str, source: Sequence[str], after: str, *target: str) -> None:
        """Give ``target``, which has the address of the database, the text ``before``, what the
        tool ``source`` prints, and, if that came to a good end, ``after``.

        Whoever is killed meanwhile, the target never gets to see ``after``.
        """
        with self._started(self._at_home(target), stdin=subprocess.PIPE) as taking:
            assert taking.stdin is not None
            try:
                taking.stdin.write(before.encode())
                with self._started(source, stdout=subprocess.PIPE) as giving:
                    assert giving.stdout is not None
                    while piece := giving.stdout.read(_PIECE):
                        taking.stdin.write(piece)
                taking.stdin.write(after.encode())
                taking.stdin.close()
            except BrokenPipeError:
                pass  # it has ended, and says below why

    def _at_home(self, words: Sequence[str]) -> list[str]:
        return [words[0], "--no-password", f"--dbname={self._address}", *words[1:]]

    @contextmanager
    def _started(self, words: Sequence[str], **pipes: Any) -> Iterator[subprocess.Popen[bytes]]:
        """A running tool that is ended with the block; its complaints are raised."""
        if shutil.which(words[0]) is None:
            raise BackupRefused(f"{words[0]} is not installed here (Debian: postgresql-client)")
        with tempfile.TemporaryFile() as complaints:
            process = subprocess.Popen(  # noqa: S603 - tools of the database, and no shell
                list(words), env=self._environment, stderr=complaints, **pipes
            )
            try:
                yield process
                process.wait()
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
                for pipe in (process.stdin, process.stdout):
                    if pipe is not None and not pipe.closed:
                        _close(pipe)
            complaints.seek(0)
            said = complaints.read().decode(errors="replace").strip()
        if process.returncode:
            raise BackupRefused(f"{words[0]} failed: {said[:_SAID] or process.returncode}")


def _close(pipe: Any) -> None:
    with suppress(OSError):  # what was left to be written has nobody to read it
        pipe.close()
