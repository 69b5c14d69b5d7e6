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
    ("Afghan", "AF"),
    ("North Korean", "KP"),
    ("Filipino", "PH"),
    ("DPRK", "KP"),
    ("Korea, North", "KP"),
    ("朝鮮民主主義人民共和国", "KP"),
    ("Congo, Democratic Republic of the", "CD"),
    ("Zaire", "CD"),
    ("ZAR", "CD"),
    ("Burma", "MM"),
    ("Palestine", "PS"),
    ("State of Palestine", "PS"),
    ("Palestinian", "PS"),
    ("The Gambia", "GM"),
    ("Man, Isle of", "IM"),
    ("Libyan Arab Jamahiriya", "LY"),
    ("Ukrainian SSR", "SU"),
    ("Yugoslavia", "YU"),
    ("Italy (domicile)", "IT"),
]


@pytest.mark.parametrize(("text", "code"), KNOWN)
def test_codes_and_names_in_usual_languages(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    "text", ["", "XXA", "ZZ", "Atlantis", "französisch", "California", "Congolese", "Take", "()", "not (France)"]
)
def test_other_words_are_no_country(text: str) -> None:
    assert country_code(text) == ""
