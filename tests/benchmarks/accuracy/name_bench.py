"""The 826 judged name pairs of nomenklatura's name_bench (MIT): F1 of ours, of rapidfuzz, of LogicV2 where installed.

    python tests/benchmarks/accuracy/name_bench.py [--reference PYTHON] [--wrong]

Each at its own ordinary threshold: ours is name_decision's, LogicV2's 0.70, rapidfuzz's the best one it can have on
these very cases. --reference names the Python of an environment that has nomenklatura (which brings another schema
library, so that it is not among our dependencies); --wrong lists what we judge otherwise than the cases do.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rapidfuzz import fuzz

from pipeline.matching.names import make_name_print, name_decision
from pipeline.records.names import normalise_name

DATA = Path(__file__).parents[4] / "shared" / "data" / "name_bench" / "cases.csv"
TYPES = {"Person": "person", "Vessel": "vessel"}
TARGET = 0.86
LOGIC_V2 = """
import csv, json, sys
from followthemoney import EntityProxy, model
from nomenklatura.matching import LogicV2
config = LogicV2.default_config()
def entity(row, at, id):
    return EntityProxy.from_dict({"id": id, "schema": row["schema"], "properties": {"name": [row[f"name{at}"]]}})
with open(sys.argv[1], encoding="utf-8") as lines:
    rows = list(csv.DictReader(lines))
pairs = [(entity(row, 1, f"a{at}"), entity(row, 2, f"b{at}")) for at, row in enumerate(rows)]  # it caches by id
print(json.dumps([LogicV2.compare(one, other, config).score for one, other in pairs]))
"""


def read_cases() -> list[dict[str, str]]:
    """The cases in their order; entity type by schema."""
    with DATA.open(encoding="utf-8", newline="") as lines:
        return [{**row, "type": TYPES.get(row["schema"], "organisation")} for row in csv.DictReader(lines)]


def judge(case: dict[str, str]) -> tuple[int, bool]:
    """Our score and verdict."""
    prints = [
        make_name_print(normalise_name(case[name], "", "", "", "", "", case["type"]), case["type"])
        for name in ("name1", "name2")
    ]
    return name_decision(prints[0], prints[1])


def f1(verdicts: Sequence[bool], truth: Sequence[bool]) -> tuple[float, float, float]:
    """F1, precision, recall."""
    hits = sum(verdict and true for verdict, true in zip(verdicts, truth, strict=True))
    precision, recall = hits / max(1, sum(verdicts)), hits / sum(truth)
    return 2 * precision * recall / max(1e-9, precision + recall), precision, recall


def best_of_rapidfuzz(cases: list[dict[str, str]], truth: Sequence[bool]) -> tuple[float, float, float]:
    """Token-sort ratio of case-folded names at the threshold that suits these cases best."""
    scores = [fuzz.token_sort_ratio(case["name1"].casefold(), case["name2"].casefold()) for case in cases]
    return max(f1([score >= limit for score in scores], truth) for limit in range(40, 100))


def logic_v2(python: str) -> list[float]:
    """LogicV2's scores, from an environment that has it."""
    done = subprocess.run([python, "-c", LOGIC_V2, str(DATA)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"nomenklatura could not be run: {done.stderr.strip().splitlines()[-1]}")
    return list(json.loads(done.stdout))


def main() -> int:
    """Print the table; 1 if below the target."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--reference", help="python of an environment with nomenklatura")
    options.add_argument("--wrong", action="store_true")
    chosen = options.parse_args()
    if not DATA.is_file():
        print(f"no data at {DATA}")
        return 1
    cases = read_cases()
    truth, judged = [case["is_match"] == "true" for case in cases], [judge(case) for case in cases]
    ours = f1([verdict for _, verdict in judged], truth)
    rows = [("liaison", ours), ("rapidfuzz token_sort_ratio, best threshold", best_of_rapidfuzz(cases, truth))]
    if chosen.reference:
        rows.append(("nomenklatura LogicV2", f1([score >= 0.7 for score in logic_v2(chosen.reference)], truth)))
    print(f"{'name_bench, 826 pairs':44}     F1  precision  recall")
    for name, (score, precision, recall) in rows:
        print(f"{name:44} {score:6.3f} {precision:10.3f} {recall:7.3f}")
    if chosen.wrong:
        for case, true, (score, verdict) in zip(cases, truth, judged, strict=True):
            if verdict != true:
                print(
                    f"{score:3} {'alike' if verdict else 'apart':5} {case['name1']} | {case['name2']} ({case['notes']})"
                )
    return int(ours[0] < TARGET)


if __name__ == "__main__":
    sys.exit(main())
