from __future__ import annotations

import pytest

from pipeline.records.countries import country_code

KNOWN = [
    ("FR", "FR"),
    ("fra", "FR"),
    ("France", "FR"),
    ("Frankreich", "FR"),
    ("Франция", "FR"),
    ("UK", "GB"),
    ("EL", "GR"),
    ("D<<", "DE"),
    ("Côte d’Ivoire", "CI"),
    ("中国", "CN"),
    ("The Netherlands", "NL"),
    ("Holland", "NL"),
    ("Kosovo", "XK"),
    ("Soviet Union", "SU"),
    ("Vereinigtes Königreich", "GB"),
    ("South Korea", "KR"),
    ("england", "GB"),
    ("Türkiye", "TR"),
]


@pytest.mark.parametrize(("text", "code"), KNOWN)
def test_codes_and_names_in_usual_languages(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize("text", ["", "XXA", "ZZ", "Atlantis", "französisch"])
def test_other_words_are_no_country(text: str) -> None:
    assert country_code(text) == ""
