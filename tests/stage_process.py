"""Runs one stage as `liaison worker` does; kills itself right after a chosen effect, or has a clock that jumps."""

from __future__ import annotations

import argparse
import logging
import os
import signal
from collections.abc import Callable

from jumping_clock import jump

from pipeline.settings import Settings
from pipeline.streams.worker import work


def killer(stage: str, effect: str) -> Callable[[str, str], None]:
    """Kill this process by SIGKILL right after the effect has happened in a lane of the stage's own."""

    def after(lane: str, done: str) -> None:
        if done == effect and lane.startswith(stage):
            os.kill(os.getpid(), signal.SIGKILL)

    return after


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("stage")
    parser.add_argument("--name", default="one")
    parser.add_argument("--generation", default="")
    parser.add_argument("--kill-after", default="")
    parser.add_argument("--jump", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("pipeline").setLevel(logging.INFO)
    if arguments.jump:
        jump()
    after = killer(arguments.stage, arguments.kill_after)
    work(arguments.stage, Settings(worker_name=arguments.name), generation=arguments.generation, after=after)
