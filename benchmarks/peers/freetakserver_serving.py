"""Starts FreeTAKServer for one benchmark; run by a Python that has it installed.

``python freetakserver_serving.py FOLDER PORT``. It is started as its own ``__main__`` starts it,
with two differences that make it no slower: everything it writes goes into one folder (``/opt/fts``
stands in its source, and is replaced before that is compiled), and its two data package servers
stay away, which would listen on every address of the machine.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

PACKAGE = "FreeTAKServer.core.configuration"
THEIRS = "PERSISTENCE_PATH = r'/opt/fts'"
HOST = "127.0.0.1"


def main(folder: str, port: int) -> None:
    """Serve Cursor on Target over TCP at ``port`` until stopped."""
    _keep_everything_in(folder)
    serving = importlib.import_module("FreeTAKServer.controllers.services.FTS")
    serving.FTS.start_tcp_data_package_service = _stay_away
    serving.FTS.start_ssl_data_package_service = _stay_away
    certificates = serving.AtakOfTheCerts()
    certificates.generate_ca(expiry_time_secs=86400)
    certificates.bake(common_name="server", cert="server", expiry_time_secs=86400)
    settings = serving.MainConfig.instance()
    serving.FTS().startup(
        CoTPort=port, CoTIP=HOST,
        SSLCoTPort=settings.SSLCoTServicePort, SSLCoTIP=HOST,
        DataPackagePort=settings.HTTPTakAPIPort, DataPackageIP=HOST,
        SSLDataPackagePort=settings.HTTPSTakAPIPort, SSLDataPackageIP=HOST,
        RestAPIPort=settings.APIPort, RestAPIIP=HOST,
        AutoStart="True", firstStart=True, UI="False",
    )  # fmt: skip


def _keep_everything_in(folder: str) -> None:
    found = importlib.util.find_spec(f"{PACKAGE}.MainConfig")
    assert found is not None
    assert found.origin is not None
    source = Path(found.origin).read_text(encoding="utf-8")
    if THEIRS not in source:
        raise SystemExit("this MainConfig.py is not the one that is known")
    module = importlib.util.module_from_spec(found)
    sys.modules[module.__name__] = module
    source = source.replace(THEIRS, f"PERSISTENCE_PATH = {folder!r}")
    exec(compile(source, found.origin, "exec"), module.__dict__)
    importlib.import_module(PACKAGE).MainConfig = module  # type: ignore[attr-defined]


def _stay_away(*_: object) -> int:
    return 1


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
