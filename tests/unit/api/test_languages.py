"""Every message that the API can answer with is in its French catalogue, wherever in the layers it is raised."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

import pipeline
from pipeline.access.disclosures import Move, ThreadState
from pipeline.api.languages import CATALOGUES, preferred
from pipeline.api.list_worker import FAULT
from pipeline.api.problems import ProblemError
from pipeline.api.services.links import links
from pipeline.api.services.search import Search, search
from support.access.requesters import ANNA
from support.api.runtime import GROUNDS, Api
from support.records.builder import record

ROOT = Path(pipeline.__file__).parent
COMMANDS = ("commands.py", "_command.py", "_commands.py", "client.py", "terminal.py")
SOURCES = sorted(
    file
    for place in ("api", "access", "index", "streams/audit/decision_log.py", "feeds/gateway.py")
    for file in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    if not file.name.endswith(COMMANDS)
)
"""Where what the API raises may come from; the command line speaks English."""


PROBLEMS: list[type[ProblemError]] = [ProblemError, *ProblemError.__subclasses__()]
KINDS = {one.__name__ for one in PROBLEMS}


def raised(file: Path) -> Iterator[str]:
    """The messages of a module's errors, and the titles of its kinds of problem."""
    tree = ast.parse(file.read_text())
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _makes_an_error(node):
            yield from _message(node, constants, f"{file.name}:{node.lineno}")
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "(status, title)":
            yield ast.literal_eval(node.value)[1]


def _makes_an_error(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    given = bool(call.args) and isinstance(call.args[0], ast.Constant)
    return name in KINDS or (name.endswith("Error") and name != "ValueError") or (name == "super().__init__" and given)


def _message(call: ast.Call, constants: dict[str, str], where: str) -> Iterator[str]:
    first = call.args[0] if call.args else None
    for one in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
        assert not isinstance(one, ast.JoinedStr), f"{where}: give values apart, so that it can be said in French"
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value
        elif isinstance(one, ast.Name) and one.id in constants:
            yield constants[one.id]


NOT_SAID = {"purpose", "case_reference"}
"""Names of fields that stand as an error's first argument."""

WORDS = {FAULT, "Not Found", "Method Not Allowed", "Internal error", *(one.value for one in (*Move, *ThreadState))}


def test_every_message_is_in_the_french_catalogue_and_nothing_else_is() -> None:
    with (CATALOGUES / "fr.po").open("rb") as file:
        held = {one.id for one in read_po(file, locale="fr") if one.id and one.string and not one.fuzzy}
    assert held == {message for file in SOURCES for message in raised(file)} - NOT_SAID | WORDS


def test_translations_keep_the_places_where_values_go() -> None:
    with (CATALOGUES / "fr.po").open("rb") as file:
        for message in read_po(file, locale="fr"):
            source, target = (
                {name for _, name, _, _ in Formatter().parse(text)} for text in (str(message.id), str(message.string))
            )
            assert not message.id or source == target, message.id


FRENCH = {**GROUNDS, "Accept-Language": "fr-BE, en;q=0.5"}


@pytest.mark.parametrize(
    ("path", "headers", "title", "detail"),
    [
        ("/v1/cases/fr-pj:9", FRENCH, "Introuvable", "ce dossier n'existe pas, ou vous ne pouvez pas le lire"),
        ("/v1/nothing", FRENCH, "Introuvable", None),
        ("/v1/links", FRENCH, "Ne peut être traité", "incorrect : query.case: missing"),
        ("/v1/links?case=1", {"Accept-Language": "fr"}, "Ne peut être traité", "indiquez purpose, case_reference"),
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
    assert answer.json()["detail"] == "la question dépasse 1000 caractères"


async def test_reasons_are_told_in_the_language_asked_for(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp"))
    api.link("fr-pj:1", "be-fp:1")
    (row,) = (await links(api.session(ANNA, "fr"), "fr-pj:1")).links
    assert "date de naissance" in row["explanation"]
    found = await search(api.session(ANNA, "fr"), Search("ivan petrov 1980-05-01"))
    assert any("date de naissance" in line for line in found.results[0]["why"])


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "en"), ("fr", "fr"), ("de,en;q=0.5,fr;q=0.4", "en"), ("fr;q=0", "en"), ("é;q=x", "en")],
)
def test_the_best_language_accepted_is_spoken(accepted: str, language: str) -> None:
    assert preferred(accepted) == language
