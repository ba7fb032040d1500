"""Files that are either whole or absent."""

import os
import shutil
from pathlib import Path

PRIVATE = 0o600


def write_whole(path: Path, content: bytes | str, *, mode: int = PRIVATE) -> None:
    """Write `path` so that a crash leaves the old content or the new one, never a part.

    The temporary name is in the same folder because rename is only atomic inside one file system.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy_tree_whole(source: Path, target: Path) -> None:
    """Copy a tree to `target`, which appears only when it is complete."""
    temporary = target.with_name(f".{target.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, temporary, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    temporary.rename(target)
    sync_folder(target.parent)
