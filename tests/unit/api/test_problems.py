"""Problems and reasons in the language that a request asks for."""

from __future__ import annotations

import pytest

from pipeline.api.answers import told
from pipeline.api.problems import negotiate_language
from pipeline.api.services.links import list_links
from pipeline.api.services.search import Search, search
from support.access.requesters import ANNA
from support.api.runtime import GROUNDS, Api
from support.records.builder import record

FRENCH = {**GROUNDS, "Accept-Language": "fr-BE, en;q=0.5"}


@pytest.mark.parametrize(
    ("path", "headers", "title", "detail"),
    [
        ("/v1/cases/fr-pj:9", FRENCH, "Introuvable", "affaire introuvable, ou vous n'y avez pas accès"),
        ("/v1/nothing", FRENCH, "Introuvable", None),
        ("/v1/links", FRENCH, "Demande non valide", "non valide\xa0: query.case: missing"),
        (
            "/v1/links?case=1",
            {"Accept-Language": "fr"},
            "Demande non valide",
            "manquant ou non valide\xa0: purpose, case_reference",
        ),
    ],
)
async def test_a_problem_is_told_in_the_language_asked_for(
    api: Api, path: str, headers: dict[str, str], title: str, detail: str | None
) -> None:
    answer = await api.get(path, headers=headers)
    assert answer.json()["title"] == title
    assert (answer.json().get("detail") or "").startswith(detail or "")
    assert answer.headers["content-language"] == "fr"


async def test_values_keep_their_place_in_french(api: Api) -> None:
    answer = await api.post("/v1/search", {"question": "x" * 1001}, headers=FRENCH)
    assert answer.json()["detail"] == "la recherche dépasse 1000 caractères\u202f; raccourcissez-la"


async def test_spanish_is_spoken_and_counted_as_any(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp"))
    api.link("fr-pj:1", "be-fp:1")
    spanish = {**GROUNDS, "Accept-Language": "es-MX, en;q=0.5"}
    refused = await api.get("/v1/cases/fr-pj:9", headers=spanish)
    assert refused.json()["detail"] == "caso no encontrado, o usted no tiene acceso"
    (row,) = (await list_links(api.session(ANNA, "es"), "fr-pj:1")).links
    assert "Fecha de nacimiento: idéntico" in (row.explanation or "")
    assert "1 de cada " in (row.explanation or "")


async def test_reasons_are_told_in_the_language_asked_for(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp"))
    api.link("fr-pj:1", "be-fp:1")
    (row,) = (await list_links(api.session(ANNA, "fr"), "fr-pj:1")).links
    assert "Date de naissance" in (row.explanation or "")
    found = await search(api.session(ANNA, "fr"), Search("ivan petrov 1980-05-01"))
    assert any("Date de naissance" in line for line in told(found.results[0].why) or ())


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("es-419,fr;q=0.9", "es"),
        ("de,en;q=0.5,fr;q=0.4", "en"),
        ("fr;q=0", "en"),
        ("é;q=x", "en"),
    ],
)
def test_the_best_language_accepted_is_spoken(accepted: str, language: str) -> None:
    assert negotiate_language(accepted) == language
