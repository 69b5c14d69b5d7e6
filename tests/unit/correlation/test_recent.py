"""Tests of the cache with a bound in bytes."""

from __future__ import annotations

from pipeline.correlation.recent import Recent


def test_the_least_recently_used_make_room() -> None:
    recent: Recent[str, int] = Recent(10)
    recent.put("a", 1, 4)
    recent.put("b", 2, 4)
    assert recent.get("a") == 1
    recent.put("c", 3, 4)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)
    assert recent.used == 8


def test_a_value_put_again_counts_once() -> None:
    recent: Recent[str, int] = Recent(10)
    recent.put("a", 1, 4)
    recent.put("a", 2, 6)
    assert (recent.get("a"), recent.used) == (2, 6)


def test_a_dropped_value_is_gone() -> None:
    recent: Recent[str, int] = Recent(10)
    recent.put("a", 1, 4)
    recent.drop("a")
    recent.drop("a")
    assert (recent.get("a"), recent.used) == (None, 0)


def test_what_is_larger_than_the_cache_is_not_kept() -> None:
    recent: Recent[str, int] = Recent(10)
    recent.put("a", 1, 11)
    assert (recent.get("a"), recent.used) == (None, 0)
