"""Entity pairs judged a second on one core, beside nomenklatura's LogicV2: `make bench-scoring`.

    python tests/benchmarks/scoring/run.py [--pairs N]

Typical pairs are candidates: persons of fake_1000 that share a blocking key (names, dates, towns, e-mails), the
false ones included, each pair once per round; prints are ready, as they are in the stream. "first" is the first round,
with cold caches, "again" the best of three more, which is what a worker sees whose tokens have come before. CPU time,
not wall time, since other work may run beside.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "accuracy"))

from data_sets import DataSet, fake_1000
from ours import candidate_codes, prints
from rich.console import Console
from rich.table import Table

from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import load_model
from pipeline.matching.scoring import judge

TARGET = 50_000
TIMES_LOGIC_V2 = 5
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
    table = Table(
        "matcher", "first", "again", f"of the target ({TARGET:,}/s)", "times LogicV2", title="Entity pairs a second"
    )
    rates = {"Liaison": measured(ours(entities), pairs)}
    try:
        rates["nomenklatura LogicV2"] = measured(logic_v2(data), pairs[:500])
    except ImportError as error:
        Console(stderr=True).print(f"nomenklatura LogicV2 left out: {error.name} is not installed")
    reference = rates.get("nomenklatura LogicV2", (0.0, 0.0))[1]
    for name, (first, again) in rates.items():
        times = f"{again / reference:.1f}" if reference else ""
        table.add_row(name, f"{first:,.0f}", f"{again:,.0f}", f"{again / TARGET:.0%}", times)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    return 0


def ours(entities: Sequence[Any]) -> Judge:
    """The product's judgement of two cases of one entity each."""
    model = load_model()
    cases = [Fingerprint(f"a:{at}", 1, "", "a", "AA", entities=(one,)) for at, one in enumerate(entities)]
    return lambda i, j: judge(cases[i], cases[j], model)


def logic_v2(data: DataSet) -> Judge:
    """LogicV2 on the same records as FollowTheMoney entities. Raises ImportError."""
    from followthemoney.proxy import EntityProxy
    from nomenklatura.matching import LogicV2

    config = LogicV2.default_config()
    proxies = [
        EntityProxy.from_dict({"id": f"e{at}", "schema": "Person", "properties": properties(row)})
        for at, row in enumerate(data.table)
    ]
    return lambda i, j: LogicV2.compare(proxies[i], proxies[j], config)


def properties(row: dict[str, str]) -> dict[str, list[str]]:
    """The record in FollowTheMoney's words."""
    words = {"firstName": "first_name", "lastName": "surname", "birthDate": "dob", "email": "email"}
    known = {word: [row[field]] for word, field in words.items() if row[field]}
    full = " ".join(part for part in (row["first_name"], row["surname"]) if part)
    return {**known, **({"name": [full]} if full else {})}


def measured(judge_pair: Judge, pairs: list[tuple[int, int]]) -> tuple[float, float]:
    """Pairs a second of CPU: the first round, and the best of three more."""
    rates = []
    for _ in range(4):
        started = time.process_time()
        for i, j in pairs:
            judge_pair(i, j)
        rates.append(len(pairs) / (time.process_time() - started))
    return rates[0], max(rates[1:])


if __name__ == "__main__":
    sys.exit(main())
