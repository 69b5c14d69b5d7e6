"""Files that only their owner may read, at every moment of their life: what holds a secret, and all of a home."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.errors import LiaisonError

OWNER_ONLY = 0o600
OTHERS = 0o077


def keep_private(home: Path) -> None:
    """Leave whatever this process and its children make from now on to their user alone, and the home with it.

    Raises LiaisonError for a home that can't be written to.
    """
    os.umask(OTHERS)
    make_writable(home)


def make_writable(home: Path) -> None:
    """Make a home private (make_private). Raises LiaisonError where its user can't write to it, with what mends it."""
    home, user = home.expanduser(), os.geteuid()
    try:
        make_private(home)
    except OSError as error:
        raise LiaisonError(f"LIAISON_HOME, {home}, can't be made by user {user}: {error.strerror}") from error
    if os.access(home, os.W_OK | os.X_OK, effective_ids=True):
        return
    raise LiaisonError(
        f"LIAISON_HOME, {home}, can't be written to by user {user}: it belongs to user {home.stat().st_uid}, or is "
        f"mounted to be read alone; run `chown -R {user} {home}`, for a container on the volume that is mounted there"
    )


def make_private(folder: Path) -> None:
    """Make a folder that its user alone may enter, or close one of theirs to others.

    One that belongs to somebody else, as a mounted volume may, stays as it is.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = folder.stat()
    if held.st_uid == os.geteuid() and held.st_mode & OTHERS:
        folder.chmod(held.st_mode & 0o700)


def create_private(path: Path, content: bytes) -> bool:
    """Make a file whole or not at all, and its folder if that is missing; False where there is one, which stays.

    Of several makers the first holds for all. A file that was made is still there after a crash of the machine.
    """
    draft = _draft(path, content)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    sync_folder(path.parent)
    return True


def write_private(path: Path, content: str | bytes, mode: int = OWNER_ONLY) -> None:
    """Replace the file in one step; its folder is made if it is missing. A crash leaves the old one or the new one."""
    draft = _draft(path, content.encode() if isinstance(content, str) else content)
    draft.chmod(mode)
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Let what was made, renamed or deleted in a folder outlast a crash of the machine."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _draft(path: Path, content: bytes) -> Path:
    """The content in a synced file beside `path`, for its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:  # a full disk keeps no draft
        draft.unlink(missing_ok=True)
        raise
    return draft
