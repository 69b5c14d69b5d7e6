"""Frozen per-case results of entity_bench: a change shows every case that it changes.

To accept a change: LIAISON_FREEZE=1 pytest tests/unit/matching/test_entity_bench.py, and read the difference.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks.accuracy import entity_checks
from support.absences import need_beside

FROZEN = Path(__file__).with_name("entity_bench.csv")

Row = dict[str, str]


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    need_beside("data/entity_bench/checks.yml")
    return entity_checks


def row(bench: Any, check: Any) -> Row:
    score, link = bench.linked(check)
    share, same = bench.decided(check)
    query, candidate = (" / ".join(check[side].values()) for side in ("query", "candidate"))
    return {
        "schema": check["schema"], "query": query, "candidate": candidate, "match": str(check["match"]),
        "decision": str(share), "same": str(same), "score": str(score), "link": str(link),
    }  # fmt: skip


def test_no_case_changed(bench: Any) -> None:
    rows = [row(bench, check) for check in bench.checks()]
    if os.environ.get("LIAISON_FREEZE"):
        with FROZEN.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    with FROZEN.open(newline="", encoding="utf-8") as file:
        frozen = list(csv.DictReader(file))
    changed = [f"was {before}\nis  {after}" for before, after in zip(frozen, rows, strict=True) if before != after]
    assert not changed, f"{len(changed)} cases changed:\n" + "\n".join(changed)
