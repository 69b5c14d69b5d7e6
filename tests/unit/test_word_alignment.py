"""Words that mean the same are learnt from names of one body in several languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from model_building.word_alignment import (
    FOLDS,
    StatedName,
    fold_of,
    format_table,
    learn_translations,
    read_entries,
)

from pipeline.records.organisation_words import read_translations, use_translations

PLACES = (("moscow", "московский"), ("tula", "тульский"), ("perm", "пермский"), ("omsk", "омский"))
TRADES = (("gunpowder", "пороховой", "lőpor"), ("bearing", "подшипниковый", "csapágy"), ("glass", "стекольный", "üveg"))


@pytest.fixture(autouse=True)
def no_table() -> Iterator[None]:
    use_translations({})
    yield
    use_translations(None)


def entries() -> list[list[StatedName]]:
    return [
        [
            StatedName([place, trade, "plant"], english=True),
            StatedName([platz, russian, "завод"], english=False),
            StatedName([place, hungarian, "gyár"], english=False),
        ]
        for (place, platz), (trade, russian, hungarian) in product(PLACES, TRADES)
    ]


def test_words_that_stand_for_each_other_are_found() -> None:
    table = learn_translations(entries())
    assert table["plant"] == {"gyár": 12, "завод": 12}
    assert table["gunpowder"] == {"lőpor": 4, "пороховой": 4}
    assert "gyár" not in table["gunpowder"]


def test_one_input_gives_one_table_whatever_its_order() -> None:
    assert learn_translations(entries()) == learn_translations(entries()[::-1])


def test_little_or_nothing_gives_an_empty_table() -> None:
    assert learn_translations([]) == {}
    assert learn_translations(entries()[:1]) == {}
    assert learn_translations([[StatedName([], english=True), StatedName(["завод"], english=False)]]) == {}
    assert (
        learn_translations([[StatedName(["plant"] * 3000, english=True), StatedName(["завод"], english=False)]] * 3)
        == {}
    )


def test_a_name_of_a_single_body_is_left_out() -> None:
    brand = [
        [StatedName([place, "kalashnikov"], english=True), StatedName([platz, "калашников"], english=False)]
        for place, platz in PLACES
    ]
    assert "kalashnikov" not in learn_translations(brand)


def test_entries_are_read_without_a_fold_and_the_table_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "names.ndjson"
    cases = [
        {
            "data": {
                "agency": "a",
                "case_id": str(at),
                "entities": [
                    {
                        "type": "organisation",
                        "names": [{"full": f"The {place} Glass Plant"}, {"full": f"{platz} завод"}],
                    },
                    {"type": "person", "names": [{"full": "Ivan"}, {"full": "Иван"}]},
                ],
            }
        }
        for at, (place, platz) in enumerate(PLACES)
    ]
    path.write_text("\n".join(json.dumps(case) for case in cases), "utf-8")
    found = list(read_entries(path))
    assert [[name.english for name in names] for names in found] == [[True, False]] * 4
    assert found[0][0].words == ["moscow", "glass", "plant"]
    parts = [list(read_entries(path, lambda key, fold=fold: fold_of(key) == fold)) for fold in range(FOLDS)]  # type: ignore[misc]
    assert sum(map(len, parts)) == 4
    table = learn_translations(entries())
    path.write_text(format_table(entries(), table, "2026-11-30"), "utf-8")
    assert read_translations(path) == table
