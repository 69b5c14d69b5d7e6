"""What `liaison batch train` takes of CPU on records of many names, and of one: start and reading included.

    PYTHONPATH=tests python tests/benchmarks/lists/training_cost.py [--only alias-rich]

"lists" are the three lists. "alias-rich" are 10,000 records of three names and more: the lists' own, then those of the
rounds that tests/benchmarks/stream makes of them. "one-name" is a census-like set.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import fmean

from benchmarks.lists.liaison import cpu_of_children
from benchmarks.lists.sets import LOADERS, LinkSet, load_all_lists
from benchmarks.stream.list_population import ListPopulation

ALIAS_RICH = 10_000
MANY = 3
"""Names from which an entity is rich in aliases."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=RECORDS, help="train on these; may be given several times")
    options = parser.parse_args()
    print("| records | cases | names an entity | CPU seconds |")
    print("|---|---|---|---|")
    for name in options.only or RECORDS:
        lines = list(RECORDS[name]())
        names = fmean(count for line in lines for count in count_names(line))
        print(f"| {name} | {len(lines):,} | {names:.1f} | {measure_training(lines):.0f} |", flush=True)


def measure_training(lines: list[bytes]) -> float:
    """Seconds of CPU of training on some records; raises subprocess.CalledProcessError where that fails."""
    with tempfile.TemporaryDirectory() as folder:
        cases, model = Path(folder) / "cases.ndjson", Path(folder) / "model.json"
        cases.write_bytes(b"".join(line + b"\n" for line in lines))
        command = [str(Path(sys.executable).with_name("liaison")), "batch", "train", str(cases), "-o", str(model)]
        before = cpu_of_children()
        subprocess.run(command, check=True, capture_output=True)
        return cpu_of_children() - before


def count_names(line: bytes) -> list[int]:
    """How many names each entity of a record has."""
    return [len(entity.get("names", ())) for entity in json.loads(line)["data"]["entities"]]


def encode_events(found: LinkSet) -> Iterator[bytes]:
    """The records of a set."""
    return (json.dumps(event).encode() for event in found.events)


def deal_alias_rich() -> Iterator[bytes]:
    """Records with an entity of many names."""
    dealt = (message.value or b"" for message in ListPopulation().messages())
    return islice((line for line in dealt if max(count_names(line)) >= MANY), ALIAS_RICH)


RECORDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "lists": lambda: encode_events(load_all_lists("lists")),
    "alias-rich": deal_alias_rich,
    "one-name": lambda: encode_events(LOADERS["census-english-heavy"]()),
}


if __name__ == "__main__":
    main()
