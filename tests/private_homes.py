"""What of a home other users of the machine may open."""

from __future__ import annotations

import stat
from pathlib import Path


def open_to_others(home: Path) -> list[str]:
    """The files and folders of a home, itself included, with a right for anyone but their user."""
    found = [path for path in (home, *home.rglob("*")) if not path.is_symlink()]
    assert len(found) > 1
    return [str(path) for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]
