"""This product on a set: `liaison batch correlate`, with the model it ships or the one that `batch train` makes."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

from benchmarks.lists.sets import CasePair, LinkSet, PairScore, agency_of

LEAST_PROBABILITY = "0.001"
"""Links below it are not looked at, as the scorer of `../shared` says."""


def run_liaison(found: LinkSet, folder: Path, *, is_trained: bool) -> tuple[dict[CasePair, PairScore], float]:
    """Scores of the linked pairs of two agencies, and the seconds of CPU that linking took.

    Raises subprocess.CalledProcessError where a command fails.
    """
    cases, links, model = folder / "cases.ndjson", folder / "links.ndjson", folder / "model.json"
    cases.write_text("".join(json.dumps(event) + "\n" for event in found.events), encoding="utf-8")
    if is_trained:
        _call("train", str(cases), "-o", str(model), "--json")
    options = ["--model", str(model)] if is_trained else []
    options += ["--within"] if found.is_one_country else []
    before = cpu_of_children()
    _call("correlate", str(cases), "-o", str(links), "--min-probability", LEAST_PROBABILITY, *options)
    return read_links(found, links), cpu_of_children() - before


def cpu_of_children() -> float:
    """Seconds of CPU of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _call(*arguments: str) -> None:
    command = [str(Path(sys.executable).with_name("liaison")), "batch", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()


def read_links(found: LinkSet, path: Path) -> dict[CasePair, PairScore]:
    """Links between two agencies that say "the same"; links that say "shared" are another statement."""
    scores = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            link = json.loads(line)
            a, b = link["case_a"], link["case_b"]
            if link.get("basis", "same") == "same" and agency_of(a) != agency_of(b):
                probability = link["probability"]
                scores[found.order(a, b)] = PairScore(
                    link["score"] / 100, probability >= 0.5, link.get("band") or band_of(probability)
                )
    return scores


def band_of(probability: float) -> str | None:
    """The band of a probability, as docs/matching.md has them."""
    if probability < 0.5:
        return None
    return "certain" if probability >= 0.99 else "probable" if probability >= 0.9 else "possible"
