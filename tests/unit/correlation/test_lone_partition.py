"""One partition alone: whatever holds its cases, the links are the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.crowds.run import VALUES, record_lines
from pipeline.correlation.batch import LineReader, make_fingerprints
from pipeline.correlation.home_store import MemoryHomeStore
from pipeline.correlation.lone_partition import HeldSketchScreen, LonePartition
from pipeline.correlation.matcher import Matcher
from pipeline.correlation.protocol import CaseVersion, case_id
from pipeline.correlation.store_file import StoreIdentity
from pipeline.matching.bounds.sketches import ROW_WORDS, Sketches
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model
from pipeline.matching.screening.small_screening import SmallSketchScreen
from support.matching.sketches import sketch_of

MakeCase = Callable[..., Fingerprint]
CASES, CHUNK = 120, 50


@pytest.fixture(scope="module")
def versions() -> list[Fingerprint]:
    """Cases that share a switchboard, of which every third loses what it says and every seventh is said again."""
    lines = islice(record_lines(VALUES["one switchboard"]), CASES)
    cases = list(make_fingerprints(LineReader().read_cases(lines), load_model()))
    emptied = {"keys": (), "entities": (), "sketch": b"", "hash": "withdrawn", "withdrawn": True}
    later = [msgspec.structs.replace(case, version=case.version + 1, **emptied) for case in cases[::3]]
    return [*cases, *later, *(msgspec.structs.replace(case, version=case.version + 2) for case in cases[::7])]


def claims_of(partition: LonePartition, versions: Sequence[Fingerprint]) -> dict[str, tuple[object, ...]]:
    """The last claim about each link."""
    last: dict[str, tuple[object, ...]] = {}
    for start in range(0, len(versions), CHUNK):
        for judged in partition.take(versions[start : start + CHUNK]):
            claim = judged.claim
            last[claim.link] = claim.state, claim.a.order, claim.b.order, claim.score
        partition.commit()
    return last


def test_a_partition_on_disk_links_what_one_in_memory_links(versions: list[Fingerprint], tmp_path: Path) -> None:
    matcher = ModelMatcher(load_model())
    screen = SmallSketchScreen(load_model(), matcher.threshold)
    in_memory = LonePartition.in_memory(matcher)
    on_disk = LonePartition.on_disk(tmp_path, StoreIdentity("c", "t", 0, "g"), matcher, screen)
    found = claims_of(in_memory, versions)
    assert {state for state, *_ in found.values()} == {"live", "retracted"}
    assert claims_of(on_disk, versions) == found
    assert in_memory.home.store.cases == on_disk.home.store.cases == CASES
    on_disk.close()


class SketchLog:
    """Notes the sketches that are screened."""

    def __init__(self) -> None:
        self.asked: list[list[bytes]] = []

    def may_link(self, a: Sketches, b: Sketches) -> NDArray[np.bool_]:
        for words, starts, counts, _ in (a, b):
            spans = zip(starts.tolist(), counts.tolist(), strict=True)
            self.asked.append(
                [words[at - 1 : at + ROW_WORDS * count].tobytes() if count else b"" for at, count in spans]
            )
        return np.ones(len(a.counts), np.bool_)


def test_cases_are_screened_by_the_sketches_of_their_last_versions(
    case: MakeCase, matcher: Callable[..., Matcher]
) -> None:
    store, log = MemoryHomeStore(), SketchLog()
    plain = matcher()
    plain.may_link = log.may_link  # type: ignore[method-assign]
    screen = HeldSketchScreen(store, plain)
    names = ["a1", "b1", "c1"]
    ids = np.frombuffer(b"".join(map(case_id, names)), np.uint8).reshape(-1, 16)
    for version, rows in enumerate((1, 2, 0, 1, 15), start=1):
        held = {name: sketch_of(f"{name} {version}", rows) for name in names}
        store.put_versions(
            {case_id(name): CaseVersion(case(name, "word", version, sketch=held[name])) for name in names}
        )
        screen.add_cases(ids, np.array([2, 0, 1], np.uint32))
        screen.may_link(np.array([2, 0], np.uint32), np.array([1, 1], np.uint32))
        assert log.asked[-2:] == [[held["a1"], held["b1"]], [held["c1"], held["c1"]]]
