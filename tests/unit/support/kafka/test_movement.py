"""Waiting for an installation's rest: a costly look only while nothing moves, and never a stale answer."""

from __future__ import annotations

import pytest

from support.kafka.movement import LOOK_AGAIN_S, RestWatch


class Scene:
    """Offsets, the truth and the time, as a test sets them; counts the looks."""

    def __init__(self) -> None:
        self.end, self.rest, self.now, self.looks = 0, False, 0.0, 0
        self.watch = RestWatch(lambda: {"progress": self.end}, self.look, lambda: self.now)

    def look(self) -> bool:
        self.looks += 1
        return self.rest


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_what_moves_is_at_work_without_a_look(scene: Scene) -> None:
    scene.rest = True
    for scene.end in range(5):
        assert not scene.watch()
    assert scene.looks == 0


def test_what_stands_still_is_looked_at(scene: Scene) -> None:
    scene.rest = True
    assert [scene.watch(), scene.watch()] == [False, True]
    assert scene.looks == 1


def test_what_stands_still_with_work_left_is_looked_at_again_after_a_while(scene: Scene) -> None:
    assert [scene.watch() for _ in range(5)] == [False] * 5
    assert scene.looks == 1
    scene.rest, scene.now = True, LOOK_AGAIN_S
    assert scene.watch()
    assert scene.looks == 2


def test_a_move_lets_it_look_again_at_once(scene: Scene) -> None:
    assert [scene.watch(), scene.watch()] == [False, False]
    scene.rest, scene.end = True, 1
    assert [scene.watch(), scene.watch()] == [False, True]


def test_rest_is_never_remembered(scene: Scene) -> None:
    scene.rest = True
    assert [scene.watch(), scene.watch()] == [False, True]
    scene.rest, scene.now = False, LOOK_AGAIN_S
    assert not scene.watch()
    assert scene.looks == 2
