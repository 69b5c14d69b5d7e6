"""What of a home other users of the machine may open."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def open_to_others(home: Path) -> list[str]:
    """The files and folders of a home, itself included, with a right for anyone but their user."""
    found = [Path(folder, name) for folder, folders, files in os.walk(home) for name in (*folders, *files)]
    assert found
    modes = {path: _mode(path) for path in (home, *found)}
    return [str(path) for path, mode in modes.items() if mode & 0o077]


def _mode(path: Path) -> int:
    """A file's rights; none for a link, which has none of its own, and for what has gone while one looked."""
    try:
        found = path.lstat().st_mode
    except FileNotFoundError:
        return 0
    return 0 if stat.S_ISLNK(found) else stat.S_IMODE(found)
