"""Truth and false links are those of the scorer of ../shared, run here on made-up links; skips without the data."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.lists.liaison import read_links
from benchmarks.lists.measures import measure
from benchmarks.lists.sets import NUMBER, REFERENCE, LinkSet, judge, load_census, load_list
from support.absences import BESIDE, need_beside

SCORER = "tools/lists-score"


@pytest.fixture(scope="module")
def lists() -> LinkSet:
    need_beside(SCORER, "data/lists/cases.ndjson.gz")
    return load_list("lists-no-numbers")


def write_links(lists: LinkSet, path: Path) -> None:
    """Most true pairs, and pairs of cases taken anywhere, with scores in steps so that some are equal."""
    rng = random.Random(1)
    keys = sorted(lists.entities)
    pairs = [pair for pair in sorted(lists.truth) if rng.random() < 0.95]
    known = sorted({case for pair in lists.truth for case in pair})
    pairs += [(rng.choice(known), rng.choice(keys)) for _ in range(3000)]
    with path.open("w", encoding="utf-8") as lines:
        for a, b in pairs:
            if a.split(":")[0] == b.split(":")[0]:
                continue
            score = 50 * rng.randint(-14, 30) + (600 if (a, b) in lists.truth else 0)
            probability = 1 / (1 + 2 ** (-score / 100))
            one = {"case_a": a, "case_b": b, "score": score, "probability": probability}
            one["basis"] = "shared" if rng.random() < 0.1 else "same"
            lines.write(json.dumps(one) + "\n")


@pytest.mark.parametrize("half", [None, "a", "b"])
def test_figures_are_the_scorers(lists: LinkSet, half: str | None, tmp_path: Path) -> None:
    path = tmp_path / "links.ndjson"
    write_links(lists, path)
    command = [sys.executable, str(BESIDE / SCORER), str(path), *(["--half", half] if half else [])]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    part = lists.in_half(half)
    judged = judge(part, read_links(part, path), half)
    assert len(printed) == len(judged) == 4
    for line in printed:
        first, second, kind, by, total, *rest = line.replace("|", " ").split()
        group = next(one for one in judged if one.agencies == (first, second) and (one.type, one.by) == (kind, by))
        found = measure(*judged[group])
        assert found.pairs == int(total)
        if by == NUMBER:
            assert f"{found.recall.value:.3f}" == rest[0]
            continue
        shown = [found.precision.value, found.recall.value, found.f1.value, found.best_f1.value]
        assert [f"{value:.3f}" for value in shown] == rest[:4]
        assert [f"{found.best_score:.1f}", f"{found.strict_recall.value:.3f}"] == rest[4:6]
        bands = {band: f"{right}/{links}" for band, (_, right, links) in found.bands.items() if links}
        assert bands == dict(zip(rest[6::2], (text.rstrip(",") for text in rest[7::2]), strict=True))


def test_numbers_are_taken_out(lists: LinkSet) -> None:
    assert not any("identifiers" in entity for entity in lists.entities.values())
    assert {by for _, by in load_list("lists").truth.values()} == {REFERENCE}


def test_in_a_census_every_other_link_is_false() -> None:
    found = load_census("census-polish-light")
    assert found.is_one_country
    assert [group.by for group in found.groups()] == [REFERENCE]
    assert len(found.truth) > 1500
