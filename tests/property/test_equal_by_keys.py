"""What the gate for hit-only records finds by keys is what it would find if it held each name against each."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from pipeline.access.equal_words import asked_keys, borne_keys
from pipeline.access.hit_gate import exact_match, names_person
from pipeline.matching.bands import ExactMatch
from pipeline.matching.fingerprint import Entities, Fingerprint
from pipeline.matching.model import load_model
from pipeline.matching.names import make_name_print
from pipeline.records.doubts import Doubts
from pipeline.records.fields import FieldReader
from pipeline.records.model import Name
from support.access.slow_gate import names_agree, slow_exact_match
from support.index.documents import PureStages
from support.records.builder import record

STAGES = PureStages(load_model())

ALIKE = (
    ("Bill", "William", "Wilhelm", "Guillermo", "Wiliam"),
    ("Petrov", "Petrova", "Petroff", "Петров", "Petrow", "Bedrov"),
    ("Ivan", "Iván", "Ioann", "Иван", "John", "Iwan"),
    ("Abdul Rahman", "Abdulrahman", "عبد الرحمن", "عبدالرحمن", "Abd al-Rahman", "Абдулрахман"),
    ("Mohammed", "Muhammad", "محمد", "Mehmet", "Мухаммед", "Mohamed"),
    ("Müller", "Mueller", "Muller", "Мюллер"),
    ("Xiaoming", "小明", "Hsiao-ming", "Сяомин"),
    ("Wang", "王", "Wong", "Ван"),
    ("張偉", "张伟", "Zhang Wei", "Chang Wei"),
    ("Papadopoulos", "Παπαδόπουλος", "Papadopoylos"),
    ("van der Bilt", "Vanderbilt", "van Bilt", "Bilt"),
    ("Kim", "김", "Gim"), ("Jong Un", "정은", "Jongun", "Jeong-eun"),
    ("Kazuo", "カズオ", "かずお", "和夫"), ("Levi", "לוי", "Levy"), ("Sergeevich", "Сергеевич", "Sergejewitsch"),
    ("J", "J.", "Juana", "Juan"), ("bin Salman", "Salman"), ("0leg", "Oleg"), ("Öz", "Oez", "Oz"), ("Xyz",), ("III",),
)  # fmt: skip
"""Words that are one, or nearly, in several spellings and scripts."""

words = st.sampled_from(ALIKE).flatmap(st.sampled_from)
full_names = st.lists(words, min_size=1, max_size=4).map(" ".join)


@st.composite
def spelt_twice(draw: st.DrawFn) -> tuple[str, str]:
    """Two names, the second mostly of the first one's words in other spellings, another order and with more."""
    groups = draw(st.lists(st.sampled_from(ALIKE), min_size=1, max_size=4))
    one = " ".join(draw(st.sampled_from(group)) for group in groups)
    more = draw(st.lists(st.sampled_from(ALIKE), max_size=1))
    other = " ".join(draw(st.sampled_from(group)) for group in draw(st.permutations([*groups, *more])))
    return one, other


def name_prints(text: str, kind: str) -> list[Any]:
    return [make_name_print(one, kind) for one in FieldReader("", "", Doubts()).names((Name(full=text),), kind)]


@given(spelt_twice(), st.sampled_from(["person", "organisation"]))
def test_names_that_agree_share_a_key_for_each_asked_word(spelt: tuple[str, str], kind: str) -> None:
    for asked in name_prints(spelt[0], kind):
        for held in name_prints(spelt[1], kind):
            if names_agree(asked, held):
                event("agree")
                borne = borne_keys(held)
                assert all(not borne.isdisjoint(keys) for keys in asked_keys(asked)), (asked, held)


dates = st.sampled_from(["1980-05-01", "1980-01-05", "1981-05-01", "1980-05", "1980"])
numbers = st.fixed_dictionaries(
    {"type": st.sampled_from(["passport", "tax_id", "other", "national_id"]),
     "value": st.sampled_from(["C01X00T47", "C02X00T47", "C03X00T47", "C04X00T47", "C05X00T47", "123"])},
    optional={"country": st.sampled_from(["DE", "FR"])},
)  # fmt: skip
some_numbers = st.lists(numbers, max_size=4, unique_by=lambda one: (one["type"], one["value"]))
shared_names = st.lists(spelt_twice().flatmap(st.sampled_from), min_size=1, max_size=2, unique=True)


def entity_of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    person = {"birth_date": dates, "phones": st.just(["+33612345678"]), "emails": st.just(["ivan@example.org"])}
    return st.fixed_dictionaries(
        {"type": st.just(kind), "names": shared_names.map(lambda names: [{"full": name} for name in names])},
        optional={"identifiers": some_numbers, **(person if kind == "person" else {})},
    )


entity = st.sampled_from(["person", "person", "person", "organisation"]).flatmap(entity_of)
cases = st.lists(entity, min_size=1, max_size=4)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """Two cases, of which the second has some of the first one's people with other spellings or dates."""
    asking, held = draw(cases), draw(cases)
    for one in draw(st.lists(st.sampled_from(asking), max_size=2)):
        held.append(one | draw(st.fixed_dictionaries({}, optional={"birth_date": dates, "identifiers": some_numbers})))
    return asking, [one if one["type"] == "person" else {k: one[k] for k in one if k != "birth_date"} for one in held]


def prints(given: list[dict[str, Any]]) -> Entities:
    entities = [one | {"id": f"e{at}"} for at, one in enumerate(given)]
    accepted = STAGES.accepted(record("fr-pj", entities=entities))
    return msgspec.json.decode(accepted.fingerprint, type=Fingerprint).entities


def assert_same(asking: Entities, held: Entities) -> None:
    found = exact_match(asking, held, STAGES.model)
    event(str(found))
    assert found is slow_exact_match(asking, held, STAGES.model)
    bare = tuple(msgspec.structs.replace(one, identifiers=(), phones=(), emails=()) for one in asking)
    assert names_person(bare, held, STAGES.model) is (ExactMatch.NAME in slow_exact_match(bare, held, STAGES.model))


@settings(max_examples=settings().max_examples // 4)
@given(pairs())
def test_what_is_found_by_keys_is_what_holding_each_against_each_finds(drawn: tuple[list[Any], list[Any]]) -> None:
    asking, held = map(prints, drawn)
    for sides in ((asking, held), (held, asking), (asking, asking)):
        assert_same(*sides)


@pytest.mark.rare
@pytest.mark.timeout(1800)
@settings(max_examples=10 * settings().max_examples)
@given(pairs())
def test_what_is_found_by_keys_is_the_same_wherever_one_looks(drawn: tuple[list[Any], list[Any]]) -> None:
    asking, held = map(prints, drawn)
    for sides in ((asking, held), (held, asking), (asking, asking)):
        assert_same(*sides)
