"""What is told of sizes is what was measured: deploy/README.md's tables, `ops plan`'s constants, docs/benchmarks."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from benchmarks.sizing import tables
from pipeline.ops.plan import read_constants

ROOT = Path(__file__).parents[2]


def test_the_documents_tables_are_those_of_the_plan() -> None:
    document, constants = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8"), read_constants()
    for table in (tables.inputs(constants), tables.results(constants)):
        assert "\n".join(table) in document, "run python tests/benchmarks/sizing/tables.py and put its tables there"


def test_the_plans_constants_are_those_that_were_measured() -> None:
    measured = json.loads((ROOT / "docs" / "benchmarks" / "scale.json").read_text(encoding="utf-8"))
    assert msgspec.to_builtins(read_constants()) == measured["figures"]["constants"]
