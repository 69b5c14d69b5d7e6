"""Organisations asked for in one language that the index has in another, on the real index.

    PYTHONPATH=tests:tools python tests/benchmarks/search/languages.py

Each Latin name that the EU's list of 2026 has of an organisation, in up to 24 languages, is asked of an index of the
UK's entries: by the UK's Latin names ("Latin"), and by the names in the original script. The tables of words are those
learnt without the entries that are asked for, as in benchmarks.lists.unseen. "first": the counterpart is the first
result; "in ten": among the first ten; "of any name": the share of entries that one of their names finds in ten.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from model_building.word_alignment import FOLDS, fold_of

from benchmarks.lists.unseen import EU26, key_of, learn_without, read_events, use_tables
from benchmarks.search.recall import TEN, engines, indexed
from pipeline.index.queries import QueryLimits
from pipeline.index.reading import IndexReader
from pipeline.index.searching import search_cases
from pipeline.matching.model import Model, load_model
from pipeline.records.scripts import script_of
from pipeline.search.questions import parse_question, quote_value
from pipeline.settings import Settings

HELD = "uk-ofsi"
SETS = ("latin", "script")
LONGEST = 500
"""Letters of a name that is asked; a question has at most twice as many."""


class Asked(NamedTuple):
    """One question: the script of the record's name, the entry asked for, and the place of its counterpart."""

    script: str
    entry: str
    place: int | None


def main() -> None:
    """Print the table, or the answers of one fold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fold", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--tables", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--step", choices=("learn", "ask"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step == "learn":
        learn_without(options.fold, options.tables)
    elif options.step == "ask":
        use_tables(options.tables)
        with engines() as own:
            print(json.dumps(asyncio.run(_ask_fold(own, options.fold))))
    else:
        print("\n".join(table([asked for fold in range(FOLDS) for asked in _run_fold(fold)])))


def _run_fold(fold: int) -> Iterator[Asked]:
    """What has compared names remembers what words mean, so that each fold has processes of its own."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--fold", str(fold), "--tables", folder, "--step"]
        subprocess.run([*command, "learn"], check=True)
        answers = subprocess.run([*command, "ask"], check=True, stdout=subprocess.PIPE).stdout
    yield from (Asked(*found) for found in json.loads(answers.splitlines()[-1]))


async def _ask_fold(own: Settings, fold: int) -> list[Asked]:
    model = load_model(own.model)
    found: list[Asked] = []
    for name in SETS:
        held = [event["data"] for event in read_events(name) if event["data"]["agency"] == HELD]
        async with indexed(own, model, held) as reader:
            found += [asked async for asked in _ask_all(reader, model, name, fold)]
    return found


async def _ask_all(reader: IndexReader, model: Model, name: str, fold: int) -> AsyncIterator[Asked]:
    entities = {key_of(event): event["data"]["entities"][0] for event in read_events(name)}
    limits = QueryLimits(datetime.now(UTC).date())
    for asking, held in _true_pairs(name):
        if asking not in entities or held not in entities or fold_of(asking) != fold:
            continue
        script = script_of(entities[held]["names"][0]["full"])
        texts = {one["full"] for one in entities[asking]["names"] if script_of(one["full"]) == "Latin"}
        for text in sorted(texts):
            question = parse_question(f"type:organisation {quote_value('name', text[:LONGEST])}")
            results = await search_cases(reader, question, model, limits, limit=TEN)
            cases = [result.case.case for result in results]
            yield Asked(script, asking, cases.index(held) if held in cases else None)


def _true_pairs(name: str) -> Iterator[tuple[str, str]]:
    with (EU26 / "truth.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["set"] == name and row["type"] == "organisation":
                yield row["case_a"], row["case_b"]


def table(asked: Sequence[Asked]) -> Iterator[str]:
    """The figures as Markdown."""
    yield "| record in | entries | questions | first | in ten | of any name |"
    yield "|---|---|---|---|---|---|"
    for script in sorted({one.script for one in asked}):
        own = [one for one in asked if one.script == script]
        entries = {one.entry for one in own}
        found = {one.entry for one in own if one.place is not None}
        first, ten = sum(one.place == 0 for one in own), sum(one.place is not None for one in own)
        shares = (first / len(own), ten / len(own), len(found) / len(entries))
        yield f"| {script} | {len(entries)} | {len(own)} | {' | '.join(f'{share:.3f}' for share in shares)} |"


if __name__ == "__main__":
    main()
