"""A page is filled past what is left out, and the last one is known for the last, full or not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.access.redaction import OpaqueCodec
from pipeline.api.paging import CURSOR_BYTES, CURSOR_CHARS, LONG_CURSOR_BYTES, PageCursor, SortValues, fill_page
from pipeline.api.problems import UnprocessableError
from pipeline.api.session import Session
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.correlation.key_rings import OTHER


@given(st.lists(st.booleans(), max_size=12), st.integers(1, 4), st.integers(1, 4))
def test_pages_are_full_but_the_last_and_none_is_empty(visible: list[bool], limit: int, size: int) -> None:
    async def fetch(after: SortValues | None) -> list[tuple[int, SortValues]]:
        first = after[0] + 1 if after else 0
        return [(at, [at]) for at in range(first, min(first + size, len(visible)))]

    async def show(items: list[int]) -> list[int | None]:
        return [at if visible[at] else None for at in items]

    async def pages() -> list[list[int]]:
        found, place = await fill_page(fetch, show, limit, size, None)
        read = [found]
        while place is not None:
            found, place = await fill_page(fetch, show, limit, size, place)
            read.append(found)
        return read

    rows = [at for at, seen in enumerate(visible) if seen]
    wanted = [rows[at : at + limit] for at in range(0, len(rows), limit)]
    assert asyncio.run(pages()) == (wanted or [[]])


ISSUED_AS_JSON = (
    "mWNeCMh-8SvPKbYa9QIsPdBDW38AkgkFBziQX_UPgs2frArWhXeod9ryaQoy6C2MxIATsDzTJWBwDS6lDy7ivDYsMtu5eeCzDCaK"
    "QFkf8mvMZf1sgatDiZajm1hqerwtJyndOXvdiwOmTQ20YsP7S0xhNxidvkOmtVpSDax8c96p574jiIH91F5gjHk-ykf_7GVaJ4fa"
    "Yx4CX9k9G8lroaP1sUAM8p7nsMtJSjaf3bOraFqgJ1TAyOiK7c5Bh7wKBm6H4N6MRb9wIHUQG507RRjEMG99gFQLX2lEyhiRmzDP"
    "_goPR8Lf6ntKs1rmEsQJTcAkvjeY3JfzHz2Dwnpx7FloEhAUm_pbG8L3exVCQexFp-PfdRTuRLYeT3eUWbAyCY7U0pKJYL2wxAqx"
    "AXQ-g5XwPwb7CQ2ZzlZPfNFacZx0yLVCIhgghyVp2CRn6uk5yFXCbzEz81tqFVdwIk_63JAf1xMy6YVF4m3zYl7ojVdDKITKJNDk"
    "Z6iAkNpTBFMpdJalROysPdhnYvONc4xZ9uL3gyiq9SU14MCApn2T-hO4-_00wkqke-vZv_4zNaSPjHjJ2tS4OwmC0fTKH9oJh6W7"
    "EZGkls7udrLDdwjZokBky0Cjz8HuvaE8v9dgrtdYTwgrCACpqVbI3FSpL3vifsRd5tbd4tUU__3XFv-tkaaWZStFPxuLhnm1bCYR"
    "KOvZM6W2ogaIDG8GYm-H-hAfq6u0mPg9y9CasqPH4g0wzgpxzsntWlLxU2E98rIm6_KWo9RrU3pUHNzHUonAoFbVsCi4THFZkOBa"
    "U9KxM5LJ-SjsE6tyXmoFTJwZsVN461FPioPwZjeva9i53yTyQRKXIG0wHZEXVuQV-mtgjODMKSRA9INruY_rd4AfcPGK0Q2F"
)
"""Anna's for the notices behind offset 7, as it was issued while places were JSON."""

PLACES = st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=40), max_size=6)
one_api_for_all = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def pages(session: Session, *asked: Any, size: int = CURSOR_BYTES) -> PageCursor:
    return PageCursor(session, "cases", *asked, size=size)


def refuses(cursors: PageCursor, cursor: str) -> bool:
    with pytest.raises(UnprocessableError) as raised:
        cursors.open(cursor)
    return bool(raised.value.fields == ["cursor"])


@one_api_for_all
@given(place=PLACES)
def test_a_cursor_opens_for_its_reader_and_list_alone(api: Api, place: list[Any]) -> None:
    anna = api.session(ANNA)
    cursor = pages(anna, "ivan").seal(place)
    assert pages(api.session(ANNA), "ivan").open(cursor) == place
    strangers = (pages(api.session(BERT), "ivan"), pages(anna, "petr"), pages(anna), PageCursor(anna, "links", "ivan"))
    assert all(refuses(other, cursor) for other in strangers)
    assert len(cursor) == len(pages(anna).seal([]))


def test_a_place_that_is_said_twice_is_another_text(api: Api) -> None:
    cursors = pages(api.session(ANNA))
    assert cursors.seal([1]) != cursors.seal([1])


def test_without_a_cursor_a_list_begins(api: Api) -> None:
    assert pages(api.session(ANNA)).open("") is pages(api.session(ANNA)).open(None) is None


def test_what_was_issued_before_a_rotation_opens_after_it_and_what_is_new_needs_the_new_secret(api: Api) -> None:
    before = pages(api.session(ANNA))
    issued = before.seal(["place"])
    api.rotate()
    after = pages(api.session(ANNA))
    assert after.open(issued) == after.open(after.seal(["place"])) == ["place"]
    assert refuses(before, after.seal(["place"]))


def test_another_installations_cursor_is_refused(api: Api) -> None:
    issued = pages(api.session(ANNA)).seal([1])
    api.runtime.opaque = OpaqueCodec(OTHER)
    assert refuses(pages(api.session(ANNA)), issued)


@one_api_for_all
@given(text=st.text(min_size=1, max_size=900))
def test_what_is_no_cursor_is_refused(api: Api, text: str) -> None:
    assert refuses(pages(api.session(ANNA)), text)


def test_the_longest_is_as_long_as_documented(api: Api) -> None:
    cursors = pages(api.session(ANNA), size=LONG_CURSOR_BYTES)
    assert len(cursors.seal([b"x" * (LONG_CURSOR_BYTES - 6)])) == CURSOR_CHARS
    with pytest.raises(ValueError, match="does not fit"):
        cursors.seal([b"x" * LONG_CURSOR_BYTES])


def test_a_cursor_of_a_version_before_0_2_0_says_what_to_do(api: Api) -> None:
    with pytest.raises(UnprocessableError, match=r"of a version before 0\.2\.0; ask without it"):
        PageCursor(api.session(ANNA), "notices").open(ISSUED_AS_JSON)
