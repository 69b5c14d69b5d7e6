"""Serve the pages with prepared people on a port, by the settings of the environment.

`python -m support.web.server_process PORT [STEPS]`: with STEPS it is killed before it keeps another step of a list.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module

from pipeline.api.list_store import ListJob, ListRowFindings, ListStore
from pipeline.engines.ports import LOOPBACK
from pipeline.settings import settings
from pipeline.web.people import PREPARED
from pipeline.web.serving import make_server
from support.patience import widen_limits


def die_after(steps: int) -> None:
    """Kill this process by SIGKILL when so many steps of lists are kept, and the rows of one more have been asked."""
    left, append = steps, ListStore.append

    def append_or_die(store: ListStore, job: ListJob, found: tuple[ListRowFindings, ...]) -> None:
        nonlocal left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        append(store, job, found)

    ListStore.append = append_or_die  # type: ignore[assignment, method-assign]


def change_for_good(place: str, limit: float) -> None:
    """Set a module's global."""
    module, _, name = place.rpartition(".")
    vars(import_module(module))[name] = limit


if __name__ == "__main__":
    widen_limits(change_for_good)
    if len(sys.argv) > 2:
        die_after(int(sys.argv[2]))
    make_server(settings(), LOOPBACK, int(sys.argv[1]), PREPARED).run()
