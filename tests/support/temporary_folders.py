"""Folders of modules rather than of tests, removed when this process has run its last test.

Not at its exit: pytest-xdist ends its processes before they come to that, and what they had made stays for good.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

_made = ExitStack()


def make_folder(prefix: str) -> Path:
    """A new empty folder, which lasts for the session; its name begins with the prefix."""
    return Path(_made.enter_context(TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)))


def remove_folders() -> None:
    """Remove all that `make_folder` has made in this process."""
    _made.close()
