"""Entity pairs judged a second on one core, beside nomenklatura's LogicV2: `make bench-scoring`.

    [LIAISON_BENCH_PYTHON=~/bench/bin/python] PYTHONPATH=tests python tests/benchmarks/scoring/run.py [--pairs N]

Typical pairs are candidates: persons of fake_1000 that share a blocking key (names, dates, towns, e-mails), the
false ones included; prints are ready, as they are in the stream. "first" is the first half of the pairs with cold
caches, "new" the other half after it, which is what a worker does: names that it knows, pairs that it has not met.
"again" is all of them once more; LogicV2 then remembers its answers. CPU time, since other work may run beside.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.data_sets import PYTHON, DataSet, fake_1000
from benchmarks.accuracy.ours import candidate_codes, prints
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import load_model
from pipeline.matching.score.scoring import judge_cases

TARGET = 50_000
Judge = Callable[[int, int], Any]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pairs", type=int, default=5000)
    wanted = parser.parse_args().pairs
    data = fake_1000()
    entities = prints(data)
    size, codes = len(entities), candidate_codes(data, entities, load_model())
    drawn = random.Random(1).sample(sorted(int(code) for code in codes), min(wanted, len(codes)))
    pairs = [(code // size, code % size) for code in drawn]
    columns = ("matcher", "first", "new", "again", f"new, of {TARGET:,}", "new, times LogicV2")
    table = Table(*columns, title="Entity pairs a second")
    rates = {"Liaison": measured(ours(entities), pairs)}
    if (other := logic_v2(data, pairs)) is not None:
        rates["nomenklatura LogicV2"] = other
    reference = rates.get("nomenklatura LogicV2", [0.0] * 3)[1]
    for name, (first, new, again) in rates.items():
        times = f"{new / reference:.1f}" if reference else ""
        table.add_row(name, f"{first:,.0f}", f"{new:,.0f}", f"{again:,.0f}", f"{new / TARGET:.0%}", times)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    return 0


def ours(entities: Sequence[Any]) -> Judge:
    """The product's judgement of two cases of one entity each."""
    model = load_model()
    cases = [Fingerprint(f"a:{at}", 1, "", "a", "AA", entities=(one,)) for at, one in enumerate(entities)]
    return lambda i, j: judge_cases(cases[i], cases[j], model)


def logic_v2(data: DataSet, pairs: Sequence[tuple[int, int]]) -> list[float] | None:
    """What LogicV2 does on the same records in its own environment; None where there is none."""
    python = os.environ.get(PYTHON)
    if not python:
        Console(stderr=True).print(f"nomenklatura LogicV2 left out: {PYTHON} is not set")
        return None
    given = json.dumps([[properties(data.table[at]) for at in pair] for pair in pairs])
    command = [python, str(Path(__file__).with_name("logic_v2.py"))]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    rates: list[float] = json.loads(done.stdout)
    return rates


def properties(row: dict[str, str]) -> dict[str, list[str]]:
    """The record in FollowTheMoney's words."""
    words = {"firstName": "first_name", "lastName": "surname", "birthDate": "dob", "email": "email"}
    known = {word: [row[field]] for word, field in words.items() if row[field]}
    full = " ".join(part for part in (row["first_name"], row["surname"]) if part)
    return {**known, **({"name": [full]} if full else {})}


def measured(judge_pair: Judge, pairs: list[tuple[int, int]]) -> list[float]:
    """Pairs a second of CPU: the first half with cold caches, the other half then, and both once more."""
    rates, half = [], len(pairs) // 2
    for some in (pairs[:half], pairs[half:], pairs):
        started = time.process_time()
        for i, j in some:
            judge_pair(i, j)
        rates.append(len(some) / (time.process_time() - started))
    return rates


if __name__ == "__main__":
    sys.exit(main())
