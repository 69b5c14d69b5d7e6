"""deploy/README.md's sizing says what its figures give."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]


def tables() -> ModuleType:
    path = ROOT / "tests" / "benchmarks" / "sizing" / "tables.py"
    spec = importlib.util.spec_from_file_location("sizing_tables", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_documents_tables_are_those_of_the_figures() -> None:
    made, document = tables(), (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    for table in (made.inputs(), made.results()):
        assert "\n".join(table) in document, "run python tests/benchmarks/sizing/tables.py and put its tables there"


def test_no_store_holds_more_cases_than_it_can_number() -> None:
    made = tables()
    assert all(site.held * site.holding / site.partitions <= made.MOST_IN_A_STORE for site in made.SITES)
