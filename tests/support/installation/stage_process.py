"""Runs one stage as `liaison worker` does; kills itself after a chosen effect, has a jumping clock, or a bug."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable

from pipeline.errors import LiaisonError
from pipeline.records import entity_types, intake
from pipeline.records.model import Case
from pipeline.records.normalised import NormalisedCase
from pipeline.settings import Settings
from pipeline.streams.runtime import faults, stage
from pipeline.streams.workers.worker import run_worker
from support.installation.jumping_clock import jump


def killer(of_stage: str, effect: str) -> Callable[[str, str], None]:
    """Kill this process by SIGKILL right after the effect has happened in a lane of the stage's own."""

    def after(lane: str, done: str) -> None:
        if done == effect and lane.startswith(of_stage):
            os.kill(os.getpid(), signal.SIGKILL)

    return after


def bug(case_id: str) -> None:
    """Let normalisation fail on one case, as only a bug of ours can make it."""
    sound = entity_types.normalise

    def normalise(case: Case) -> NormalisedCase:
        if case.case_id == case_id:
            raise KeyError(case.title)
        return sound(case)

    vars(intake)["normalise"] = normalise


def give_up_after(attempts: int) -> None:
    """Let the worker end after so many failures in a row, for a test that can't tell how soon it does its part."""
    for module in (faults, stage):
        vars(module)["MAX_FAULTS_IN_A_ROW"] = attempts


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("stage")
    parser.add_argument(
        "--machine", default="", help="its LIAISON_HOME is another than this process's environment says"
    )
    parser.add_argument("--generation", default="")
    parser.add_argument("--kill-after", default="")
    parser.add_argument("--jump", action="store_true")
    parser.add_argument("--fail-on", default="")
    parser.add_argument("--give-up-after", type=int, default=faults.MAX_FAULTS_IN_A_ROW)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("pipeline").setLevel(logging.INFO)
    if arguments.jump:
        jump()
    after = killer(arguments.stage, arguments.kill_after)
    if arguments.fail_on:
        bug(arguments.fail_on)
    give_up_after(arguments.give_up_after)
    settings = Settings()
    if arguments.machine:
        settings = settings.model_copy(update={"home": settings.home / "machines" / arguments.machine})
    try:
        run_worker(arguments.stage, settings, generation=arguments.generation, after=after)
    except LiaisonError as error:
        sys.exit(f"liaison: {error}")
