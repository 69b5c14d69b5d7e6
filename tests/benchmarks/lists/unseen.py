"""Links of the EU's list of 2026, with tables of words that were learnt without the entries that are measured.

    PYTHONPATH=tests:tools python tests/benchmarks/lists/unseen.py latin script --links FOLDER

The table of translations and the model of letters that ship have seen half of the EU's list. This links each fifth of
it (word_alignment.fold_of) with what is learnt from the other four, and writes the links of each set to a file in the
folder, which `../shared/tools/lists-score` scores. Organisations alone: neither table is read for people.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from model_building.organisation_constants import learn_from_lists
from model_building.word_alignment import FOLDS, fold_of, learn_translations, read_entries

from benchmarks.accuracy.data_sets import DATA
from pipeline.cli.main import main as run_liaison
from pipeline.matching.names.rarity import LetterModel, letter_model, use_letters
from pipeline.records.organisation_words import use_translations

LISTS = DATA / "lists"
EU26 = LISTS / "eu26"
LEAST_PROBABILITY = "0.001"


def main() -> None:
    """Start a process for each step, since what has compared names remembers what words mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", choices=("latin", "script", "numbers"))
    parser.add_argument("--links", type=Path, required=True)
    parser.add_argument("--fold", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--step", choices=("learn", "link"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step == "learn":
        learn_without(options.fold, options.links)
    elif options.step == "link":
        _link(options.fold, options.links, options.sets[0])
    else:
        _run_folds(options.sets, options.links)


def _run_folds(sets: Sequence[str], links: Path) -> None:
    found = {name: (links / f"{name}.ndjson").open("wb") for name in sets}
    for fold in range(FOLDS):
        with tempfile.TemporaryDirectory() as folder:
            _run_step("learn", fold, folder, sets[0])
            for name, written in found.items():
                _run_step("link", fold, folder, name)
                written.write((Path(folder) / "links.ndjson").read_bytes())
                written.flush()


def _run_step(step: str, fold: int, folder: str, name: str) -> None:
    command = [sys.executable, __file__, name, "--links", folder, "--fold", str(fold), "--step", step]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def learn_without(fold: int, folder: Path) -> None:
    """Write both tables without the entries of a fold."""
    use_translations({})
    entries = list(read_entries(EU26 / "all-names.ndjson.gz", lambda key: fold_of(key) != fold))
    (folder / "translations.json").write_bytes(msgspec.json.encode(learn_translations(entries)))
    left_out = frozenset(key_of(event) for event in read_events("all-names") if fold_of(key_of(event)) == fold)
    letters = learn_from_lists(LISTS, sorted(letter_model().places), left_out)
    (folder / "letters.json").write_bytes(msgspec.json.encode(letters))


def use_tables(folder: Path) -> None:
    """Compare with the tables of a folder from now on; before the first comparison of a process."""
    use_translations(msgspec.json.decode((folder / "translations.json").read_bytes(), type=dict[str, dict[str, int]]))
    use_letters(msgspec.json.decode((folder / "letters.json").read_bytes(), type=LetterModel))


def _link(fold: int, folder: Path, name: str) -> None:
    """Link the entries of a fold with the whole of the other list."""
    use_tables(folder)
    cases, links = folder / "cases.ndjson", folder / "links.ndjson"
    with cases.open("w", encoding="utf-8") as written:
        for event in read_events(name):
            of_list = not key_of(event).startswith("eu-fsf:") or fold_of(key_of(event)) == fold
            if of_list and event["data"]["entities"][0]["type"] == "organisation":
                written.write(json.dumps(event) + "\n")
    sys.argv = ["liaison", "batch", "correlate", str(cases), "-o", str(links)]
    sys.argv += ["--min-probability", LEAST_PROBABILITY, "--json"]
    run_liaison()


def read_events(name: str) -> Iterator[dict[str, Any]]:
    """The records of a file of the set."""
    with gzip.open(EU26 / f"{name}.ndjson.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def key_of(event: dict[str, Any]) -> str:
    """A record's case key."""
    return f"{event['data']['agency']}:{event['data']['case_id']}"


if __name__ == "__main__":
    main()
