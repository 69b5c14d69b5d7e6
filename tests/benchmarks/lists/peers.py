"""Other tools on two agencies' entities of one type, in an environment of their own.

    python peers.py splink < pairing.json      # [[a, b, score, is emitted, band or null], ...] or {"failed": why}

The pairing is `{"is_census", "type", "sides": [{key: entity}, {key: entity}], "rows": flat rows of a census}`.
All pairs of the two sides are in question; each tool blocks as it likes.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any

from benchmarks.lists.flat_rows import (
    Row,
    census_row,
    country_code,
    leave_out_common_words,
    list_row,
    sorted_words,
)
from benchmarks.lists.splink_settings import MOST_COMMON_WORD, census_recipe, list_recipe

Pairing = dict[str, Any]
Answer = list[tuple[str, str, float, bool, str | None]]

LEAST_WEIGHT = -10.0
"""Match weight from which Splink's pairs are kept, for the curve."""

CUT = 88
"""rapidfuzz token_sort_ratio from which the plain comparison links, as in the accuracy benchmark."""

LEAST_RATIO = 70
NEAREST = 25
"""Entries of the other list, nearest by token_sort_ratio, that LogicV2 is asked about."""

THRESHOLD = 0.7
"""LogicV2's own."""

LEAST_LOGIC = 0.3


def splink(pairing: Pairing) -> Answer:
    """Splink with the settings of splink_settings."""
    from splink import Linker, SettingsCreator
    from splink.backends.duckdb import DuckDBAPI

    logging.getLogger("splink").setLevel(logging.ERROR)
    tables = _rows_of(pairing)
    has_numbers = all(any(row.get("numbers") for row in rows) for rows in tables)
    recipe = census_recipe() if pairing["is_census"] else list_recipe(pairing["type"], has_numbers=has_numbers)
    settings = SettingsCreator(
        link_type="link_only", comparisons=recipe.comparisons, blocking_rules_to_generate_predictions=recipe.blocking
    )
    database = DuckDBAPI()
    frames = [
        database.register(_frame(rows), dataset_display_name=name)
        for rows, name in zip(tables, ("first", "second"), strict=True)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        linker = Linker(frames, settings)
        linker.training.estimate_probability_two_random_records_match(recipe.sure, recall=recipe.recall)
        linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
        for rule in recipe.training:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        found = linker.inference.predict(threshold_match_weight=LEAST_WEIGHT).as_pandas_dataframe()
    columns = [found[name] for name in ("unique_id_l", "unique_id_r", "match_weight", "match_probability")]
    first = set(pairing["sides"][0])
    return [
        (*((a, b) if a in first else (b, a)), weight, probability >= 0.5, band_of(probability))
        for a, b, weight, probability in zip(*columns, strict=True)
    ]


def band_of(probability: float) -> str | None:
    """Liaison's bands, for a tool that gives probabilities."""
    if probability < 0.5:
        return None
    return "certain" if probability >= 0.99 else "probable" if probability >= 0.9 else "possible"


def _frame(rows: list[Row]) -> Any:
    """The rows as columns of text, where they hold no arrays: a column without any value has no type of its own."""
    import pandas as pd

    frame = pd.DataFrame(rows)
    texts = [name for name in frame if not any(isinstance(value, list) for value in frame[name])]
    return frame.astype(dict.fromkeys(texts, "string"))


def _rows_of(pairing: Pairing) -> list[list[Row]]:
    if pairing["is_census"]:
        rows = {row["unique_id"]: row for row in pairing["rows"]}
        return [[census_row(rows[key]) for key in side] for side in pairing["sides"]]
    sides = [[list_row(key, entity) for key, entity in side.items()] for side in pairing["sides"]]
    leave_out_common_words([row for side in sides for row in side], MOST_COMMON_WORD)
    return sides


def rapidfuzz(pairing: Pairing) -> Answer:
    """The best token_sort_ratio of two names, of a census with the birth date, over all pairs."""
    import numpy as np

    ratios = _ratios(pairing)
    first, second = (list(side) for side in pairing["sides"])
    places = np.argwhere(ratios >= LEAST_RATIO)
    return [(first[i], second[j], float(ratios[i, j]), bool(ratios[i, j] >= CUT), None) for i, j in places]


def _texts(key: str, entity: dict[str, Any], dates: dict[str, str]) -> list[str]:
    """Words of each name in order, with the birth date where it is given."""
    names = [
        " ".join(one[part] for part in ("full", "given", "middle", "family") if one.get(part))
        for one in entity.get("names", [])
    ]
    return [sorted_words(f"{one} {dates.get(key, '')}") for one in names] or [""]


def _ratios(pairing: Pairing) -> Any:
    """Best ratio of each pair, in whole points: `(entries of the first, entries of the second)`."""
    import numpy as np
    from rapidfuzz import fuzz
    from rapidfuzz.process import cdist

    dates = {row["unique_id"]: row["birth_date"] for row in pairing["rows"]}
    texts = [[_texts(key, entity, dates) for key, entity in side.items()] for side in pairing["sides"]]
    flat = [[text for some in side for text in some] for side in texts]
    starts = [np.cumsum([0, *(len(some) for some in side)])[:-1] for side in texts]
    by_column = cdist(flat[0], flat[1], scorer=fuzz.ratio, dtype=np.uint8, workers=1)
    by_column = np.maximum.reduceat(by_column, starts[1], axis=1)
    return np.maximum.reduceat(by_column, starts[0], axis=0)


def logic_v2(pairing: Pairing) -> Answer:
    """LogicV2 on the nearest entries by name, and on those with an equal birth date, phone or number."""
    import numpy as np
    from nomenklatura.matching import LogicV2

    sides = [{key: proxy(key, entity) for key, entity in side.items()} for side in pairing["sides"]]
    keys = [list(side) for side in sides]
    nearest = np.argsort(-_ratios(pairing).astype(np.int16), axis=1, kind="stable")[:, :NEAREST]
    pairs = {(keys[0][i], keys[1][j]) for i, row in enumerate(nearest) for j in row} | _equal_values(pairing)
    config = LogicV2.default_config()
    answer: Answer = []
    for a, b in sorted(pairs):
        score = LogicV2.compare(sides[0][a], sides[1][b], config).score
        if score >= LEAST_LOGIC:
            answer.append((a, b, score, score >= THRESHOLD, None))
    return answer


def _equal_values(pairing: Pairing) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    places: list[dict[str, list[str]]] = [{}, {}]
    for at, side in enumerate(pairing["sides"]):
        for key, entity in side.items():
            dates = entity.get("birth_dates", [entity.get("birth_date", "")])
            values = [one["value"] for one in entity.get("identifiers", [])] + entity.get("phones", [])
            for value in [*values, *(one for one in dates if len(one) == 10 and not one.endswith("-01-01"))]:
                places[at].setdefault(value, []).append(key)
    for value in places[0].keys() & places[1].keys():
        found |= {(a, b) for a in places[0][value] for b in places[1][value]}
    return found


SCHEMATA = {"person": "Person", "organisation": "Organization"}
NUMBERS = {
    "passport": "passportNumber",
    "national_id": "idNumber",
    "tax_id": "taxNumber",
    "company_number": "registrationNumber",
}


def proxy(key: str, entity: dict[str, Any]) -> Any:
    """The entity in FollowTheMoney's terms, as its exporters fill them."""
    from followthemoney import model

    made = model.make_entity(SCHEMATA[entity["type"]])
    made.id = key
    for name in entity.get("names", []):
        full = name.get("full") or " ".join(name[part] for part in ("given", "middle", "family") if name.get(part))
        kind = {"nickname": "weakAlias", "alias": "alias", "former": "previousName"}.get(name.get("kind", ""), "name")
        made.add(kind, full, quiet=True)
        if entity["type"] == "person" and kind == "name":
            made.add("firstName", name.get("given"), quiet=True)
            made.add("middleName", name.get("middle"), quiet=True)
            made.add("lastName", name.get("family"), quiet=True)
    is_person = entity["type"] == "person"
    for one in entity.get("identifiers", []):
        made.add(NUMBERS.get(one["type"], "idNumber"), one["value"], quiet=True)
    for one in entity.get("addresses", []):
        full = ", ".join(one[part] for part in ("full", "house", "street", "postcode", "city") if one.get(part))
        made.add("address", full, quiet=True)
        made.add("country", country_code(one.get("country", "")), quiet=True)
    for one in entity.get("nationalities", []):
        made.add("nationality" if is_person else "country", country_code(one), quiet=True)
    for field, property_name in (("birth_date", "birthDate"), ("birth_place", "birthPlace"), ("gender", "gender")):
        made.add(property_name, entity.get(f"{field}s", entity.get(field)), quiet=True)
    made.add("phone", entity.get("phones", []), quiet=True)
    return made


TOOLS: dict[str, Callable[[Pairing], Answer]] = {"splink": splink, "logic_v2": logic_v2, "rapidfuzz": rapidfuzz}


def main(tool: str) -> None:
    """Print the answer; a tool may fail on data that is not its own."""
    try:
        answer: Any = TOOLS[tool](json.load(sys.stdin))
    except ImportError as error:
        answer = {"failed": f"no {error.name}"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
