from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.engines.layout import StackLayout
from pipeline.localstack import start_cache
from pipeline.localstack.engine import EngineLaunch
from pipeline.settings import Settings


@pytest.fixture
def launch(tmp_path: Path) -> EngineLaunch:
    jar = tmp_path / "a.jar"
    jar.touch()
    settings = Settings(home=tmp_path / "home", engine_cache=tmp_path / "cache")
    return EngineLaunch(StackLayout.of(settings.home), settings, [jar], 9092)


def train(launch: EngineLaunch) -> str:
    """What a JVM does with the option: write the file that it names."""
    (option,) = start_cache.cache_options("kafka", launch)
    name, path = option.split("=")
    assert name == "-XX:AOTCacheOutput"
    Path(path).touch()
    return path


def test_the_first_run_trains_and_the_next_uses_what_it_made(launch: EngineLaunch) -> None:
    train(launch)
    start_cache.adopt_cache("kafka", launch.settings)
    (option,) = start_cache.cache_options("kafka", launch)
    name, path = option.split("=")
    assert name == "-XX:AOTCache"
    assert Path(path).exists()


def test_an_unfinished_training_run_is_discarded_by_the_next(launch: EngineLaunch) -> None:
    draft = train(launch)
    assert start_cache.cache_options("kafka", launch) == [f"-XX:AOTCacheOutput={draft}"]
    assert not Path(draft).exists()


def test_a_touched_jar_calls_for_a_new_cache_which_replaces_the_old(launch: EngineLaunch) -> None:
    train(launch)
    start_cache.adopt_cache("kafka", launch.settings)
    os.utime(launch.jars[0], (1, 1))
    train(launch)
    start_cache.adopt_cache("kafka", launch.settings)
    assert len(list((launch.settings.engine_cache / "aot").iterdir())) == 1


def test_another_home_leaves_this_ones_draft_alone(launch: EngineLaunch) -> None:
    draft = train(launch)
    elsewhere = launch.settings.model_copy(update={"home": Path("/elsewhere")})
    start_cache.adopt_cache("kafka", elsewhere)
    start_cache.discard_draft("kafka", elsewhere)
    assert Path(draft).exists()
