"""Accuracy beside the field's other tools, in one table: `make bench-accuracy`.

    export LIAISON_BENCH_PYTHON=~/bench/bin/python
    PYTHONPATH=tests:tools python tests/benchmarks/accuracy/run.py [--only fake_1000 ...] [--markdown]

README.md says what is measured and how. A tool that is not installed leaves its column empty.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy import corridors, entity_checks, name_bench, probabilities, reliability
from benchmarks.accuracy.data_sets import LOADERS, PYTHON, DataSet, Outcome
from benchmarks.accuracy.ours import LINKS, SHIPPED, THINGS, outcomes

HERE = Path(__file__).parent
OTHERS = {"splink": "Splink 5", "recordlinkage": "ECM", "rapidfuzz": "rapidfuzz"}
LOGIC_V2 = "LogicV2"
COLUMNS = (LINKS, THINGS, SHIPPED, *OTHERS.values(), LOGIC_V2)
MEASURES = (*LOADERS, "name_bench", "entity_bench", "corridors", "probabilities", "bands")
TARGETS = {
    "senzing": ">= .97",
    "febrl4": ">= .999",
    "historical_50k": ">= .80",
    "fake_1000": "> Splink 5",
    "name_bench": ">= .86",
    "entity_bench": "> LogicV2",
    **{f"corridor {name}": f">= {least}" for name, least in corridors.TARGETS.items()},
}
Cells = dict[str, str]
err = Console(stderr=True)


def main() -> int:
    """Print the table; 0 unless a measure is unknown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=MEASURES)
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    options = parser.parse_args()
    rows: dict[str, Cells] = {}
    for measure in options.only or MEASURES:
        started = time.monotonic()
        rows |= _measured(measure)
        err.print(f"{measure}: {time.monotonic() - started:.0f} s")
    accuracy = {name: cells for name, cells in rows.items() if "value" not in cells}
    print(_markdown(accuracy)) if options.markdown else Console(width=160).print(_table(accuracy))
    for name, cells in rows.items():
        if "value" in cells:
            print(f"{name}: {cells['value']}")
    return 0


def _measured(measure: str) -> dict[str, Cells]:
    if measure in LOADERS:
        return {measure: _data_set(measure)}
    if measure == "name_bench":
        return {measure: _name_bench()}
    if measure == "entity_bench":
        return {measure: _entity_bench()}
    if measure == "corridors":
        return {
            f"corridor {name}": {
                LINKS: " ".join(f"{recall:.3f}" for recall in product.recalls),
                "rapidfuzz": f"{plain:.3f}",
            }
            for name, (_, _, plain), product in corridors.measure(corridors.PAIRS)
        }
    lines = reliability.measure() if measure == "bands" else probabilities.measure()
    return {name: {"value": value} for name, value in lines}


def _data_set(key: str) -> Cells:
    try:
        data: DataSet = LOADERS[key]()
    except ImportError as error:
        err.print(f"{key} left out: {error.name} is not installed")
        return {}
    found = {name: _cell(outcome) for name, outcome in outcomes(data, err.print).items()}
    return found | {column: _other(tool, key) for tool, column in OTHERS.items()}


def _other(tool: str, key: str) -> str:
    """The tool's F1 from its own environment, or why there is none."""
    answer = _run("others.py", [tool, key])
    if answer is None or "failed" in answer:
        return "" if answer is None else f"- ({answer['failed']})"
    return _cell(Outcome(**answer))


def _cell(outcome: Outcome) -> str:
    strict = "" if outcome.strict_recall is None else f" {outcome.strict_recall:.3f}"
    return f"{outcome.f1:.4f} ({outcome.precision:.3f}/{outcome.recall:.3f}){strict}"


def _run(script: str, arguments: list[str], given: str = "") -> Any:
    """What a script prints as JSON in the other tools' environment; None where there is none, or it fails."""
    python = os.environ.get(PYTHON)
    if not python:
        return None
    command = [python, str(HERE / script), *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        err.print(f"{script} {' '.join(arguments)}: {done.stderr.strip().splitlines()[-1:]}")
        return None
    return json.loads(done.stdout.splitlines()[-1])


def _name_bench() -> Cells:
    cases = name_bench.read_cases()
    truth = [case["is_match"] == "true" for case in cases]
    cells = {
        LINKS: f"{name_bench.f1([name_bench.judge(case)[1] for case in cases], truth)[0]:.4f}",
        "rapidfuzz": f"{name_bench.best_of_rapidfuzz(cases, truth)[0]:.4f}",
    }
    pairs = [(case["schema"], {"name": case["name1"]}, {"name": case["name2"]}) for case in cases]
    scores = _run("logic_v2.py", [], json.dumps(pairs))
    return (
        cells
        if scores is None
        else cells | {LOGIC_V2: f"{name_bench.f1([score >= 0.7 for score in scores], truth)[0]:.4f}"}
    )


def _entity_bench() -> Cells:
    checks = entity_checks.checks()
    truth = [check["match"] for check in checks]
    texts = [[" ".join(check[side].values()).casefold() for side in ("query", "candidate")] for check in checks]
    ratios = [fuzz.token_sort_ratio(*pair) for pair in texts]
    cells = {
        LINKS: _right([entity_checks.decided(check)[1] for check in checks], truth),
        "rapidfuzz": max(_right([ratio >= limit for ratio in ratios], truth) for limit in range(40, 100)),
    }
    scores = _run(
        "logic_v2.py", [], json.dumps([(check["schema"], check["query"], check["candidate"]) for check in checks])
    )
    return cells if scores is None else cells | {LOGIC_V2: _right([score >= 0.7 for score in scores], truth)}


def _right(verdicts: list[bool], truth: list[bool]) -> str:
    return f"{sum(one == other for one, other in zip(verdicts, truth, strict=True))} of {len(truth)}"


def _table(rows: dict[str, Cells]) -> Table:
    table = Table(
        "measure",
        *COLUMNS,
        "target",
        title="Pairwise F1 (precision/recall) recall at precision .99; checks right; recall at FPR 1e-3",
    )
    for name, cells in rows.items():
        table.add_row(name, *(cells.get(column, "") for column in COLUMNS), TARGETS.get(name, ""))
    return table


def _markdown(rows: dict[str, Cells]) -> str:
    lines = ["| measure | " + " | ".join(COLUMNS) + " | target |", "|---" * (len(COLUMNS) + 2) + "|"]
    for name, cells in rows.items():
        lines.append(
            f"| {name} | " + " | ".join(cells.get(one, "") for one in COLUMNS) + f" | {TARGETS.get(name, '')} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
