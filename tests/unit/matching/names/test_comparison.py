"""Comparison of whole names."""

from __future__ import annotations

import pytest

from pipeline.matching.names import best_pair, compare, levels, make_name_print
from pipeline.matching.names.comparison import NO_COMPARISON
from pipeline.records.names import normalise_name
from support.matching.prints import compare_names, name_print, print_of


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Ivan Petrov", "PETROV Ivan", levels.SAME),
        ("Petrov, Ivan", "Ivan Petrov", levels.SAME),
        ("Jürgen Müller", "Juergen Mueller", levels.FOLDED),
        ("Bill Clinton", "William Clinton", levels.VARIANT),
        ("Yusuf Karimov", "Yousef Karimov", levels.VARIANT),
        ("Abdul Aziz Nooristani", "Abdul Aziz Nuristani", levels.SOUND),
        ("Olaf Scholz", "Olaf Scholtz", levels.SOUND),
        ("Wladimir Lukaschenko", "Wladimir Lukaschneko", levels.EDIT),
        ("J. Smith", "John Smith", levels.INITIAL),
        ("Иван Петров", "Ivan Petrov", levels.ALIGNED),
        ("محمد بن سلمان", "Mohammed bin Salman", levels.ALIGNED),
        ("习近平", "Xi Jinping", levels.ALIGNED),
        ("バラク・オバマ", "Barack Obama", levels.ALIGNED),
        ("김정은", "Kim Jong-un", levels.ALIGNED),
        ("Γιώργος Παπαδόπουλος", "Giorgos Papadopoulos", levels.SOUND),
        ("Abdul Rahman Khan", "Abdulrahman Khan", levels.SAME),
        ("Mohammad Hasni", "Mohammadhasni", levels.SAME),
        ("Pieter van der Bilt", "Pieter Vanderbilt", levels.SAME),
        ("JC Juncker", "Jean-Claude Juncker", levels.ACRONYM),
    ],
)
def test_names_of_one_person_agree(one: str, other: str, level: str) -> None:
    found = compare_names(one, other)
    assert found.bits > 800
    assert found.level == level


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rami Makhlouf", "Hafez Makhlouf"),
        ("Ivan Petrov", "Aino Virtanen"),
        ("Иван Петров", "Mohamed Ali"),
        ("李娜", "王伟"),
    ],
)
def test_another_given_or_family_name_contradicts(one: str, other: str) -> None:
    found = compare_names(one, other)
    assert found.level == levels.DIFFERENT
    assert min(pair.bits for pair in found.pairs) < -400


def test_common_names_say_little_and_rare_ones_much() -> None:
    common = [compare_names(name, name).bits for name in ("Mohamed Ali", "Maria Garcia", "Wang Wei", "John Smith")]
    assert max(common) < 1600
    assert compare_names("Zbigniew Oczko", "Zbigniew Oczko").bits > 2400


def test_titles_and_particles_weigh_nothing() -> None:
    assert (
        compare_names("Dr. Rami Makhlouf", "Mr Rami Makhlouf").bits
        == compare_names("Rami Makhlouf", "Rami Makhlouf").bits
    )
    assert compare_names("Osama bin Laden", "Osama Laden").bits == compare_names("Osama Laden", "Osama Laden").bits


def test_a_patronymic_and_a_second_family_name_are_optional() -> None:
    full = compare_names("Vladimir Vladimirovich Putin", "Vladimir Putin")
    assert full.bits > compare_names("Vladimir Putin", "Vladimir Putin").bits - 100
    assert (
        compare_names("Maria Garcia Lopez", "Maria Garcia").bits
        > compare_names("Maria Garcia", "Maria Garcia").bits - 200
    )


def test_father_and_son_differ_by_their_generation() -> None:
    assert (
        compare_names("John Smith Jr.", "John Smith Sr.").bits
        < compare_names("John Smith", "John Smith Jr.").bits - 500
    )


@pytest.mark.parametrize("father", ["Morris I Klein", "Morris Klein I", "Klein, Morris I", "Morris Klein Sr."])
@pytest.mark.parametrize("son", ["Morris II Klein", "Morris Klein 2nd", "Klein 2nd, Morris", "Morris Klein Jr."])
def test_generations_are_written_in_many_ways(son: str, father: str) -> None:
    assert compare_names(son, father).bits < compare_names("Morris Klein", "Morris Klein").bits - 500
    assert compare_names(son, "Morris Klein Jr.").bits >= compare_names("Morris Klein", "Morris Klein").bits


def test_an_i_that_is_no_generation_says_nothing() -> None:
    """A Catalan particle, a middle initial: only another's generation makes it a number."""
    assert (
        compare_names("Josep Casas i Riera", "Josep Casas Riera").bits
        == compare_names("Josep Casas Riera", "Josep Casas Riera").bits
    )
    assert (
        compare_names("Robert I. Smith", "Robert I. Smith Jr.").bits
        > compare_names("Robert I. Smith", "Robert Smith Jr.").bits + 500
    )
    levels = [pair.level for pair in compare_names("Josep Casas i Riera", "Josep Casas Riera").pairs]
    assert levels == ["same"] * 3


@pytest.mark.parametrize("nothing", ["", "unknown", "N/A", "inconnu", "Mr.", "Dr. Sheikh", "🙂", "-", "N.N.", "???"])
def test_what_names_nobody_is_no_evidence(nothing: str) -> None:
    assert compare_names(nothing, nothing) == NO_COMPARISON
    assert compare_names(nothing, "Ivan Petrov") == NO_COMPARISON


def test_a_stronger_level_never_gives_less() -> None:
    spellings = ["Scholtzen", "Schołtzen", "Sholtzen", "Scholtzan", "Scholtz", "Virtanen"]
    bits = [compare_names("Scholtzen", other).bits for other in spellings]
    assert bits == sorted(bits, reverse=True)


def test_the_best_pair_of_aliases_counts() -> None:
    known, alias, wanted = (name_print(text) for text in ("Ali Hassan", "Zbigniew Oczko", "Z. Oczko"))
    assert best_pair((known, alias), (wanted,)) == (compare(alias, wanted), 1, 0)


def test_five_hundred_aliases_and_forty_tokens_are_only_slow() -> None:
    aliases = tuple(name_print(f"Anna{letter} Petrova Maria") for letter in "abcdefghij" * 50)
    best, _, _ = best_pair(aliases, (name_print("Annaa Petrova"),))
    assert best.bits > 1000
    crowd = name_print(" ".join(f"Mari{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"))
    assert compare(crowd, name_print(" ".join(f"Mary{letter}" for letter in "zyxwvutsrqponml"))).bits > 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Siemens Aktiengesellschaft", "SIEMENS AG"),
        ("OOO Oboronnye Initsiativy", "Oboronnye Initsiativy o.O.O."),
        ("First International Bank", "1st Int'l Bank"),
        ("Brigade Forty-Four", "Brigade 44"),
        ("People's Liberation Army", "PLA"),
        ("A.B.C. Company", "ABC Co."),
        ("The Homs Refinery Company", "HOMS REFINERY CORPORATION"),
        ("三菱重工業株式会社", "三菱重工業"),
    ],
)
def test_names_of_one_organisation_agree(one: str, other: str) -> None:
    assert compare_names(one, other, "organisation").bits > 500


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Volkswagen AG", "Siemens AG"),
        ("BAE Systems", "BAE Industries"),
        ("General Trading Company", "General Shipping Company"),
        ("Blackstone Fund 7", "Blackstone Fund 8"),
    ],
)
def test_other_words_and_other_numbers_contradict(one: str, other: str) -> None:
    same = compare_names(one, one, "organisation").bits
    assert compare_names(one, other, "organisation").bits < same - 700


def test_incompatible_legal_forms_count_against() -> None:
    kept, changed = (
        compare_names("Bank AG", "Bank AG", "organisation"),
        compare_names("Bank AG", "Bank GmbH", "organisation"),
    )
    assert changed.bits < kept.bits
    assert compare_names("Bank AG", "Bank S.A.", "organisation").bits == kept.bits


def test_vessels_are_known_by_their_words_and_numbers() -> None:
    assert compare_names("MV Hellenic Spirit", "Hellenic Spirit", "vessel").bits > 1500
    assert compare_names("Victory 3", "Victory 5", "vessel").bits < compare_names("Victory", "Victory 3", "vessel").bits


@pytest.mark.parametrize(
    ("one", "other"),
    [("中国银行", "Bank of China"), ("平壌科学技術大学", "Pyongyang University of Science and Technology"),
     ("وزارة الدفاع", "Ministry of Defence"), ("조선무역은행", "Korea Trading Bank")],
)  # fmt: skip
def test_words_of_organisations_agree_by_what_they_mean(one: str, other: str) -> None:
    found = compare_names(one, other, "organisation")
    assert found.level == levels.VARIANT
    assert found.bits > 500


def test_nicknames_and_single_names_weigh_less_than_full_names() -> None:
    full = make_name_print(normalise_name("Abu Musab", "", "", "", "", "alias", "person"), "person")
    nickname = make_name_print(normalise_name("Abu Musab", "", "", "", "", "nickname", "person"), "person")
    assert 0 < compare(full, nickname).bits < compare(full, full).bits
    assert compare(full, nickname) == compare(nickname, full)
    assert compare_names("Hamza", "Hamza").bits < max(token.rarity for token in name_print("Hamza").tokens)
    assert compare_names("王伟", "王伟").bits == compare_names("王 伟", "王 伟").bits


def test_an_alias_that_repeats_the_name_adds_nothing() -> None:
    once = print_of(type="person", names=[{"full": "Ivan Petrov"}])
    often = print_of(type="person", names=[{"full": "Ivan Petrov"}, *[{"full": "ivan PETROV", "kind": "alias"}] * 49])
    assert once.names == often.names


def test_each_further_name_that_is_missing_costs_more_than_the_first() -> None:
    one, two, three = (
        compare_names("Karim Abbas", f"Karim Abbas {more}").bits
        for more in ("Stanekzai", "Stanekzai Padshah", "Stanekzai Padshah Sher")
    )
    assert compare_names("Karim Abbas", "Karim Abbas").bits - one < 100
    assert one - two == two - three > 200


@pytest.mark.parametrize(
    ("one", "other"), [("Mohammad Haqqani", "Mohammad Salim Haqqani"), ("محمد حقاني", "Mohammad Salim Haqqani")]
)
def test_a_prefix_to_given_names_says_little_where_another_word_differs(one: str, other: str) -> None:
    prefix = next(pair for pair in compare_names(one, other).pairs if pair.b == "mohammad")
    whole = next(pair for pair in compare_names(one, "Mohammad Haqqani").pairs if pair.b == "mohammad")
    assert prefix.bits == 300 < whole.bits
    assert compare_names("Mohammad Rahim Haqqani", other).bits < compare_names("Mohammad Haqqani", other).bits


def test_a_prefix_counts_in_full_where_a_patronymic_or_an_initial_is_all_that_is_missing() -> None:
    for more in ("Mohammad bin Ahmad Haqqani", "Mohammad A. Haqqani", "Mohammad Petrovich Haqqani"):
        prefix = next(pair for pair in compare_names("Mohammad Haqqani", more).pairs if pair.a == "mohammad")
        assert prefix.bits > 500


def test_a_chinese_name_without_blanks_is_aligned_word_by_word() -> None:
    shown = [name_print(full, "organisation") for full in ("Shandong Yulong Petrochemical", "山东裕龙石化有限公司")]
    found = compare(*shown)
    assert sorted((pair.a, pair.b) for pair in found.pairs) == [
        ("petrochemical", "石化"),
        ("shandong", "山东"),
        ("yulong", "裕龙"),
    ]


def test_a_patronymic_does_not_take_a_family_name_with_it() -> None:
    """Владимирович alone is Vladimirovich; joined with the name behind it, it would leave Khomenko unopposed."""
    found = compare_names("Igor Vladimirovich Khomenko", "Игорь Владимирович Ким")
    assert ("khomenko", "ким") in {(pair.a, pair.b) for pair in found.pairs if pair.level == levels.DIFFERENT}
