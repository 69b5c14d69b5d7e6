from __future__ import annotations

import pytest

from pipeline.records.form_phrases import FormTable

FORMS = {"gmbh": "gmbh", "-gmbh": "gmbh", "gmbh & co. kg": "kg", "㈜": "llc", "société": "sa", "in": "inc"}
TABLE = FormTable({**FORMS, "public limited": "plc", "public limited co.": "plc", "removed": ""})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("siemens gmbh", [("gmbh", "gmbh")]),
        ("siemens GmbH", [("GmbH", "gmbh")]),
        ("a gmbh & co. kg, b gmbh", [("gmbh & co. kg", "kg"), ("gmbh", "gmbh")]),
        ("public limited co.foo", [("public limited", "plc")]),
        ("foo-gmbh", [("gmbh", "gmbh")]),
        ("foo -gmbh", [("-gmbh", "gmbh")]),
        ("㈜ 朝鮮", [("㈜", "llc")]),
        ("朝鮮㈜", []),
        ("ggmbh gmbhs gmbh_", []),
        ("ingólf société", [("société", "sa")]),
        ("𐐨gmbh 𐐨 gmbh", [("gmbh", "gmbh")]),
        ("", []),
    ],
)
def test_spellings_between_words_are_found_the_longest_first(text: str, found: list[tuple[str, str]]) -> None:
    assert TABLE.find(text) == found


def test_each_is_replaced_unless_nothing_would_be_left() -> None:
    assert TABLE.replace("Public Limited co. x") == "plc x"
    assert TABLE.replace("a removed b") == "a  b"
    assert TABLE.replace("removed") == "removed"
    assert TABLE.replace("nothing of it") == "nothing of it"
