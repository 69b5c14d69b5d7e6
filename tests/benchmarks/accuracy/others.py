"""Other tools on the same data sets, each set up as its own documentation does; an ImportError where not installed.

    python others.py splink fake_1000      # prints {"precision": ..., "recall": ...} or {"failed": why}

Runs in an environment of its own, without this product.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
import warnings
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

from benchmarks.accuracy.data_sets import LOADERS, DataSet, Outcome, Pair, in_blocks, recall_when_strict

NAME_AND_DATE = {
    "senzing": ("full_name", "dob"),
    "fake_1000": ("first_name", "surname", "dob"),
    "historical_50k": ("full_name", "dob"),
    **{f"febrl{number}": ("given_name", "surname", "date_of_birth") for number in (1, 2, 3, 4)},
}  # fmt: skip
MOST = 500
"""Largest block that the plain comparison looks into."""

CUT = 88
"""rapidfuzz token_sort_ratio of name and birth date from which the plain comparison links."""

LEAST_RATIO = 75
LEAST_WEIGHT = -4.0
"""Scores from which pairs are kept for recall at precision .99: of rapidfuzz, and match weight of Splink."""


def outcome(data: DataSet, links: set[Pair], scores: Mapping[Pair, float] | None = None) -> Outcome:
    """Precision and recall of the links among all pairs; of scored pairs, linked or not, recall at precision .99."""
    true = data.truth()
    hits = len(links & true)
    strict = None if scores is None else recall_when_strict(scores, true)
    return Outcome(hits / max(len(links), 1), hits / len(true), strict)


def rapidfuzz_alone(key: str, data: DataSet) -> Outcome:
    """What a first script does: one ratio over name and birth date, of records that share a word or the date."""
    from rapidfuzz import fuzz

    texts = [" ".join(row[field].casefold() for field in NAME_AND_DATE[key]) for row in data.table]
    scores: dict[Pair, float] = {}
    for members in in_blocks((text.split() for text in texts), MOST):
        for i, j in combinations(members, 2):
            if data.allowed((i, j)) and (ratio := fuzz.token_sort_ratio(texts[i], texts[j])) >= LEAST_RATIO:
                scores[i, j] = ratio
    return outcome(data, {pair for pair, ratio in scores.items() if ratio >= CUT}, scores)


def record_linkage(key: str, data: DataSet) -> Outcome:
    """Package recordlinkage with its ECM classifier, blocked by each name part and birth date, as its guide does."""
    import pandas as pd
    import recordlinkage

    fields = NAME_AND_DATE[key]
    frame = pd.DataFrame(data.table)
    frame = frame.mask(frame == "")
    index = recordlinkage.Index()
    for field in fields:
        index.block(field)
    pairs = index.index(frame)
    compare = recordlinkage.Compare()
    for field in frame.columns:
        if field in ("unique_id", "cluster", "source_dataset"):
            continue
        compare.string(field, field, method="jarowinkler", threshold=0.85, label=field)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        vectors = compare.compute(pairs, frame)
        found = recordlinkage.ECMClassifier(binarize=0.5).fit_predict(vectors)
    links = {(min(i, j), max(i, j)) for i, j in found}
    return outcome(data, {pair for pair in links if data.allowed(pair)})


def splink(key: str, data: DataSet) -> Outcome:
    """Splink with the comparisons and blocking rules of its published examples for the data set."""
    import pandas as pd
    import splink.comparison_library as library
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    logging.getLogger("splink").setLevel(logging.ERROR)
    recipe = SPLINK[key](library, block_on)
    frame = pd.DataFrame(data.table)
    frame = frame.mask(frame == "").drop(columns=["cluster"], errors="ignore")
    frame["unique_id"] = range(len(frame))
    if data.side:
        frame["source"] = data.side
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=recipe["comparisons"],
        blocking_rules_to_generate_predictions=recipe["blocking"],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        linker = Linker(DuckDBAPI().register(frame), settings)
        linker.training.estimate_probability_two_random_records_match(recipe["sure"], recall=0.7)
        linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
        for rule in recipe["training"]:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        found = linker.inference.predict(threshold_match_weight=LEAST_WEIGHT).as_pandas_dataframe()
    columns = (found[name] for name in ("unique_id_l", "unique_id_r", "match_weight", "match_probability"))
    scored = [
        ((min(int(i), int(j)), max(int(i), int(j))), float(weight), probability >= 0.5)
        for i, j, weight, probability in zip(*columns, strict=True)
    ]
    allowed = [one for one in scored if data.allowed(one[0])]
    links = {pair for pair, _, is_link in allowed if is_link}
    return outcome(data, links, {pair: weight for pair, weight, _ in allowed})


def _splink_fake(library: Any, block_on: Any) -> dict[str, Any]:
    return {
        "comparisons": [
            library.NameComparison("first_name"),
            library.NameComparison("surname"),
            library.DateOfBirthComparison("dob", input_is_string=True),
            library.ExactMatch("city").configure(term_frequency_adjustments=True),
            library.EmailComparison("email"),
        ],
        "blocking": [block_on("first_name", "city"), block_on("surname"), block_on("dob"), block_on("email")],
        "sure": [block_on("first_name", "surname", "dob"), block_on("email")],
        "training": [block_on("first_name", "surname"), block_on("dob")],
    }


def _splink_historical(library: Any, block_on: Any) -> dict[str, Any]:
    return {
        "comparisons": [
            library.NameComparison("first_name"),
            library.NameComparison("surname"),
            library.DateOfBirthComparison("dob", input_is_string=True),
            library.PostcodeComparison("postcode_fake"),
            library.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
            library.ExactMatch("occupation").configure(term_frequency_adjustments=True),
        ],
        "blocking": [
            block_on("substr(first_name,1,3)", "substr(surname,1,4)"),
            block_on("surname", "dob"),
            block_on("first_name", "dob"),
            block_on("postcode_fake", "first_name"),
            block_on("postcode_fake", "surname"),
            block_on("dob", "birth_place"),
            block_on("substr(postcode_fake,1,3)", "dob"),
            block_on("substr(postcode_fake,1,3)", "first_name"),
            block_on("substr(postcode_fake,1,3)", "surname"),
            block_on("substr(first_name,1,2)", "substr(surname,1,2)", "substr(dob,1,4)"),
        ],
        "sure": [block_on("first_name", "surname", "dob"), block_on("postcode_fake", "dob")],
        "training": [block_on("first_name", "surname"), block_on("dob")],
    }


def _splink_febrl(library: Any, block_on: Any) -> dict[str, Any]:
    return {
        "comparisons": [
            library.NameComparison("given_name"),
            library.NameComparison("surname"),
            library.LevenshteinAtThresholds("date_of_birth", [1, 2]),
            library.LevenshteinAtThresholds("soc_sec_id", [2]),
            library.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            library.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
        "blocking": [
            block_on("given_name", "surname"),
            block_on("date_of_birth"),
            block_on("soc_sec_id"),
            block_on("postcode", "street_number"),
        ],
        "sure": [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")],
        "training": [block_on("date_of_birth"), block_on("postcode")],
    }


def _splink_senzing(library: Any, block_on: Any) -> dict[str, Any]:
    return {
        "comparisons": [
            library.NameComparison("full_name"),
            library.DateOfBirthComparison("dob", input_is_string=True),
            library.JaroWinklerAtThresholds("address", [0.9, 0.8]),
            library.ExactMatch("phone"),
            library.EmailComparison("email"),
            library.ExactMatch("number"),
        ],
        "blocking": [block_on(field) for field in ("full_name", "dob", "address", "phone", "email", "number")],
        "sure": [block_on("full_name", "dob"), block_on("number")],
        "training": [block_on("full_name"), block_on("dob")],
    }


SPLINK: dict[str, Callable[[Any, Any], dict[str, Any]]] = {
    "fake_1000": _splink_fake,
    "historical_50k": _splink_historical,
    "senzing": _splink_senzing,
    **{f"febrl{number}": _splink_febrl for number in (1, 2, 3, 4)},
}
TOOLS: dict[str, Callable[[str, DataSet], Outcome]] = {
    "splink": splink,
    "recordlinkage": record_linkage,
    "rapidfuzz": rapidfuzz_alone,
}


def main(tool: str, key: str) -> None:
    """Print the outcome; other tools may fail on data that is not theirs."""
    try:
        found = TOOLS[tool](key, LOADERS[key]())
        answer: dict[str, Any] = dataclasses.asdict(found)
    except ImportError as error:
        answer = {"failed": f"no {error.name}"}
    except Exception as error:
        answer = {"failed": f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"}
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
