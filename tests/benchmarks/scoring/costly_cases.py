"""What the costliest cases take that an agency can push: CPU of intake, and of judging and explaining a pair of them.

    PYTHONPATH=tests python tests/benchmarks/scoring/costly_cases.py [SHAPE ...]

The cases are those of support.records.worst_cases. Both have a passport in common, so that they are linked. Nothing is
cached before: each row is measured in a process of its own. Operations are those of matching.operations, of judging and
explaining.
"""

from __future__ import annotations

import sys
import time
from multiprocessing import get_context

from rich.console import Console
from rich.table import Table

from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.matching.bands import Basis
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model
from pipeline.matching.operations import operations_done
from pipeline.records.entity_types import normalise
from pipeline.records.validation import read
from support.records.worst_cases import SHAPES, fit, worst_bytes, worst_pair


def take_in(raw: bytes) -> tuple[Fingerprint, float]:
    """The fingerprint of a case, and the seconds of CPU that intake takes."""
    start = time.process_time()
    case = read(raw).case
    made = make_fingerprint(case, normalise(case), load_model())
    return made, time.process_time() - start


def measure(shape: str) -> list[str]:
    """Bytes, seconds of CPU of intake, of finding whether two cases are linked, and of explaining that; operations."""
    matcher = ModelMatcher(load_model())
    raw = [worst_bytes(fit(data)) for data in worst_pair(shape)]
    (a, taken), (b, _) = map(take_in, raw)
    before, start = operations_done(), time.process_time()
    matcher.meet([(a, b)])
    found = matcher.find_link(a, b)
    judged = time.process_time()
    matcher.explain(a, b, Basis.SAME if found is None else found.basis)
    seconds = (taken, judged - start, time.process_time() - judged)
    part = "part" if matcher.cut else "all"
    return [str(len(raw[0])), *(f"{one:.2f}" for one in seconds), f"{operations_done() - before:,}", part]


def main() -> None:
    """Print the table."""
    heads = "two cases of", "bytes", "intake of one, s", "judge, s", "explain, s", "operations", "compared"
    table = Table(*heads, title="Costly cases")
    for shape in sys.argv[1:] or SHAPES:
        with get_context("spawn").Pool(1) as pool:
            table.add_row(shape, *pool.apply(measure, (shape,)))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    main()
