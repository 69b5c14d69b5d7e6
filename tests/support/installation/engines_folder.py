"""Where the engines of a test session keep their data: in memory, where there is room for it.

An engine says that an index or a topic is made once that is on disk. To make an installation's eleven indices takes 6 s
on a disk of a busy host and 2 s in memory. Memory outlives an engine that is killed, as a disk does; what only a power
cut takes away, no test asks for.

usage: python -m support.installation.engines_folder    (prints it)
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")

ROOM_BYTES = 4 << 30
"""Far more than a session writes: its engines never hold more than some hundred megabytes."""


def engines_folder(memory: Path = MEMORY, room_bytes: int = ROOM_BYTES) -> Path:
    """The folder in memory if it has that room, else the one for temporary files."""
    if memory.is_dir() and shutil.disk_usage(memory).free >= room_bytes:
        return memory
    return Path(tempfile.gettempdir())


if __name__ == "__main__":
    print(engines_folder())
