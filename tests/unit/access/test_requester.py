from __future__ import annotations

import pytest

from pipeline.access.requester import Grounds, GroundsError, Purpose, Requester, Role, parse_grounds
from pipeline.access.text_limits import CASE_REFERENCE


def test_grounds_are_a_listed_purpose_and_a_case_reference() -> None:
    assert parse_grounds("investigation", " 2026/17 ") == Grounds(Purpose.INVESTIGATION, "2026/17")


@pytest.mark.parametrize(
    ("purpose", "reference", "missing"),
    [
        (None, "1", ("purpose",)),
        ("curiosity", "1", ("purpose",)),
        ("correlation", "1", ("purpose",)),
        ("investigation", None, ("case_reference",)),
        ("investigation", "  ", ("case_reference",)),
        ("", "", ("purpose", "case_reference")),
    ],
)
def test_what_is_missing_is_named(purpose: str | None, reference: str | None, missing: tuple[str, ...]) -> None:
    with pytest.raises(GroundsError) as raised:
        parse_grounds(purpose, reference)
    assert raised.value.fields == missing
    assert "investigation" in str(raised.value)


def test_a_case_reference_has_a_limit_which_is_named() -> None:
    assert parse_grounds("investigation", "x" * CASE_REFERENCE.most).case_reference == "x" * CASE_REFERENCE.most
    for long in ("x" * (CASE_REFERENCE.most + 1), "x" * 40_000):
        with pytest.raises(GroundsError, match="the case reference has more than 200 characters") as raised:
            parse_grounds("investigation", long)
        assert raised.value.fields == ("case_reference",)
        assert "xxx" not in str(raised.value)


@pytest.mark.parametrize("role", Role)
def test_only_investigators_and_supervisors_read(role: Role) -> None:
    requester = Requester("s", "fr-pj", "FR", frozenset({role}))
    assert requester.reads == (role in (Role.INVESTIGATOR, Role.SUPERVISOR))
    assert requester.operates == (role is Role.OPERATOR)
