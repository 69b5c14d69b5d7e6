"""Specimens of ICAO 9303 parts 4 to 6."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import mrz
from pipeline.records.normalised import PartialDate

TD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
TD2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F1204159<<<<<<<6"
TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
LONG_NUMBER = "I<UTOD23145890<7349<<<<<<<<<<<3407127M9507122UTO<<<<<<<<<<<2STEVENSON<<PETER<JOHN<<<<<<<<<"


@pytest.mark.parametrize(
    ("text", "format_", "kind", "number"),
    [
        (TD3, "TD3", "passport", "L898902C3"),
        (TD2, "TD2", "identity_card", "D23145890"),
        (TD1, "TD1", "identity_card", "D23145890"),
    ],
)
def test_specimens(text: str, format_: str, kind: str, number: str) -> None:
    assert mrz.read(text) == mrz.Mrz(
        format=format_,
        kind=kind,
        issuer="UTO",
        number=number,
        nationality="UTO",
        family="ERIKSSON",
        given="ANNA MARIA",
        birth_date=PartialDate(1974, 8, 12),
        sex="F",
        expires=PartialDate(2012, 4, 15),
        failed=(),
    )


def test_a_long_number_goes_on_in_the_optional_data() -> None:
    found = mrz.read(LONG_NUMBER)
    assert found is not None
    assert (found.number, found.failed) == ("D23145890734", ())
    assert found.birth_date == PartialDate(1934, 7, 12)


@pytest.mark.parametrize(
    ("at", "field"), [(45, "number"), (44 + 14, "birth_date"), (44 + 22, "expires"), (44 + 29, "optional")]
)
def test_a_misread_digit_fails_its_field_and_the_composite(at: int, field: str) -> None:
    joined = TD3.replace("\n", "")
    misread = joined[:at] + ("7" if joined[at] != "7" else "1") + joined[at + 1 :]
    found = mrz.read(misread)
    assert found is not None
    assert found.failed == (field, "composite")


@pytest.mark.parametrize("text", ["", "P<UTO", TD3[:-1], TD3.replace("<", "«"), TD3 + "<"])
def test_other_texts_are_no_zone(text: str) -> None:
    assert mrz.read(text) is None


def test_unknown_parts_of_a_birth_date() -> None:
    found = mrz.read(TD3.replace("740812", "74<<<<"))
    assert found is not None
    assert found.birth_date == PartialDate(1974)


@pytest.mark.parametrize(("birth", "expires", "year"), [("30", 2035, 2000), ("30", 2029, 1900), ("74", None, 1900)])
def test_century(birth: str, expires: int | None, year: int) -> None:
    assert mrz.century(birth, PartialDate(expires) if expires else None) == year


@given(st.sampled_from([72, 88, 90]).flatmap(lambda size: st.text(alphabet="ABCXZ0129<", min_size=size, max_size=size)))
def test_any_text_of_a_size_is_read(text: str) -> None:
    found = mrz.read(text)
    assert found is not None
    assert found.number.isalnum() or found.number == ""
