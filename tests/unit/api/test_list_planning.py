from __future__ import annotations

import pytest

from pipeline.api.list_planning import ListHint, describe_columns, guess_targets, plan_rows
from pipeline.feeds.tables.grids import GridRow, TableGrid


def grid(header: str, *rows: str, **more: object) -> TableGrid:
    found = (GridRow(number, tuple(row.split(","))) for number, row in enumerate(rows, 2))
    return TableGrid(tuple(header.split(",")), tuple(found), **more)  # type: ignore[arg-type]


def asked(header: str, *rows: str) -> list[str]:
    found = grid(header, *rows)
    return [row.question for row in plan_rows(found, guess_targets(found)).rows]


def hints(header: str, *rows: str) -> set[tuple[str, str, int, tuple[str, ...]]]:
    found = grid(header, *rows)
    return {(one.kind, one.column, one.count, one.examples) for one in plan_rows(found, guess_targets(found)).hints}


@pytest.mark.parametrize(
    ("header", "targets"),
    [
        ("Ref,Nom,Prénom,Né le,Téléphone,Passeport n°", ("id", "family", "given", "born", "phone", "number")),
        ("id,name,born,birthplace,city,text", ("id", "name", "born", "birthplace", "city", "text")),
        ("Full name,Date of birth,Nationality,Seat", ("name", "born", "nationality", "")),
        ("Votre ID,Nom complet", ("id", "name")),
        ("name,name", ("name", "name")),
        ("given,first name", ("given", "")),
    ],
)
def test_columns_are_guessed_by_name(header: str, targets: tuple[str, ...]) -> None:
    assert guess_targets(grid(header)) == targets


def test_given_and_family_names_make_one_name() -> None:
    assert asked("Nom,Prénom", "Petrov,Ivan", "Savin,") == ['name:"Ivan Petrov"', 'name:"Savin"']


def test_several_values_of_a_cell_are_several() -> None:
    row = "+33 6 12 34 56 78;0612345679|0711223344"
    assert asked("phone", row)[0].count("phone:") == 3
    assert asked("alias,city", "Vanya|Ivan P.,Lyon") == ['alias:"Vanya" alias:"Ivan P." city:"Lyon"']


def test_dates_are_read_as_the_column_writes_them() -> None:
    assert asked("Né le,Nom", "25/11/1982,A", "04/03/1976,B") == [
        'name:"A" born:"1982-11-25"',
        'name:"B" born:"1976-03-04"',
    ]


def test_a_date_that_can_be_two_is_asked_as_both_and_told() -> None:
    assert asked("Né le,Nom", "04/03/1976,B") == ['name:"B" born:"1976-03-04" born:"1976-04-03"']
    assert ("two_dates", "Né le", 1, ("04/03/1976",)) in hints("Né le,Nom", "04/03/1976,B")


def test_a_year_of_two_digits_is_read_as_all_that_it_may_be_and_told() -> None:
    assert asked("Né le,Nom", "3/4/82,B") == ['name:"B" born:"1982-03-04" born:"1982-04-03"']
    assert ("two_dates", "Né le", 1, ("3/4/82",)) in hints("Né le,Nom", "3/4/82,B")
    assert asked("Né le,Nom", "3/4/82,B", "25/4/82,C") == ['name:"B" born:"1982-04-03"', 'name:"C" born:"1982-04-25"']
    assert asked("Né le,Nom", "25.4.05,B") == ['name:"B" born:"1905-04-25" born:"2005-04-25"']


@pytest.mark.parametrize(
    ("target", "dates"),
    [("born_day_first", ("1982-04-03", "1976-03-04")), ("born_month_first", ("1982-03-04", "1976-04-03"))],
)
def test_whoever_sends_dates_says_what_stands_first_in_them(target: str, dates: tuple[str, str]) -> None:
    found = grid("Né le,Nom", "3/4/82,A", "04/03/1976,B", "1980-05,C")
    plan = plan_rows(found, (target, "name"))
    assert [row.question for row in plan.rows] == [
        f'name:"A" born:"{dates[0]}"', f'name:"B" born:"{dates[1]}"', 'name:"C" born:"1980-05"',
    ]  # fmt: skip
    assert plan.hints == ()


def test_what_says_that_nothing_is_known_is_asked_nowhere_and_told() -> None:
    rows = ["n/a,A,0612345678", "52NO43308,B,unknown", "0000,C,?", "X1,D,N/A"]
    assert asked("number,Nom,Tel", *rows) == [
        'name:"A" phone:"0612345678"', 'name:"B" number:"52NO43308"', 'name:"C"', 'name:"D" number:"X1"',
    ]  # fmt: skip
    assert ("unread_value", "number", 2, ("n/a", "0000")) in hints("number,Nom,Tel", *rows)


@pytest.mark.parametrize("cell", ["n/a", "06 12 34 56 78 (bureau)", "6123", "unbekannt"])
def test_a_column_that_is_called_a_phone_is_one_whatever_stands_in_some_cells(cell: str) -> None:
    assert guess_targets(grid("Nom,Tel", "A,0612345678", f"B,{cell}", f"C,{cell}")) == ("family", "phone")


def test_what_is_no_date_is_left_out_and_told() -> None:
    rows = ["25/11/1982,A", "about 60,B", "?,C", "?,D", "1980~,E", "1978/1982,F"]
    assert asked("Né le,Nom", *rows)[1:] == [
        'name:"B"', 'name:"C"', 'name:"D"', 'name:"E" born:"1980~"', 'name:"F" born:"1978/1982"',
    ]  # fmt: skip
    assert ("unread_value", "Né le", 3, ("about 60", "?")) in hints("Né le,Nom", *rows)


def test_a_country_that_is_none_is_left_out_and_told() -> None:
    found = grid("Nationality,Nom", "RU / Latvian,A", "Atlantis,B")
    plan = plan_rows(found, ("nationality", "name"))
    assert [row.question for row in plan.rows] == [
        'name:"A" nationality:"RU" nationality:"Latvian"', 'name:"B"',
    ]  # fmt: skip
    assert plan.hints == (ListHint("unread_value", 1, "Nationality", ("Atlantis",)),)


def test_rows_that_ask_nothing_stay_and_are_told() -> None:
    found = grid("Ref,Nom,Nationality", "1,A,RU", "2,,RU", "3,,", unread=(7, 9))
    plan = plan_rows(found, ("id", "name", "nationality"))
    assert [(row.own, row.line) for row in plan.rows] == [("1", 2), ("2", 3), ("3", 4)]
    assert set(plan.hints) == {
        ListHint("no_query", 2, "", ("3", "4")), ListHint("unread_row", 2, "", ("7", "9")),
    }  # fmt: skip


def test_a_row_that_is_too_long_is_told() -> None:
    assert ("refused_row", "", 1, ("2",)) in hints("Nom", "x" * 1_001)


def test_columns_that_nobody_searches_are_told_with_examples() -> None:
    assert ("unread_column", "Seat", 2, ("12A, 12B",)) in hints("Nom,Seat", "A,12A", "B,12B", "C,")


def test_other_sheets_and_damaged_cells_are_told() -> None:
    found = grid("Nom", "Jos\N{REPLACEMENT CHARACTER}", sheet="A", sheets=("A", "B"))
    assert {hint.kind for hint in plan_rows(found, ("name",)).hints} == {"other_sheets", "damaged"}


def test_columns_are_described_by_their_first_values() -> None:
    (name, empty) = describe_columns(grid("Nom,Seat", "A,", "A,", "B,"), ("name", ""))
    assert (name.filled, name.examples, name.target) == (3, ("A", "B"), "name")
    assert (empty.filled, empty.examples) == (0, ())


def test_quotes_and_fields_in_a_cell_stay_values() -> None:
    assert asked("name", 'Ivan "Vanya" born:1980') == ['name:"Ivan  Vanya  born:1980"']
