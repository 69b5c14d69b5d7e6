"""Files that only their owner may read, at every moment of their life: what holds a secret, and all of a home."""

from __future__ import annotations

import os
from pathlib import Path

OWNER_ONLY = 0o600
OTHERS = 0o077


def keep_private(home: Path) -> None:
    """Leave whatever this process and its children make from now on to their user alone, and the home with it."""
    os.umask(OTHERS)
    make_private(home.expanduser())


def make_private(folder: Path) -> None:
    """Make a folder that its user alone may enter, or close one of his to others.

    One that belongs to somebody else, as a mounted volume may, stays as it is.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = folder.stat()
    if held.st_uid == os.geteuid() and held.st_mode & OTHERS:
        folder.chmod(held.st_mode & 0o700)


def write_private(path: Path, content: str) -> None:
    """Replace the file in one step; its folder is made if it is missing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w", encoding="utf-8") as file:
        file.write(content)
    draft.replace(path)
