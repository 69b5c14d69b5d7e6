"""Laws of the score: symmetric, pure, an exact integer in any company; evidence pulls in its own direction only."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.matching.explain.explaining import explain
from pipeline.matching.explain.explanation import mirrored
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import Model, load_model
from pipeline.matching.score.scoring import judge_cases, weigh_entities
from support.matching.entity_strategies import entities, fingerprint, persons, several_dates
from support.records.builder import person

model = cache(load_model)


def shuffled(case: Fingerprint, order: list[int]) -> Fingerprint:
    return msgspec.structs.replace(case, entities=tuple(case.entities[at] for at in order))


@given(entities, entities)
def test_symmetric_and_pure(left: list[Any], right: list[Any]) -> None:
    a, b = fingerprint(left), fingerprint(right, "DE")
    first = judge_cases(a, b, model())
    assert judge_cases(b, a, model()) == first == judge_cases(a, b, Model(model().file))
    assert isinstance(first.score, int)
    again = msgspec.json.decode(msgspec.json.encode(a), type=Fingerprint)
    assert judge_cases(again, b, model()) == first


def test_equally_good_assignments_give_one_score_in_any_order() -> None:
    full, part = {"type": "vehicle", "plate": "AB-123-CD"}, {"type": "vehicle", "plate": "AB?23*"}
    a, b = fingerprint([full, full, part]), fingerprint([full, part], "DE")
    orders = [[0, 1, 2], [0, 2, 1], [2, 0, 1]]
    assert len({judge_cases(shuffled(a, order), b, model()).score for order in orders}) == 1


@given(entities, entities, st.data())
def test_the_order_of_entities_changes_nothing(left: list[Any], right: list[Any], data: Any) -> None:
    a, b = fingerprint(left), fingerprint(right, "DE")
    order_a = data.draw(st.permutations(range(len(a.entities))))
    order_b = data.draw(st.permutations(range(len(b.entities))))
    assert judge_cases(shuffled(a, order_a), shuffled(b, order_b), model()) == judge_cases(a, b, model())


@given(persons, persons, st.sampled_from(["upper", "lower", "title"]), st.sampled_from(["NFC", "NFD"]))
def test_case_and_form_of_letters_change_nothing(left: Any, right: Any, case: str, form: Any) -> None:
    def rewritten(entity: Any) -> Any:
        def write(text: str) -> str:
            return unicodedata.normalize(form, getattr(text, case)())

        found = dict(entity)
        found["names"] = [{"full": write(name["full"])} for name in entity.get("names") or []]
        if entity.get("birth_place"):
            found["birth_place"] = write(entity["birth_place"])
        return found

    def plain(entity: Any) -> Any:
        # "J. Smith".title() and the dotless i are other spellings, not another form of the same letters.
        kept = [name for name in entity.get("names") or [] if name["full"] != "Özgür Işık"]
        return {**entity, "names": kept}

    left, right = plain(left), plain(right)
    assert judge_cases(fingerprint([rewritten(left)]), fingerprint([right], "DE"), model()) == judge_cases(
        fingerprint([left]), fingerprint([right], "DE"), model()
    )


@given(persons, persons, st.data())
def test_the_order_of_names_and_values_changes_nothing(left: Any, right: Any, data: Any) -> None:
    mixed = {
        key: data.draw(st.permutations(value)) if isinstance(value, list) else value for key, value in left.items()
    }
    assert judge_cases(fingerprint([mixed]), fingerprint([right], "DE"), model()) == judge_cases(
        fingerprint([left]), fingerprint([right], "DE"), model()
    )


@given(persons, persons, st.text(max_size=20))
def test_irrelevant_fields_change_nothing(left: Any, right: Any, remark: str) -> None:
    noted = {**left, "remark": remark, "role": "witness"}
    assert judge_cases(fingerprint([noted]), fingerprint([right], "DE"), model()) == judge_cases(
        fingerprint([left]), fingerprint([right], "DE"), model()
    )


AGREEING = {
    "birth_date": "1962-07-19", "gender": "female", "nationalities": ["NO"], "birth_place": "Tromsø",
    "identifiers": [{"type": "passport", "value": "77KL20931", "country": "NO"}], "phones": ["+4722334455"],
    "emails": ["k.solberg@example.no"],
    "addresses": [{"house": "3", "street": "Storgata", "postcode": "9008", "city": "Tromsø"}],
}  # fmt: skip
CONTRADICTING = {
    "birth_date": "1999-01-31", "gender": "male", "nationalities": ["PT"], "birth_place": "Faro",
    "identifiers": [{"type": "passport", "value": "PT0099818", "country": "NO"}], "phones": ["+351289111222"],
    "emails": ["zz@example.pt"],
    "addresses": [{"house": "88", "street": "Rua Nova", "postcode": "8000", "city": "Faro"}],
}  # fmt: skip


def bits(left: Any, right: Any) -> int:
    return weigh_entities(fingerprint([left]).entities[0], fingerprint([right], "DE").entities[0], model())


@given(persons, persons, st.sampled_from(sorted(AGREEING)))
def test_agreeing_evidence_never_lowers_and_contradicting_never_raises(left: Any, right: Any, field: str) -> None:
    left, right = (
        {key: value for key, value in one.items() if key not in (field, "birth_date_text")} for one in (left, right)
    )
    without = bits(left, right)
    agreeing = bits({**left, field: AGREEING[field]}, {**right, field: AGREEING[field]})
    contradicting = bits({**left, field: AGREEING[field]}, {**right, field: CONTRADICTING[field]})
    assert contradicting <= without <= agreeing


@given(persons, persons, several_dates, st.booleans())
def test_one_more_birth_date_that_agrees_never_lowers(left: Any, right: Any, date: str, on_both: bool) -> None:
    left, right = ({key: value for key, value in one.items() if key != "birth_date_text"} for one in (left, right))
    if not on_both:
        right = {**right, "birth_dates": [*right.get("birth_dates", ()), date]}
    more_left = {**left, "birth_dates": [*left.get("birth_dates", ()), date]}
    more_right = {**right, "birth_dates": [*right.get("birth_dates", ()), date]}
    assert bits(more_left, more_right) >= bits(left, right)


@given(entities, entities)
@settings(max_examples=50)
def test_the_explanation_is_of_the_judgement(left: list[Any], right: list[Any]) -> None:
    a, b = fingerprint(left), fingerprint(right, "DE")
    found, judged = explain(a, b, model()), judge_cases(a, b, model())
    assert (found.score, found.probability, found.band) == (judged.score, judged.probability, judged.band)
    assert mirrored(explain(b, a, model())) == found


@given(st.lists(st.text(max_size=40), max_size=4), st.lists(st.text(max_size=40), max_size=4))
def test_no_text_is_too_strange(some: list[str], others: list[str]) -> None:
    a, b = (person(names=[{"full": text} for text in texts]) for texts in (some, others))
    assert judge_cases(fingerprint([a]), fingerprint([b], "DE"), model()).score >= model().prior
