"""Accuracy beside the field's other tools, one table: `make bench-accuracy`.

    python tests/benchmarks/accuracy/run.py [--only fake_1000 --only entity_bench ...]

Everything runs with default settings: this product trained on each data set without labels and as shipped, Splink by
its published examples, recordlinkage's ECM, rapidfuzz alone. A tool that is not installed is left out by name.
Figures of data sets are pairwise F1 over all pairs of the data set (precision / recall); no clustering.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import entity_checks
from data_sets import LOADERS
from others import TOOLS
from ours import Outcome, outcomes
from rich.console import Console
from rich.table import Table

TARGETS = {"senzing": "0.97", "febrl4": "0.999", "historical_50k": "0.80", "fake_1000": "above Splink 5"}
err = Console(stderr=True)


def main() -> int:
    """Print the table; 0 unless a data set is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", action="append", choices=[*LOADERS, "entity_bench"])
    chosen = parser.parse_args().only or [*LOADERS, "entity_bench"]
    table = Table("data set", "tool", "F1", "precision", "recall", "target", "remark", title="Pairwise accuracy")
    for key in chosen:
        if key in LOADERS:
            _data_set(key, table)
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(table)
    if "entity_bench" in chosen:
        console.print(_entity_bench())
    return 0


def _data_set(key: str, table: Table) -> None:
    try:
        data = LOADERS[key]()
    except ImportError as error:
        table.add_row(key, "", "", "", "", TARGETS.get(key, ""), f"left out: {error.name} is not installed")
        return
    for tool, found in outcomes(data, err.print).items():
        _row(table, data.name, tool, found, TARGETS.get(key, ""))
    for tool, judge in TOOLS.items():
        started = time.monotonic()
        found = _tried(judge, key, data)
        if isinstance(found, Outcome):
            _row(table, data.name, tool, found, "")
        else:
            table.add_row(data.name, tool, "", "", "", "", found)
        err.print(f"{data.name}, {tool}: {time.monotonic() - started:.0f} s")
    table.add_section()


def _tried(judge: Callable[..., Outcome], key: str, data: Any) -> Outcome | str:
    """The tool's outcome, or why there is none: other tools may fail on data that is not theirs."""
    try:
        return judge(key, data)
    except ImportError as error:
        return f"left out: {error.name} is not installed"
    except Exception as error:
        return f"failed: {type(error).__name__}: {str(error).splitlines()[0][:80]}"


def _row(table: Table, data: str, tool: str, found: Outcome, target: str) -> None:
    numbers = (f"{value:.4f}" for value in (found.f1, found.precision, found.recall))
    table.add_row(data, tool, *numbers, target, found.note)


def _entity_bench() -> Table:
    checks = entity_checks.checks()
    judges: dict[str, Any] = {
        "Liaison, name decision": entity_checks.decided,
        "Liaison, batch compare": entity_checks.linked,
    }
    try:
        judges["nomenklatura LogicV2"] = entity_checks.logic_v2()
    except ImportError as error:
        err.print(f"nomenklatura LogicV2 left out: {error.name} is not installed")
    table = Table("tool", "checks right", f"of {len(checks)}", title="entity_bench")
    for name, judge in judges.items():
        right = sum(judge(check)[1] == check["match"] for check in checks)
        table.add_row(name, str(right), f"{right / len(checks):.1%}")
    return table


if __name__ == "__main__":
    sys.exit(main())
