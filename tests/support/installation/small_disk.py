"""Runs stages whose home is a small disk of their own, filled and freed as standard input tells.

    unshare -rm python -m support.installation.small_disk FOLDER MEGABYTES STAGE ...

Mounts a tmpfs on FOLDER, which only this process and its stages see. Their logs go to FOLDER-STAGE.log.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from support.processes.commands import command_of

STAGE = "support.installation.stage_process"
BLOCK = bytes(64 << 10)


def fill(ballast: Path) -> None:
    """Leave no room at all."""
    with ballast.open("ab", buffering=0) as file:
        for size in (len(BLOCK), 4096):
            with suppress(OSError):
                while file.write(BLOCK[:size]):
                    pass


def main(folder: Path, megabytes: str, *stages: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    environment = os.environ | {"LIAISON_HOME": str(folder)}
    workers = []
    for stage in stages:
        with Path(f"{folder}-{stage}.log").open("wb") as log:
            workers.append(subprocess.Popen(command_of(STAGE, stage), env=environment, stdout=log, stderr=log))
    ballast = folder / "ballast"
    for line in sys.stdin:
        if line.strip() == "fill":
            fill(ballast)
        else:
            ballast.unlink()
        print("done", [worker.poll() for worker in workers], flush=True)
    for worker in workers:
        worker.kill()
        worker.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
