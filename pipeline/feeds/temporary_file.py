"""SQLite's temporary file: what must be remembered of millions of rows without memory that grows with them.

It has no name, so that nobody else can open it, and it is gone when its owner is, or the process.
"""

from __future__ import annotations

import sqlite3
import weakref

CACHE_KIB = 32 * 1024
"""What SQLite keeps in memory of a file."""


def open_temporary(owner: object) -> sqlite3.Connection:
    """A database that is closed when its owner goes; small ones stay in memory.

    Its owner may be handed from thread to thread, as uploads are, but is used by one at a time.
    """
    file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    weakref.finalize(owner, file.close)
    file.execute(f"pragma cache_size = -{CACHE_KIB}")
    file.execute("pragma journal_mode = off")
    file.execute("pragma temp_store = file")
    file.execute("begin")
    return file
