"""Names of organisations and vessels, turned into typed tokens."""

from __future__ import annotations

import pytest

from pipeline.records.names import normalise_name


def tokens_of(full: str, entity_type: str = "organisation") -> list[tuple[str, str]]:
    return [(token.text, token.kind) for token in normalise_name(full, "", "", "", "", "", entity_type).tokens]


@pytest.mark.parametrize(
    ("full", "core", "forms"),
    [
        ("Siemens Aktiengesellschaft", ["siemens"], ["ag"]),
        ('ООО "БАЙ"', ["бай"], ["ooo"]),
        ("A.B.C. Company", ["abc"], ["co"]),
        ("faberlic Sp. z o.o.", ["faberlic"], ["llc"]),
        ("Oboronnye Initsiativy o.O.O.", ["oboronnye", "initsiativy"], ["ooo"]),
        ("S.R.L. CON TRAFFIC", ["con", "traffic"], ["srl"]),
        ("Banco S.A. de C.V.", ["banco"], ["jsc"]),
        ("三菱重工業株式会社", ["三菱", "重工業"], ["kk"]),
        ("朝鮮貿易銀行", ["朝鮮", "貿易", "銀行"], []),
        ("上海石油科技有限公司", ["上海", "石油", "科技"], ["coltd"]),
        ("조선무역은행", ["조선", "무역", "은행"], []),
        ("Foo A/S", ["foo"], ["as"]),
        ("Bank in Basel AG", ["bank", "basel"], ["ag"]),
        ("AT&T Inc.", ["att"], ["inc"]),
        ("'Ndrangheta", ["ndrangheta"], []),
        ("JSC", ["jsc"], []),
    ],
)
def test_legal_forms_are_told_from_the_core(full: str, core: list[str], forms: list[str]) -> None:
    found = tokens_of(full)
    assert [text for text, kind in found if kind == "core"] == core
    assert [text for text, kind in found if kind == "legal_form"] == forms


@pytest.mark.parametrize(
    ("full", "number"),
    [
        ("1st International Bank", "1"),
        ("Brigade Forty-Four", "44"),
        ("Brigade Forty 4", "44"),
        ("Fund III, Ltd.", "3"),
        ("Fund I", "1"),
    ],
)
def test_numbers_are_numbers_however_written(full: str, number: str) -> None:
    assert [text for text, kind in tokens_of(full) if kind == "number"] == [number]


def test_articles_and_vessel_prefixes_are_no_core() -> None:
    assert tokens_of("The Coca-Cola of Rome")[0] == ("the", "particle")
    assert tokens_of("M/V Oceanic", "vessel") == [("mv", "title"), ("oceanic", "core")]


def test_a_name_of_nothing_but_company_words_keeps_them() -> None:
    assert ("company", "core") in tokens_of("The Company")
