from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pipeline.engines.file_lock import exclusive

HOLDER = """
import sys
from pathlib import Path
from pipeline.engines.file_lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_holder_waits_and_says_so_until_the_first_is_gone(tmp_path: Path) -> None:
    lock = tmp_path / "folder" / "lock"
    command = [sys.executable, "-c", HOLDER, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        waited: list[bool] = []

        def on_wait() -> None:
            waited.append(True)
            holder.kill()

        with exclusive(lock, on_wait):
            assert waited == [True]
    with exclusive(lock, lambda: waited.append(False)):
        assert waited == [True]
