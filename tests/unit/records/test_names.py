from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records.limits import MAX_TOKENS
from pipeline.records.names import (
    clean_text,
    find_renderings,
    full_name,
    normalise_name,
    part_body_names,
    remove_notes,
)
from pipeline.records.normalised import TOKEN_KINDS, NormalisedName
from support.matching.prints import print_of


def name_of(full: str = "", entity_type: str = "person", **parts: str) -> NormalisedName:
    given_, middle, family, patronymic = (parts.get(key, "") for key in ("given", "middle", "family", "patronymic"))
    return normalise_name(full, given_, middle, family, patronymic, parts.get("kind", ""), entity_type)


def tokens_of(full: str, entity_type: str = "person", **parts: str) -> list[tuple[str, str]]:
    return [(token.text, token.kind) for token in name_of(full, entity_type, **parts).tokens]


@pytest.mark.parametrize(
    ("full", "tokens"),
    [
        ("Ivan Petrov", [("ivan", "name"), ("petrov", "name")]),
        ("Petrov, Ivan", [("petrov", "family"), ("ivan", "given")]),
        (
            "Dr. William J. Smith Jr.",
            [("dr", "title"), ("william", "name"), ("j", "initial"), ("smith", "name"), ("2", "number")],
        ),
        ("Sergey Viktorovich Lavrov", [("sergey", "name"), ("viktorovich", "patronymic"), ("lavrov", "name")]),
        ("Лавров Сергей Викторович", [("лавров", "name"), ("сергей", "name"), ("викторович", "patronymic")]),
        ("Roman Abramovich", [("roman", "name"), ("abramovich", "name")]),
        ("Osama bin Laden", [("osama", "name"), ("bin", "particle"), ("laden", "name")]),
        ("al-Assad, Bashar", [("al", "particle"), ("assad", "family"), ("bashar", "given")]),
        ("Ben Netanyahu", [("ben", "name"), ("netanyahu", "name")]),
        ("O'Neil J.-C.", [("oneil", "name"), ("j", "initial"), ("c", "initial")]),
        ("习近平", [("习", "family"), ("近平", "given")]),
        ("司马光", [("司马", "family"), ("光", "given")]),
        ("김정은", [("김", "family"), ("정은", "given")]),
        ("バラク・オバマ", [("バラク", "name"), ("オバマ", "name")]),
        ("नरेन्द्र मोदी", [("नरेन्द्र", "name"), ("मोदी", "name")]),
        ("Unknown Smith", [("smith", "name")]),
        ("Mr.", [("mr", "title")]),
        ("Morris Klein 3rd", [("morris", "name"), ("klein", "name"), ("3", "number")]),
        ("Klein 3rd, Morris", [("klein", "family"), ("3", "number"), ("morris", "given")]),
        (
            "William 7th Earl of Spencer",
            [("william", "name"), ("7th", "title"), ("earl", "name"), ("of", "particle"), ("spencer", "name")],
        ),
    ],
)
def test_tokens_of_people(full: str, tokens: list[tuple[str, str]]) -> None:
    assert tokens_of(full) == tokens


@pytest.mark.parametrize(
    "full",
    [
        "PETROV/IVAN",
        "petrov/ivan",
        "PETROV/IVAN MR",
        "PETROV/IVANMR",
        "PETROV<<IVAN",
        "PETROV<<IVAN<<<<<<<<<",
        "P<RUSPETROV<<IVAN<<<<<<<<<",
        "PETROV／IVAN",
    ],
)
def test_tickets_and_passports_put_the_family_name_before_a_mark(full: str) -> None:
    assert [token for token in tokens_of(full) if token[1] != "title"] == tokens_of("Petrov, Ivan")


@pytest.mark.parametrize(
    ("full", "said"),
    [
        ("DE LA CRUZ/MARIA JOSE", "De la Cruz, Maria Jose"),
        ("P<D<<MUELLER<<HANS", "Mueller, Hans"),
        ("ΠΑΠΑΔΟΠΟΥΛΟΣ/ΓΕΩΡΓΙΟΣ", "ΠΑΠΑΔΟΠΟΥΛΟΣ, ΓΕΩΡΓΙΟΣ"),
        ("Петров<<Иван<Сергеевич", "Петров, Иван Сергеевич"),
        ("الأسد/بشار", "الأسد, بشار"),
        ("王/伟", "王, 伟"),
        ("김/정은", "김, 정은"),
        ("HASSAN/AMR", "Hassan, Amr"),
    ],
)
def test_a_mark_is_read_in_every_script(full: str, said: str) -> None:
    assert tokens_of(full) == tokens_of(said)


@pytest.mark.parametrize(
    ("full", "tokens"),
    [
        ("Ranjit Singh s/o Gurdev", [("ranjit", "name"), ("singh", "name"), ("s/o", "particle"), ("gurdev", "name")]),
        ("Petrov A/S", [("petrov", "name"), ("a/s", "name")]),
        ("Ivan Petrov/Ivan Petroff", [("ivan", "name"), ("petrov", "name"), ("ivan", "name"), ("petroff", "name")]),
        ("Ivan Petrov / Jan Petroff", [("ivan", "name"), ("petrov", "name"), ("jan", "name"), ("petroff", "name")]),
        ("Anna/Maria/Petrova", [("anna", "name"), ("maria", "name"), ("petrova", "name")]),
        ("Mr/Mrs Smith", [("mr", "title"), ("mrs", "title"), ("smith", "name")]),
        ("petrov/", [("petrov", "name")]),
        ("<<PETROV<<", [("petrov", "name")]),
        ("/", []),
        ("<<<<", []),
        ("a//b", [("a//b", "name")]),
    ],
)
def test_other_slashes_part_no_family_name(full: str, tokens: list[tuple[str, str]]) -> None:
    assert tokens_of(full) == tokens


def test_organisations_keep_their_slash() -> None:
    assert tokens_of("MAERSK A/S", "organisation") == tokens_of("Maersk a/s", "organisation")
    assert "family" not in dict(tokens_of("Nordsee/Baltic Shipping", "organisation")).values()


def test_parts_type_the_tokens() -> None:
    assert tokens_of("", given="Ivan", family="Petrov") == [("ivan", "given"), ("petrov", "family")]
    middle = tokens_of("", given="Sergey", middle="Viktorovich", family="Lavrov")
    assert [kind for _, kind in middle] == ["given", "patronymic", "family"]
    typed = tokens_of("Ivan Ivanov Petrov", given="Ivan", patronymic="Ivanov", family="Petrov")
    assert [kind for _, kind in typed] == ["given", "patronymic", "family"]


@pytest.mark.parametrize(
    "text", ["", "N/A", "unknown", "INCONNU", "n.n.", "Unknown Unknown", "xxxx", "🙂", "--", "John Doe", "不明"]
)
def test_names_of_nobody_are_placeholders(text: str) -> None:
    found = name_of(text)
    assert "placeholder" in found.flags
    assert found.tokens == ()


@pytest.mark.parametrize(
    ("masked", "plain"),
    [("Ivаn Petrov", "ivan"), ("Ρeter Smith", "peter"), ("Пeтpoв Иван", "петров"), ("Иvан Петров", "иvан")],
)
def test_letters_of_a_look_alike_alphabet_are_put_back_and_flagged(masked: str, plain: str) -> None:
    found = name_of(masked)
    assert "mixed_script" in found.flags
    assert found.tokens[0].text == plain


def test_two_words_in_two_scripts_hide_nothing() -> None:
    assert "mixed_script" not in name_of("Иван Petrov").flags


def test_control_and_zero_width_characters_are_gone() -> None:
    assert clean_text("I\u200bv\u00adan\x00\tPetrov\u202e") == "Ivan Petrov"
    assert tokens_of("I\u200bvan\x07Petrov") == [("ivan", "name"), ("petrov", "name")]


def test_the_text_stays_readable_and_the_kind_is_kept() -> None:
    found = name_of("  Ｉvan   PETROV ", kind="alias")
    assert (found.text, found.kind) == ("Ivan PETROV", "alias")
    assert name_of("Ivan").kind == "primary"


def test_a_flood_of_words_is_bounded() -> None:
    assert len(name_of("word " * 500).tokens) == MAX_TOKENS


@given(st.text(max_size=60), st.sampled_from(("person", "organisation", "vessel")))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_name_in_any_composition(text: str, entity_type: str) -> None:
    found = name_of(text, entity_type)
    assert all(token.kind in TOKEN_KINDS and token.text for token in found.tokens)
    assert name_of(unicodedata.normalize("NFD", text), entity_type).tokens == found.tokens


@given(st.lists(st.text(min_size=1, max_size=12), min_size=4, max_size=4))
@settings(max_examples=300, deadline=None)
def test_parts_are_cleaned_each_by_itself_as_all_together(parts: list[str]) -> None:
    stated = dict(zip(("given", "middle", "patronymic", "family"), parts, strict=True))
    assert name_of(**stated).text == clean_text(" ".join(parts))


@given(
    st.sampled_from(
        ("Ivan Petrov", "STRASSE Weiß", "İstanbul Işık", "ΟΔΥΣΣΕΥΣ Σισυφος", "Ǆemal Ŝarp", "Éric d'Ardèche")
    )
)
def test_letter_case_changes_nothing(text: str) -> None:
    assert name_of(text.upper()).tokens == name_of(text).tokens == name_of(text.lower()).tokens


def test_a_patronymic_stands_in_the_field_of_given_names_too() -> None:
    told = normalise_name("", "Alexey Yurevich", "", "Avdeev", "", "", "person").tokens
    assert [(token.text, token.kind) for token in told] == [
        ("alexey", "given"),
        ("yurevich", "patronymic"),
        ("avdeev", "family"),
    ]
    written = normalise_name("Aljaksandr Aljaksandravitj Pjatrash", "", "", "", "", "", "person").tokens
    assert written[1].kind == "patronymic"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("karim wali, born in kandahar on 01 jan.1967", "karim wali"),
        ("karim wali born 1963", "karim wali"),
        ("karim wali né à tunis", "karim wali"),
        ("karim wali (formerly ahmed)", "karim wali"),
        ("karim wali [previously listed as x]", "karim wali"),
        ("karim wali (كريم والي)", "karim wali"),
        ("propaganda and agitation department (pad)", "propaganda and agitation department"),
        ("ministry of armed forces logistics (mafl)", "ministry of armed forces logistics"),
    ],
)
def test_a_note_is_no_part_of_a_name(name: str, kept: str) -> None:
    assert remove_notes(name).split() == kept.split()


@pytest.mark.parametrize(
    "name",
    [
        "max born", "born in", "al-haramain (somalia)", "elizabeth (liz) smith", "(pad)", "(株)日立", "karim (",
        "bornholm in", "acme (uk)", "عبد الرحمن (أبو محمد)",
    ],
)  # fmt: skip
def test_other_words_stay(name: str) -> None:
    assert remove_notes(name) == name


def test_tokens_are_without_notes_and_the_text_is_as_it_came() -> None:
    name = normalise_name("Karim Wali, born in Kandahar", "", "", "", "", "", "person")
    assert [token.text for token in name.tokens] == ["karim", "wali"]
    assert name.text == "Karim Wali, born in Kandahar"


def test_a_name_in_another_script_in_brackets_is_a_name_of_its_own() -> None:
    assert find_renderings("Djaafar Abou Mohamed (جعفر ابو محمد)") == (["جعفر ابو محمد"], False)
    assert find_renderings("أنصار الشريعة (Ansar al Charia)") == (["Ansar al Charia"], False)
    assert find_renderings("حاجى مالك (Hajji Malik; Haji Malek)") == (["Hajji Malik", "Haji Malek"], False)
    assert find_renderings("Elizabeth (Liz) Müller") == ([], False)
    entity = print_of(type="person", names=[{"full": "Djaafar Abou Mohamed (جعفر ابو محمد)"}])
    assert sorted(name.tokens[0].script for name in entity.names) == ["Arabic", "Latin"]


@pytest.mark.parametrize(
    ("name", "rest", "other"),
    [
        ("KB Unmanned Helicopters (UAVHeli)", "KB Unmanned Helicopters", "UAVHeli"),
        ("People's Union (Narodny Soyuz)", "People's Union", "Narodny Soyuz"),
        ("Gunpowder Plant (Пороховой завод)", "Gunpowder Plant", "Пороховой завод"),
    ],
)
def test_a_brand_or_translation_in_brackets_is_another_name_of_a_body(name: str, rest: str, other: str) -> None:
    found, others = part_body_names(name)
    assert (found.strip(), others) == (rest, [other])


@pytest.mark.parametrize(
    "name",
    [
        "Bank Melli (London)", "BANK MELLI (LONDON)", "Acme (Overseas) Ltd", "Acme Trading (PVT)", "Alfa (Belarus)",
        "Acme (LLC)", "State Company (USA)", "Islamic State of Iraq (ISI)", "Acme (2)", "x ()", "(Acme)", "Acme (",
    ],
)  # fmt: skip
def test_other_brackets_make_no_name_of_a_body(name: str) -> None:
    assert part_body_names(name) == (name, [])


def test_a_body_has_the_name_in_brackets_and_its_text_as_it_came() -> None:
    names = [{"full": "KB Unmanned Helicopters (UAVHeli)"}]
    found = print_of(type="organisation", names=names).names
    assert sorted(tuple(token.text for token in name.tokens) for name in found) == [
        ("uavheli",),
        ("unmanned", "helicopters"),
    ]


def tokens(full: str = "", given: str = "", family: str = "") -> list[str]:
    return [token.text for token in normalise_name(full, given, "", family, "", "", "person").tokens]


@pytest.mark.parametrize(
    "name",
    [
        "daughter of", "Daughter of Maria Lopez", "husband", "Gentleman", "hijo", "hija de Maria", "baby boy", "NN",
        "no last name", "No Name Given", "apellido", "N.N.", "FNU LNU", "fils de", "Tochter von Eva", "жена",
        "زوجة", "婴儿", "recién nacido", "sin apellido", "wife of", "son of",
        "syn", "CORKA", "noworodek", "κόρη", "γιος",
    ],
)  # fmt: skip
def test_words_for_nobody_are_a_missing_value(name: str) -> None:
    found = normalise_name(name, "", "", "", "", "", "person")
    assert found.flags == ("placeholder",)
    assert not found.tokens


@pytest.mark.parametrize(
    ("full", "given", "family", "kept"),
    [
        ("FNU Lopez", "", "", ["lopez"]),
        ("Baby Boy Lopez", "", "", ["lopez"]),
        ("", "Maria", "No Last Name", ["maria"]),
        ("", "Husband", "Lopez", ["lopez"]),
        ("Ana sin apellido", "", "", ["ana"]),
    ],
)
def test_they_are_dropped_from_a_name_that_has_other_words(full: str, given: str, family: str, kept: list[str]) -> None:
    assert tokens(full, given, family) == kept


@pytest.mark.parametrize(
    "name", ["Son Heung-min", "Husband Smith", "Mari Boine", "Baby Varghese", "Anna Sohn", "Bernardo Padre", "Child"]
)
def test_names_that_are_such_words_stay(name: str) -> None:
    assert len(tokens(name)) == len(name.replace("-", " ").split())


def test_whom_mail_is_sent_to_is_another() -> None:
    for entity_type in ("person", "organisation"):
        assert not normalise_name("Care of Peleng Trading", "", "", "", "", "", entity_type).tokens
        assert normalise_name("Care Peleng", "", "", "", "", "", entity_type).tokens


def test_organisations_may_be_called_so() -> None:
    found = normalise_name("Gentleman", "", "", "", "", "", "organisation")
    assert [token.text for token in found.tokens] == ["gentleman"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ({"full": "Petrov, Ivan", "given": "Ivan"}, "Petrov, Ivan"),
        ({"family": "Petrov", "given": "Ivan", "patronymic": "Sergeevich"}, "Ivan Sergeevich Petrov"),
        ({"given": "Ivan", "middle": "", "family": None}, "Ivan"),
        ({"kind": "alias"}, ""),
    ],
)
def test_a_name_is_said_in_full_or_part_by_part(name: dict[str, str | None], said: str) -> None:
    assert full_name(name) == said
