"""Serve the pages with prepared people on a port, by the settings of the environment.

`python -m support.web.server_process PORT [STEPS] [--seeded]`: with STEPS it is killed before it keeps another step of
a list; seeded it draws the same ids in every process and sends each page whole.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import uuid
from collections import Counter
from importlib import import_module

from pipeline.api.list_store import ListJob, ListRowFindings, ListStore
from pipeline.engines.ports import LOOPBACK
from pipeline.settings import settings
from pipeline.web.serving import make_server
from pipeline.web.site import PREPARED
from support.patience import widen_limits
from support.waiting import PATIENCE_S


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


def seed() -> None:
    """Draw ids that follow from who asks for them, and how often; and hold a page back until it has its content.

    A page that takes long comes in two parts, by the machine's pace.
    """
    drawn: Counter[str] = Counter()

    def draw_id() -> uuid.UUID:
        module = sys._getframe(1).f_globals["__name__"]  # noqa: SLF001 - the only way to tell who asks
        drawn[module] += 1
        return uuid.uuid5(uuid.NAMESPACE_OID, f"{module} {drawn[module]}")

    vars(uuid)["uuid4"] = draw_id
    change_for_good("pipeline.web.page.AT_ONCE_S", PATIENCE_S)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("steps", type=int, nargs="?")
    parser.add_argument("--seeded", action="store_true")
    arguments = parser.parse_args()
    widen_limits(change_for_good)
    if arguments.steps is not None:
        die_after(arguments.steps)
    if arguments.seeded:
        seed()
    make_server(settings(), LOOPBACK, arguments.port, PREPARED).run()
