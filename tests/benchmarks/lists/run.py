"""Print how right links are on real lists and census-like collections, beside other tools where these are installed.

    LIAISON_BENCH_PYTHON=~/bench/bin/python PYTHONPATH=tests python tests/benchmarks/lists/run.py --half a --markdown

README.md says what is measured and how. A tool that is not installed leaves no line.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.data_sets import PYTHON
from benchmarks.lists.liaison import cpu_of_children, run_liaison
from benchmarks.lists.measures import BANDS, AccuracyFigures, JudgedLink, measure
from benchmarks.lists.sets import (
    LISTS,
    LOADERS,
    REFERENCE,
    SETS,
    CasePair,
    LinkSet,
    MeasuredGroup,
    PairScore,
    agency_of,
    judge,
)  # fmt: skip

PEERS = {"splink": "Splink 5", "logic_v2": "LogicV2", "rapidfuzz": "rapidfuzz"}
SHIPPED, TRAINED = "Liaison, shipped", "Liaison, trained"
HEADINGS = ("set", "lists, type", "tool", "pairs", "P", "R", "F1", "best F1", "at", "R at P .99", *BANDS)
RATE_HEADINGS = ("set", "tool", "cases", "CPU seconds", "cases a CPU second")
Scores = dict[CasePair, PairScore]
FailedGroups = set[tuple[tuple[str, str], str]]
err = Console(stderr=True)


@dataclass(frozen=True)
class TableLine:
    """A tool's figures for one group of one set."""

    name: str
    group: MeasuredGroup
    tool: str
    figures: AccuracyFigures

    def cells(self) -> list[str]:
        """Texts in the order of HEADINGS; of truth by number only recall is known."""
        figures, known = self.figures, self.group.by == REFERENCE
        head = [self.name, f"{' '.join(self.group.agencies)} {self.group.type}", self.tool, str(figures.pairs)]
        if not known:
            return [*head, "", str(figures.recall), *[""] * (len(HEADINGS) - 6)]
        shares = [figures.precision, figures.recall, figures.f1, figures.best_f1]
        bands = [
            f"{precision} {right}/{links}" if links else ""
            for precision, right, links in (figures.bands[one] for one in BANDS)
        ]
        return [*head, *map(str, shares), f"{figures.best_score:.1f}", str(figures.strict_recall), *bands]


@dataclass(frozen=True)
class ToolRate:
    """What a tool's processes took of CPU for the cases of a set, start and reading included, learning left out."""

    name: str
    tool: str
    cases: int
    seconds: float

    def cells(self) -> list[str]:
        """Texts in the order of RATE_HEADINGS."""
        return [self.name, self.tool, f"{self.cases:,}", f"{self.seconds:.1f}", f"{self.cases / self.seconds:,.0f}"]


def main() -> int:
    """Print the tables; 1 if no set could be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=SETS, help="measure this set; may be given several times")
    parser.add_argument("--half", choices=("a", "b"), help="pairs whose first case falls into that half, by its key")
    parser.add_argument("--ours-only", action="store_true", help="leave the other tools out")
    parser.add_argument("--peers-only", action="store_true", help="leave Liaison out")
    parser.add_argument("--shipped-only", action="store_true", help="train no model on the census-like sets")
    parser.add_argument("--train", action="store_true", help="train a model on the lists too")
    parser.add_argument("--errors", type=Path, help="append false links and missed pairs to this file, as NDJSON")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    options = parser.parse_args()
    lines: list[TableLine] = []
    rates: list[ToolRate] = []
    started = time.monotonic()
    for name in options.only or SETS:
        lines += _measure_set(name, options, rates)
    err.print(f"all: {time.monotonic() - started:.0f} s")
    for headings, some, title in ((HEADINGS, lines, TITLE), (RATE_HEADINGS, rates, RATES_TITLE)):
        cells = [line.cells() for line in some]
        if options.markdown:
            print(_markdown(headings, cells), end="\n\n")
        else:
            Console(width=220).print(_table(headings, cells, title))
    return 0 if lines else 1


def _measure_set(name: str, options: argparse.Namespace, rates: list[ToolRate]) -> list[TableLine]:
    """The lines of a set; how fast each tool was is added to `rates`."""
    try:
        found = LOADERS[name]().in_half(options.half)
    except FileNotFoundError as error:
        err.print(f"{name} left out: {error.filename} is missing")
        return []
    except ValueError as error:
        err.print(f"{name} left out: {error}")
        return []
    lines = []
    for tool, scores, failed, seconds in _answers(found, options):
        rates.append(ToolRate(name, tool, len(found.events), seconds))
        for group, (links, totals) in judge(found, scores, options.half).items():
            if totals and (group.agencies, group.type) not in failed:
                lines.append(TableLine(name, group, tool, measure(links, totals)))
                if options.errors:
                    _write_errors(options.errors, found, lines[-1], links)
    return sorted(lines, key=lambda line: found.groups().index(line.group))


def _write_errors(path: Path, found: LinkSet, line: TableLine, links: list[JudgedLink]) -> None:
    """Append false links and missed pairs, one JSON a line, and say how the people of false links are related."""
    scores = {(link.entry, link.other): link for link in links}
    missed = [pair for pair in line.group.of(found.truth) if pair not in scores or not scores[pair].is_emitted]
    false = [pair for pair, link in scores.items() if link.is_emitted and not link.is_true]
    kin = {pair: found.relation(*pair) if found.relation else "" for pair in false}
    with path.open("a", encoding="utf-8") as file:
        for error, pairs in (("false", false), ("missed", missed)):
            for a, b in pairs:
                score = scores[a, b].score if (a, b) in scores else None
                one = {"set": line.name, "tool": line.tool, "error": error, "a": a, "b": b, "score": score}
                file.write(json.dumps(one | {"relation": kin.get((a, b), "")}) + "\n")
    if found.relation:
        counted = ", ".join(f"{count} {relation}" for relation, count in Counter(kin.values()).most_common())
        err.print(f"{line.name}: {line.tool}: false links: {counted or 'none'}")


def _answers(found: LinkSet, options: argparse.Namespace) -> Iterator[tuple[str, Scores, FailedGroups, float]]:
    """Each tool with its scores, what it failed at and its seconds of CPU; how long it took goes to standard error."""
    is_list = found.agencies == LISTS
    models = [] if options.peers_only else [(SHIPPED, False)]
    if models and not options.shipped_only and (not is_list or options.train):
        models.append((TRAINED, True))
    for tool, is_trained in models:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            scores, seconds = run_liaison(found, Path(folder), is_trained=is_trained)
        err.print(f"{found.name}: {tool}: {time.monotonic() - started:.0f} s")
        yield tool, scores, set(), seconds
    if options.ours_only or not os.environ.get(PYTHON):
        return
    for tool, label in PEERS.items():
        started = time.monotonic()
        before = cpu_of_children()
        scores, failed = _ask_peer(found, tool)
        err.print(f"{found.name}: {label}: {time.monotonic() - started:.0f} s")
        yield label, scores, failed, cpu_of_children() - before


def _ask_peer(found: LinkSet, tool: str) -> tuple[Scores, FailedGroups]:
    """The tool's scores of each two agencies and type that truth knows, and those where it failed."""
    scores: Scores = {}
    failed: FailedGroups = set()
    entities = found.entities
    for agencies, kind in sorted({(group.agencies, group.type) for group in found.groups()}):
        sides = [
            {key: one for key, one in entities.items() if agency_of(key) == agency and one["type"] == kind}
            for agency in agencies
        ]
        pairing = {"is_census": bool(found.rows), "type": kind, "sides": sides, "rows": found.rows}
        answer = _run_peer(tool, pairing)
        if answer is None:
            failed.add((agencies, kind))
        for a, b, score, is_emitted, band in answer or ():
            scores[a, b] = PairScore(score, is_emitted, band)
    return scores, failed


def _run_peer(tool: str, pairing: dict[str, Any]) -> list[Any] | None:
    command = [os.environ[PYTHON], str(Path(__file__).with_name("peers.py")), tool]
    done = subprocess.run(command, input=json.dumps(pairing), capture_output=True, text=True, check=False)
    answer = (
        json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {"failed": done.stderr.strip()[-800:]}
    )
    if isinstance(answer, dict):
        err.print(f"{tool} failed: {answer['failed']}", markup=False)
        return None
    return list(answer)


TITLE = "Links beside the truth, with 95% bootstrap intervals by entry of the first list"
RATES_TITLE = "CPU of each tool's processes"


def _table(headings: Sequence[str], lines: list[list[str]], title: str) -> Table:
    table = Table(*headings, title=title)
    for cells in lines:
        table.add_row(*cells)
    return table


def _markdown(headings: Sequence[str], lines: list[list[str]]) -> str:
    rows = [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    return "\n".join([*rows, *(f"| {' | '.join(cells)} |" for cells in lines)])


if __name__ == "__main__":
    sys.exit(main())
