"""Runs one stage as `liaison worker` does; it ends after an effect, ends or hangs on a case, or has a jumping clock."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence

from pipeline.correlation import homes
from pipeline.errors import LiaisonError
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.score.scoring import Judgement
from pipeline.records import entity_types, intake
from pipeline.records.model import Case
from pipeline.records.normalised import NormalisedCase
from pipeline.settings import Settings
from pipeline.streams.runtime import faults, health, lane, stage
from pipeline.streams.runtime.processor import ChunkResult, Processor
from pipeline.streams.runtime.transactions import Output
from pipeline.streams.stages import correlate
from pipeline.streams.workers.worker import run_worker
from support.installation.jumping_clock import jump


def killer(of_stage: str, effect: str, source: str = "") -> Callable[[str, str], None]:
    """Kill this process by SIGKILL right after the effect has happened in a lane of the stage's own.

    With the kind of a `source`, after the first that there is once records of it were decided on.
    """
    reached = note_reached() if source else {""}

    def after(lane: str, done: str) -> None:
        if done == effect and lane.startswith(of_stage) and source in reached:
            os.kill(os.getpid(), signal.SIGKILL)

    return after


def note_reached() -> set[str]:
    """The kinds of topic of which correlate has decided on records, from now on: it says so before each effect."""
    reached: set[str] = set()
    publish = Processor.publish_effects

    async def publish_effects(self: Processor, result: ChunkResult) -> Sequence[Output]:
        namespace = Settings().namespace
        reached.update(partition.topic.removeprefix(namespace).partition(".")[0] for partition in result.reached)
        return await publish(self, result)

    correlate.CorrelateProcessor.publish_effects = publish_effects  # type: ignore[method-assign]
    return reached


def purge_every(pause_s: float) -> None:
    """Let correlate delete what it has applied of `pairs` so often."""
    vars(correlate)["PURGE_S"] = pause_s


def bug(case_id: str) -> None:
    """Let normalisation fail on one case, as only a bug of ours can make it."""
    sound = entity_types.normalise

    def normalise(case: Case) -> NormalisedCase:
        if case.case_id == case_id:
            raise KeyError(case.title)
        return sound(case)

    vars(intake)["normalise"] = normalise


def end() -> None:
    """End the process, as only a bug of a library can."""
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    """Work for ever."""
    while True:
        pass


def meet(case_id: str, meeting: Callable[[], None]) -> None:
    """Call something where this case is taken in, or judged."""
    sound, judged = entity_types.normalise, ModelMatcher.find_link

    def normalise(case: Case) -> NormalisedCase:
        if case.case_id == case_id:
            meeting()
        return sound(case)

    def find_link(self: ModelMatcher, a: Fingerprint, b: Fingerprint) -> Judgement | None:
        if any(side.case.endswith(f":{case_id}") for side in (a, b)):
            meeting()
        return judged(self, a, b)

    vars(intake)["normalise"] = normalise
    ModelMatcher.find_link = find_link  # type: ignore[method-assign]


def lose_patience_after(pause_s: float, step_s: float) -> None:
    """Let health call for a restart after work that has stood still for so long, or a step that has gone on so long."""
    vars(health).update(STALLED_S=pause_s, SILENT_S=pause_s, ENDLESS_S=step_s)


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
    parser.add_argument("--kill-on", default="", help="the kind of topic of which records must have been decided on")
    parser.add_argument("--purge-every", type=float, default=correlate.PURGE_S)
    parser.add_argument("--jump", action="store_true")
    parser.add_argument("--fail-on", default="")
    parser.add_argument("--end-on", default="", help="the case with which the process ends")
    parser.add_argument("--hang-on", default="", help="the case with which it works for ever")
    parser.add_argument("--all-large", action="store_true", help="pairs of any size are judged in a thread")
    parser.add_argument("--patience", type=float, nargs=2, default=(health.STALLED_S, health.ENDLESS_S))
    parser.add_argument("--look-every", type=float, default=lane.RENEWAL_LOOK_S)
    parser.add_argument("--give-up-after", type=int, default=faults.MAX_FAULTS_IN_A_ROW)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("pipeline").setLevel(logging.INFO)
    if arguments.jump:
        jump()
    after = killer(arguments.stage, arguments.kill_after, arguments.kill_on)
    purge_every(arguments.purge_every)
    if arguments.fail_on:
        bug(arguments.fail_on)
    if arguments.end_on:
        meet(arguments.end_on, end)
    if arguments.hang_on:
        meet(arguments.hang_on, hang)
    if arguments.all_large:
        vars(homes)["LARGE_PAIR"] = 0
    lose_patience_after(*arguments.patience)
    vars(lane)["RENEWAL_LOOK_S"] = arguments.look_every
    give_up_after(arguments.give_up_after)
    settings = Settings()
    if arguments.machine:
        settings = settings.model_copy(update={"home": settings.home / "machines" / arguments.machine})
    try:
        run_worker(arguments.stage, settings, generation=arguments.generation, after=after)
    except LiaisonError as error:
        sys.exit(f"liaison: {error}")
