"""Run files: which process an engine of this home is, so that it is found again and never mistaken for another."""

from __future__ import annotations

from pathlib import Path

import msgspec
import psutil

TOLERANCE_S = 2.0
"""The kernel tells its own start to the second only, and may round it differently the next time."""


class ProcessRun(msgspec.Struct, frozen=True):
    """What a run file holds: enough to find the process again and never to mistake another for it."""

    pid: int
    started: float
    """Seconds after the machine's start: unlike a time of day, no setting of the clock changes it."""
    port: int


def read_run(path: Path) -> ProcessRun | None:
    """The run file's content, or None when there is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=ProcessRun)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write_run(path: Path, run: ProcessRun) -> None:
    """Replace the run file in one step."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode(run))
    draft.replace(path)


def find_process(run: ProcessRun | None, marker: str) -> psutil.Process | None:
    """The live process that `run` names, if it was started just then and its command line holds `marker`."""
    if run is None:
        return None
    try:
        process = psutil.Process(run.pid)
        ours = abs(start_time_s(process) - run.started) < TOLERANCE_S and marker in " ".join(process.cmdline())
        return process if ours and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def start_time_s(process: psutil.Process) -> float:
    """When the process was started, in seconds after the machine's start."""
    return float(process.create_time() - psutil.boot_time())
