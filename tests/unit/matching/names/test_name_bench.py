"""Frozen verdicts on the 826 judged pairs of name_bench: whoever changes matching sees each case that changes.

name_bench_frozen.csv holds the number of a case, our verdict and score. Write it anew, once the changes are wanted:
    python tests/unit/matching/names/test_name_bench.py
The cases are nomenklatura's (github.com/opensanctions/nomenklatura, contrib/name_bench, commit 502208c), MIT licence,
copyright 2022 OpenSanctions; the file holds none of their text.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipeline.matching.names import make_name_print, name_decision
from pipeline.records.names import normalise_name
from support.absences import BESIDE, need_beside

CASES = "data/name_bench/cases.csv"
FROZEN = Path(__file__).parent / "name_bench_frozen.csv"
TYPES = {"Person": "person", "Vessel": "vessel"}
TARGET = 0.86

Verdict = tuple[bool, int]


def read_cases() -> list[dict[str, str]]:
    with (BESIDE / CASES).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def judge(case: dict[str, str]) -> Verdict:
    kind = TYPES.get(case["schema"], "organisation")
    one, other = (
        make_name_print(normalise_name(case[name], "", "", "", "", "", kind), kind) for name in ("name1", "name2")
    )
    score, verdict = name_decision(one, other)
    return verdict, score


def read_frozen() -> list[Verdict]:
    with FROZEN.open(encoding="utf-8", newline="") as lines:
        return [(row["verdict"] == "same", int(row["score"])) for row in csv.DictReader(lines)]


@pytest.fixture(scope="module")
def cases() -> list[dict[str, str]]:
    need_beside(CASES)
    return read_cases()


def test_each_case_is_judged_as_before(cases: list[dict[str, str]]) -> None:
    changed = [
        f"{at}: {case['name1']} | {case['name2']}: was {before}, is {now} (right: {case['is_match']})"
        for at, (case, before) in enumerate(zip(cases, read_frozen(), strict=True))
        if (now := judge(case)) != before
    ]
    assert not changed, "\n" + "\n".join(changed)


def test_f1_is_above_the_target(cases: list[dict[str, str]]) -> None:
    truth = [case["is_match"] == "true" for case in cases]
    verdicts = [judge(case)[0] for case in cases]
    hits = sum(verdict and true for verdict, true in zip(verdicts, truth, strict=True))
    assert 2 * hits / (sum(verdicts) + sum(truth)) >= TARGET


def freeze() -> None:
    """Write the verdicts anew."""
    with FROZEN.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(("case", "verdict", "score"))
        for at, (verdict, score) in enumerate(judge(case) for case in read_cases()):
            writer.writerow((at, "same" if verdict else "other", score))


if __name__ == "__main__":
    freeze()
