from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.matching.names.romanisation import MAX_NAME_LENGTH, name_language, romanise_name
from pipeline.records.scripts import script_of

DOCUMENT_FORMS = [
    ("Анастасия Щукина", "", "Anastasiia Shchukina"),
    ("Володимир Зеленський", "UA", "Volodymyr Zelenskyi"),
    ("Згурський Юрій Якович", "", "Zghurskyi Yurii Yakovych"),
    ("Дар'я О'Коннор", "UA", "Daria O'Konnor"),
    ("Мария Щъркелова", "BG", "Maria Shtarkelova"),
    ("Ђорђе Жижић", "FR", "Đorđe Žižić"),
    ("Ігар Рыгоравіч", "BY", "Ihar Ryhoravich"),
    ("ИВАНОВ Иван", "", "IVANOV Ivan"),
    ("ООО «Ромашка»", "", "OOO «Romashka»"),
    ("Γεώργιος Παπαδόπουλος", "", "Georgios Papadopoulos"),
    ("Ευάγγελος Μπάρκας", "", "Evangelos Barkas"),
    ("Ευτυχία Αϋφαντή", "", "Eftychia Ayfanti"),
    ("ირაკლი წერეთელი", "", "Irakli Tsereteli"),
    ("わたなべ たろう", "", "Watanabe Taro"),
    ("きょうこ いのうえ", "", "Kyoko Inoue"),
    ("ほんま はっとり", "", "Homma Hattori"),
    ("アレクサンダー", "JP", "Alexander"),
    ("毛泽东", "CN", "Mao Zedong"),
    ("欧阳娜娜", "", "Ouyang Nana"),
    ("曾国藩", "", "Zeng Guofan"),
    ("김정은", "", "Kim Jeongeun"),
    ("문재인", "KR", "Moon Jaein"),
    ("محمد الرحمن", "", "Mohamed Al-Rahman"),
    ("عبد الرحمن حسين", "", "Abd Al-Rahman Hussein"),
    ("شريف الورزازي", "DZ", "Cherif El Ouarzazi"),
    ("משה כהן", "IL", "Moshe Cohen"),
]


@pytest.mark.parametrize(("name", "country", "romanised"), DOCUMENT_FORMS)
def test_a_name_reads_as_documents_of_its_country_spell_it(name: str, country: str, romanised: str) -> None:
    assert romanise_name(name, country) == romanised


@pytest.mark.parametrize("name", ["", "Jérôme Müller-Öz", "Đorđe Žižić", "O’Connor", "12-34", "№ 7"])
def test_latin_names_have_no_romanisation(name: str) -> None:
    assert romanise_name(name) == ""


def test_latin_words_of_a_name_stay_and_look_alike_letters_become_latin() -> None:
    assert romanise_name("Иван Petrov") == "Ivan Petrov"
    assert romanise_name("Iv\u0430n Petrov") == "Ivan Petrov", "a Cyrillic а"


def test_characters_of_a_japanese_agency_are_not_read_as_chinese() -> None:
    assert romanise_name("渡辺太郎", "JP") == ""
    assert romanise_name("渡辺 たろう", "JP") == "渡辺 Taro"


@given(st.text(max_size=2 * MAX_NAME_LENGTH), st.sampled_from(("", "FR", "UA", "JP", "MA")))
def test_any_text_is_read_in_latin_letters_or_not_at_all(text: str, country: str) -> None:
    romanised = romanise_name(text, country)
    assert script_of(romanised) in ("", "Latin") or "Han" in map(script_of, text)


@pytest.mark.parametrize(
    ("name", "country", "language"),
    [
        ("Иван", "", "ru"), ("Иван", "BG", "bg"), ("Зоя Гнатів", "", "uk"), ("Ђорђе", "FR", "sr"),
        ("Ўладзімір", "", "be"), ("محمد", "FR", "ar"), ("محمد", "IR", "fa"), ("پرویز", "", "fa"),
        ("渡辺", "JP", "ja"), ("王", "", "zh"),
        ("Jérôme", "FR", ""), ("", "", ""), ("123", "RU", ""),
    ],
)  # fmt: skip
def test_the_country_tells_the_language_then_the_letters(name: str, country: str, language: str) -> None:
    assert name_language(name, country) == language
