"""Legal forms of organisations, found in the languages of the lists and taken out of names."""

from __future__ import annotations

import pytest

from pipeline.records.legal_forms import MAX_FORMS, generic_form, take_legal_forms
from pipeline.records.names import normalise_name


def core_of(full: str) -> list[str]:
    tokens = normalise_name(full, "", "", "", "", "", "organisation").tokens
    return [token.text for token in tokens if token.kind == "core"]


def kinds_of(full: str) -> set[str]:
    tokens = normalise_name(full, "", "", "", "", "", "organisation").tokens
    return {generic_form(token.text) for token in tokens if token.kind == "legal_form"}


@pytest.mark.parametrize(
    ("full", "core", "kind"),
    [
        ("Peleng Nyilvánosan Működő Részvénytársaság", "peleng", "jsc"),
        ("PELENG NYILVANOSAN MUKODO RESZVENYTARSASAG", "peleng", "jsc"),
        ("sociedade anónima pública Peleng", "peleng", "jsc"),
        ("Адкрытае акцыянернае таварыства «Пеленг»", "пеленг", "jsc"),
        ("Otkrytoye Aktsionernoye Obschestvo Peleng", "peleng", "jsc"),
        ("Συμμετοχική εταιρεία Peleng", "peleng", "jsc"),
        ("Cuideachta Comhstoic Oscailte Peleng", "peleng", "jsc"),
        ("Dioničko društvo ,Peleng’", "peleng", "jsc"),
        ("Compel Rt. (JSC Compel)", "compel", "jsc"),
        ("Kumpanija b’Responsabbiltà Limitata Old Vector", "old vector", "llc"),
        ("Spoločnosť s ručením obmedzeným Old Vector", "old vector", "llc"),
        ("Old Vector Korlátolt Felelősségű Társaság", "old vector", "llc"),
        ("SOCIÉTÉ À RESPONSABILITÉ LIMITÉE “Old Vector”", "old vector", "llc"),
        ("Общества с ограниченной ответственностью «Old Vector»", "old vector", "llc"),
        ("Obshchestvo s ogranichennoi otvetstvennostyu Old Vector", "old vector", "llc"),
        ("Old Vector L.L.C.", "old vector", "llc"),
        ("Old Vector, s. r. o.", "old vector", "llc"),
        ("Федеральное казенное предприятие «Пермский завод»", "пермский завод", "soe"),
        ("Gosudarstvenoye predpriyatiye Magarach", "magarach", "soe"),
        ("Federalnoe kazennoe predpriiatie Magarach", "magarach", "soe"),
        ("State enterprise “Magarach”", "magarach", "soe"),
        ("Yıldız Gemi Limited Şirketi", "yildiz gemi", "llc"),
        ("Tüpraş A.Ş.", "tüpraş", "jsc"),
        ("Крушик ортачко друштво", "крушик", "lp"),
        ("شرکت سهامی خاص پارس", "پارس", "jsc"),
        ("Sherkate Sahami Pars", "pars", "jsc"),
        ("شركة النور ش.م.م", "النور", "llc"),
        ("شركة مساهمة عامة النور", "النور", "jsc"),
        ("合資会社山田", "山田", "lp"),
        ("一般社団法人山田", "山田", "ngo"),
        ("华为合伙企业(有限合伙)", "华为", "lp"),
        ("합자회사 한빛", "한빛", "lp"),
        ("ALROSA Group", "alrosa", "co"),
        ("РСБ-Групп", "рсб", "co"),
        ("Kalashnikov-konserni", "kalashnikov", "co"),
        ("Холдинг «Росэлектроника»", "росэлектроника", "co"),
        ("ハラ・カンパニー", "ハラ", "co"),
        ("شركة العربي", "العربي", "co"),
    ],
)
def test_a_form_of_any_language_is_taken_out(full: str, core: str, kind: str) -> None:
    assert core_of(full) == core.split()
    assert kind in kinds_of(full)


@pytest.mark.parametrize(
    ("full", "core"),
    [
        ("Adverse Conditions AS", "adverse conditions"),
        ("JP Morgan Chase", "jp morgan chase"),
        ("Детский сад", "детский сад"),
        ("Sara Cosmetics", "sara cosmetics"),
        ("Año Nuevo", "año nuevo"),
        ("Sue Ryder", "sue ryder"),
        ("Perm Powder Plant", "perm powder plant"),
        ("Alfa-Bank Kazakhstan", "alfa bank kazakhstan"),
        ("Завод Обществознание", "завод обществознание"),
        ("Publicity House", "publicity house"),
        ("Joint Stock Company", "joint stock company"),
        ("Группа компаний", "группа компаний"),
    ],
)
def test_a_place_an_activity_or_a_part_of_a_word_is_no_form(full: str, core: str) -> None:
    assert core_of(full) == core.split()


def test_translated_forms_are_of_one_kind() -> None:
    kinds = [kinds_of(f"Peleng {form}") for form in ("JSC", "a.s.", "d.d.", "Nyrt.", "ПАО", "ААТ", "AB", "S.p.A.")]
    assert kinds == [{"jsc"}] * len(kinds)
    assert [kinds_of(f"Peleng {form}") for form in ("LLC", "d.o.o.", "Kft.", "ООО")] == [{"llc"}] * 4
    assert kinds_of("Uždaroji akcinė bendrovė Peleng") == kinds_of("UAB Peleng")


def test_a_text_of_nothing_but_forms_costs_no_more_than_its_words() -> None:
    text, forms = take_legal_forms("ltd llc gmbh общество с ограниченной ответственностью " * 60)
    assert len(forms) <= 2 * MAX_FORMS
    assert text
    assert take_legal_forms("")[1] == []
    assert core_of("aкционернoе oбщество Пеленг")[-1] == "пеленг"
