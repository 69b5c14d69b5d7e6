"""A key that a million cases have: bounded memory, and others go on."""

from __future__ import annotations

import tracemalloc
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from benchmarks.stream.population import Population
from pipeline.correlation.meeting_places import MeetingPlace, PostedSketchScreen, PostingChunk, take_together
from pipeline.correlation.meeting_store_on_disk import DiskMeetingStore
from pipeline.correlation.postings import PostedCase, encode_postings
from pipeline.correlation.protocol import case_id
from pipeline.correlation.store_file import StoreIdentity
from pipeline.matching.matcher import THRESHOLD
from pipeline.matching.model import load_model
from pipeline.matching.screening.small_screening import SmallSketchScreen

pytestmark = [pytest.mark.rare, pytest.mark.timeout(900)]

HELD, BLOCK, PEOPLE = 1_000_000, 20_000, 2_000

HOT, QUIET = 7, 11
"""Keys: all cases have the one, ten the other."""

MOST_BYTES = 100 << 20
"""Of a step's own memory. Its pairs alone would take 20 MB a posting, were they there all at once."""


class Places:
    """Two meeting places, of a hot key and of a quiet one, whose cases have sketches of made-up people."""

    def __init__(self, folder: Path) -> None:
        self.screen = SmallSketchScreen(load_model(), THRESHOLD)
        self._sketches = self.screen.make_sketches(list(islice(Population(7).fingerprints(), PEOPLE)))
        self._stores = [
            DiskMeetingStore(folder / str(key), StoreIdentity("bench", "postings", key, "g"), self.screen.words)
            for key in (HOT, QUIET)
        ]
        self.hot, self.quiet = (MeetingPlace(one, PostedSketchScreen(one, self.screen)) for one in self._stores)

    def encode(self, key: int, country: str, first: int, count: int) -> tuple[list[bytes], list[bytes]]:
        """Ids and postings of new cases."""
        cases = [PostedCase(case_id(f"x:{first + at}"), 2, country, (key,)) for at in range(count)]
        sketches = self._sketches[np.arange(first, first + count) % PEOPLE]
        postings = encode_postings(cases, sketches, 1)
        return [one.case for one in postings], [one.value for one in postings]

    def commit(self, offset: int) -> None:
        for store in self._stores:
            store.commit(offset)

    def close(self) -> None:
        for store in self._stores:
            store.close()


def test_a_million_cases_under_a_key_are_met_in_bounded_memory_while_others_go_on(tmp_path: Path) -> None:
    places = Places(tmp_path)
    for first in range(0, HELD, BLOCK):
        places.hot.load_postings(*places.encode(HOT, "FR", first, BLOCK))
        places.commit(first)
    places.quiet.load_postings(*places.encode(QUIET, "FR", 0, 10))
    cases, values = places.encode(HOT, "DE", HELD, 3)
    quiet = PostingChunk(places.quiet, *places.encode(QUIET, "DE", HELD, 3))
    met, asked = places.hot.counts.candidates, 0
    tracemalloc.start()
    while cases:
        hot, _ = take_together([PostingChunk(places.hot, cases, values), quiet], places.screen)
        assert hot.taken == 1, "a case that meets a million is a step by itself"
        cases, values, asked = cases[hot.taken :], values[hot.taken :], asked + len(hot.asks)
        (other,) = take_together([quiet], places.screen)
        assert other.taken == len(quiet.cases), "others have their turn between two steps"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    places.commit(HELD)
    places.close()
    assert places.hot.counts.candidates - met == 3 * HELD
    assert 0 < asked < HELD
    assert peak < MOST_BYTES
