"""What an agency may ask with one name: three dates in 30 days, whoever asks and however the name is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, permutations, product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.access.guesses import (
    BORN,
    ERA_SPANS,
    MOST_BYTES,
    SPAN_DAYS,
    SPANS,
    UNTYPED,
    AskedGuesses,
    AskedNumber,
    GuessLedger,
    RefusedDay,
    make_guesses,
    name_keys,
)
from pipeline.access.hit_gate import MOST_ASKED
from pipeline.matching.fingerprint import EntityPrint, IdentifierPrint
from pipeline.matching.names import NamePrint, make_name_print
from pipeline.records.names import normalise_name
from pipeline.records.normalised import PartialDate
from support.correlation.key_rings import RING, ROTATED

BEGUN = datetime.fromordinal(SPAN_DAYS * ERA_SPANS * 6_164).replace(tzinfo=UTC)
"""The first moment of an era."""
DAY = timedelta(days=1)
ASKER = "fr-pj"


def name_print(text: str) -> NamePrint:
    return make_name_print(normalise_name(text, "", "", "", "", "", "person"), "person")


def asked(
    name: str = "Ivan Petrov",
    born: int = 0,
    number: str = "",
    about: str = "",
    agency: str = ASKER,
    kind: str = "passport",
) -> AskedGuesses:
    """A person of this name, born on the so-manieth day of 1980 (0: unknown), with a passport."""
    day = datetime(1979, 12, 31, tzinfo=UTC) + born * DAY
    who = EntityPrint(
        "p1",
        "person",
        names=(name_print(name),),
        birth_date=PartialDate(day.year, day.month, day.day) if born else None,
        identifiers=(IdentifierPrint(kind, number),) if number else (),
    )
    return make_guesses(RING, agency, [who], about)


class Asking:
    """The topic as it grows, and a ledger that reads it."""

    def __init__(self) -> None:
        self.ledger = GuessLedger(keeping=True)
        self.now = BEGUN
        self.written: list[tuple[AskedGuesses, datetime]] = []

    def __call__(self, question: AskedGuesses) -> frozenset[str]:
        self.written.append((question, self.now))
        return self.ledger.take_guesses(question, len(self.written) - 1, self.now)

    def born(self, *days: int) -> list[bool]:
        """Which of these dates may be asked."""
        return [not self(asked(born=day)) for day in days]


def test_three_dates_are_asked_with_a_name_and_none_after_them() -> None:
    ask = Asking()
    assert ask.born(20, 21, 22, 23, 24) == [True, True, True, False, False]
    assert ask.born(21, 23, 20, 22) == [True, False, True, True]
    assert not ask(asked("Zbigniew Oczko", 23))
    assert not ask(asked(born=23, agency="be-fp"))


def test_day_and_month_exchanged_are_one_date() -> None:
    fifth_of_january, first_of_may = asked(born=5), asked(born=31 + 29 + 31 + 30 + 1)
    assert fifth_of_january.guesses == first_of_may.guesses


@pytest.mark.parametrize("spelling", [
    "PETROV Ivan", "Petrov, Ivan", "Ívan Petróv", "Иван Петров", "Петров Иван", "Pet rov Ivan", "Ivan X. Petrov",
])  # fmt: skip
def test_another_spelling_or_order_is_no_other_name(spelling: str) -> None:
    ask = Asking()
    ask.born(20, 21, 22)
    assert ask(asked(spelling, 23)) == {BORN}


SPELLINGS = [
    ["Сергей Щукин", "Sergey Shchukin", "Sergei Schukin", "Serguei Chtchoukine", "Sergej Ščukin", "Serhii Shchukin"],
    ["محمد حسن", "Mohamed Hassan", "Muhammad Hasan", "Mohammed Hassan", "Muhamad Hassan"],
    ["Bill Smith", "William Smith", "Will Smith"],
    ["Γιώργος Παπαδόπουλος", "Giorgos Papadopoulos", "Yorgos Papadopoulos", "Georgios Papadopoulos"],
    ["王伟", "Wang Wei", "WANG, Wei"],
    ["Jürgen Müller", "Juergen Mueller", "Jurgen Muller"],
]


@pytest.mark.parametrize("spellings", SPELLINGS, ids=lambda names: names[1])
def test_spellings_of_one_name_in_several_scripts_share_a_count(spellings: list[str]) -> None:
    keys = [name_keys(name_print(spelling)) for spelling in spellings]
    assert not [pair for pair in zip(spellings[1:], keys[1:], strict=True) if pair[1].isdisjoint(keys[0])]


def test_names_that_are_not_one_have_counts_of_their_own() -> None:
    names = ["Ivan Petrov", "Pavel Ivanov", "Anna Schmidt", "Ivan Sidorov", "Mohamed Hassan", "Wang Wei"]
    keys = [name_keys(name_print(name)) for name in names]
    assert all(one.isdisjoint(other) for one, other in permutations(keys, 2))


def test_numbers_of_one_type_are_counted_with_a_name_and_apart_from_dates() -> None:
    ask = Asking()
    refused = [ask(asked(number=f"P{at}")) for at in range(5)]
    assert refused == [frozenset()] * 3 + [frozenset({"passport"})] * 2
    assert not ask(asked(number="L1", kind="licence"))
    assert not ask(asked(born=20))
    assert ask(asked(born=21, number="P4")) == {"passport"}


def test_a_number_without_a_name_is_not_counted() -> None:
    holder = EntityPrint("p1", "person", identifiers=(IdentifierPrint("passport", "P1"),))
    car = EntityPrint("v1", "vehicle", identifiers=(IdentifierPrint("plate", "1ABC234"),))
    assert make_guesses(RING, ASKER, [holder, car]).empty


def test_neither_a_name_alone_nor_part_of_a_date_or_of_a_name_is_a_guess() -> None:
    assert asked().empty
    assert asked("Petrov", 20).empty
    year = EntityPrint("p1", "person", names=(name_print("Ivan Petrov"),), birth_date=PartialDate(1980, 0, 0))
    assert make_guesses(RING, ASKER, [year]).empty


def test_numbers_beside_persons_are_asked_with_each_name_and_may_have_no_type() -> None:
    who = [
        EntityPrint(str(at), "person", names=(name_print(name),))
        for at, name in enumerate(["Ivan Petrov", "Anna Schmidt"])
    ]
    made = make_guesses(RING, ASKER, who, beside=[AskedNumber(UNTYPED, "P1")])
    assert [[kind for kind, _ in guess.numbers] for guess in made.guesses] == [[UNTYPED], [UNTYPED]]


def test_a_guess_counts_for_thirty_to_forty_days() -> None:
    ask = Asking()
    assert ask.born(20, 21, 22, 23) == [True, True, True, False]
    ask.now = BEGUN + SPANS * SPAN_DAYS * DAY - timedelta(seconds=1)
    assert ask.born(24, 20) == [False, True]
    ask.now += timedelta(seconds=1)
    assert ask.born(25, 26, 27, 20) == [True, True, False, True]


def test_who_asks_for_ever_is_answered_three_new_dates_in_thirty_days_and_six_at_the_turn_of_an_era() -> None:
    ask, told = Asking(), dict[str, datetime]()
    for at in range(2 * ERA_SPANS * SPAN_DAYS):
        ask.now = BEGUN + at * DAY
        for born in (14 + at // 9, 14 + at % 50, 20 + at):
            question = asked(born=born)
            if not ask(question):
                told.setdefault(question.guesses[0].born, ask.now)
    turn = BEGUN + ERA_SPANS * SPAN_DAYS * DAY
    for era in ([at for at in told.values() if at < turn], [at for at in told.values() if at >= turn]):
        assert len(era) > MOST_ASKED
        assert all(later - earlier >= 30 * DAY for earlier, later in zip(era, era[MOST_ASKED:], strict=False))


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 25)), max_size=40), st.booleans())
def test_every_reader_says_the_same_wherever_it_begins_and_a_repeat_changes_nothing(
    questions: list[tuple[int, int]], repeated: bool
) -> None:
    """Begin where it may, by the next era it agrees: by an era's first day the topic is read from there or before."""
    ask = Asking()
    answers = []
    for born, pause in questions:
        ask.now += pause * DAY
        answers.append(ask(asked(born=born)))
        if repeated:
            answers.append(ask(asked(born=born)))
            assert answers[-1] == answers[-2]
    era = timedelta(days=ERA_SPANS * SPAN_DAYS)
    for first in range(0, len(answers), 4):
        later, begun = GuessLedger(), ask.written[first][1]
        for offset in range(first, len(answers)):
            question, at = ask.written[offset]
            found = later.take_guesses(question, offset, at)
            if not first or (at - BEGUN) // era > (begun - BEGUN) // era:
                assert found == answers[offset]


def test_what_is_free_is_what_would_change_nothing() -> None:
    ask = Asking()
    assert not ask.ledger.is_free(asked(born=20), ask.now)
    ask.born(20, 21, 22, 23)
    assert [ask.ledger.is_free(asked(born=born), ask.now) for born in (20, 23, 24)] == [True, False, False]
    assert not ask.ledger.is_free(asked(born=20), ask.now + SPAN_DAYS * DAY)
    assert ask.ledger.is_free(AskedGuesses(ASKER), ask.now)


def test_thirteen_cases_with_thirty_namesakes_are_refused_but_the_first_three_dates() -> None:
    ask = Asking()
    for case in range(13):
        people = [
            EntityPrint(
                str(at),
                "person",
                names=(name_print("Ivan Petrov"),),
                birth_date=PartialDate(1980 + case, 1 + at // 15, 14 + at % 15),
            )
            for at in range(30)
        ]
        assert ask(make_guesses(RING, ASKER, people, f"fr-pj:{case}")) == {BORN}
    assert len(ask.ledger.refused) == 13
    assert ask.ledger.refused_days() == [RefusedDay(ASKER, ask.now.date(), 13, 13)]


def test_amendments_of_one_case_through_a_year_of_dates_ask_the_first_three() -> None:
    ask = Asking()
    allowed = []
    for born in range(1, 367):
        ask(asked(born=born, about="fr-pj:1"))
        if not ask.ledger.kinds_refused_to("fr-pj:1"):
            allowed.append(born)
    assert allowed[:2] == [1, 2]
    assert len({frozenset(asked(born=born).guesses) for born in allowed}) == MOST_ASKED  # 1 February is 2 January
    ask(AskedGuesses(ASKER, "fr-pj:1"))
    assert not ask.ledger.refused
    assert ask.ledger.changed == {"fr-pj:1": ASKER}


def test_a_question_that_guesses_more_than_a_message_holds_is_not_asked() -> None:
    words = islice(product("bdfgklmnprst", repeat=4), MOST_BYTES // 60)
    born = PartialDate(1980, 1, 20)
    people = [
        EntityPrint(str(at), "person", names=(name_print(f"{''.join(word)}an Petrov"),), birth_date=born)
        for at, word in enumerate(words)
    ]
    made = make_guesses(RING, ASKER, people, "fr-pj:1")
    assert (made.beyond, made.guesses) == (True, ())
    ask = Asking()
    assert ask(made) == {BORN, UNTYPED}


def test_what_was_refused_is_asked_again_in_its_order_when_there_is_room() -> None:
    ask = Asking()
    for born in range(1, 9):
        ask(asked(born=20 + born, about=f"fr-pj:{born}"))
    assert sorted(ask.ledger.refused) == [f"fr-pj:{born}" for born in range(4, 9)]
    assert ask.ledger.find_due(ask.now, 100) == []
    ask.now += SPANS * SPAN_DAYS * DAY
    due = [msgspec.json.decode(value, type=AskedGuesses) for value in ask.ledger.find_due(ask.now, 100)]
    assert [one.about for one in due] == ["fr-pj:4", "fr-pj:5", "fr-pj:6"]
    assert ask.ledger.find_due(ask.now, 100) == []
    assert [ask(one) for one in due] == [frozenset()] * 3
    assert sorted(ask.ledger.refused) == ["fr-pj:7", "fr-pj:8"]


def test_what_was_refused_before_the_topic_begins_stays_so_and_a_later_version_ends_it() -> None:
    ask = Asking()
    for born in range(1, 6):
        ask(asked(born=20 + born, about=f"fr-pj:{born}"))
    later = GuessLedger(keeping=True)
    for about, held in ask.ledger.refused.items():
        later.restore_refused(about, held)
    for offset, (question, at) in enumerate(ask.written[3:], 3):
        later.take_guesses(question, offset, at)  # alone these would be the first
    assert later.refused == ask.ledger.refused
    later.take_guesses(asked(born=23, about="fr-pj:4"), 9, ask.now)
    assert set(later.refused) == {"fr-pj:5"}


def test_digests_are_the_agencys_own_and_outlive_a_rotation_of_the_secret() -> None:
    who = [EntityPrint("p1", "person", names=(name_print("Ivan Petrov"),), birth_date=PartialDate(1980, 1, 20))]
    own, others, rotated = (make_guesses(*by, who) for by in ((RING, ASKER), (RING, "be-fp"), (ROTATED, ASKER)))
    assert own == rotated
    assert set(own.guesses[0].keys).isdisjoint(others.guesses[0].keys)
    assert own.guesses[0].born != others.guesses[0].born


def test_many_names_are_held_exactly() -> None:
    ledger = GuessLedger()
    names = [f"{''.join(letters)}an petrov" for letters in product("bdfgklmnprst", repeat=3)]
    for offset, name in enumerate(names):
        ledger.take_guesses(asked(f"{name}{offset % 7}", 20), offset, BEGUN)
    assert all(ledger.is_free(asked(f"{name}{at % 7}", 20), BEGUN) for at, name in enumerate(names) if at % 50 == 0)
