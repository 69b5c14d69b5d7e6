"""The French catalogue holds each message of the code and nothing else, wherever in the layers it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import pipeline
from pipeline.api.list_worker import FAULT
from pipeline.api.problems import ProblemError
from pipeline.locale import CATALOGUES, END_OF_CONTEXT, LANGUAGES, NC_, translate, translate_plural

ROOT = Path(pipeline.__file__).parent

KEYWORDS = {"translate": None, "translate_plural": (1, 2), "N_": None, "NN_": (1, 2), "NC_": ((1, "c"), 2)}
"""What marks a message in the code."""

OF_PAGES = {"words": None, "plural": (1, 2)}
"""What marks one in a page besides."""

RAISING = sorted(
    file
    for place in (
        "api",
        "access",
        "search",
        "index",
        "streams/audit/decision_log.py",
        "streams/audit/guess_log.py",
        "feeds/gateway.py",
    )
    for file in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    if file.name != "client.py"
)
"""Where what the API raises may come from; the command line speaks English."""

KINDS: list[type[ProblemError]] = [ProblemError, *ProblemError.__subclasses__()]
PROBLEMS = {kind.__name__ for kind in KINDS}

PYTHONS_OWN = {"TypeError", "ValueError"}
"""Errors that people never read."""

NOT_MESSAGES = {"purpose", "case_reference"}
"""Names of fields that stand as an error's first argument."""

RAISED_ELSEWHERE = {FAULT, "Not Found", "Method Not Allowed", "Internal error"}
"""What no raise in these places shows: a constant, and the web framework's own."""

Key = tuple[str | None, str | tuple[str, ...]]
"""A message's context and text; a plural's two texts."""


def marked() -> Iterator[Key]:
    """The messages that are marked in the code."""
    for folder, keywords in ((ROOT, KEYWORDS), (ROOT / "web", OF_PAGES)):
        for _, _, message, _, context in extract_from_dir(folder, [("**.py", "python")], keywords=keywords):
            yield context, message


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
    return (
        name in PROBLEMS
        or (name.endswith("Error") and name not in PYTHONS_OWN)
        or (name == "super().__init__" and given)
    )


def _message(call: ast.Call, constants: dict[str, str], where: str) -> Iterator[str]:
    first = call.args[0] if call.args else None
    for one in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
        assert not isinstance(one, ast.JoinedStr), f"{where}: give values apart, so that it can be translated"
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value
        elif isinstance(one, ast.Name) and one.id in constants:
            yield constants[one.id]


@cache
def french() -> Catalog:
    with (CATALOGUES / "fr.po").open("rb") as file:
        return read_po(file, locale="fr")


def test_every_message_is_in_the_french_catalogue_and_nothing_else_is() -> None:
    held = {(one.context, one.id) for one in french() if one.id and one.string and not one.fuzzy}
    errors = {message for file in RAISING for message in raised(file)} - NOT_MESSAGES | RAISED_ELSEWHERE
    needed = {*marked(), *((None, message) for message in errors)}
    assert not needed - held, "missing in pipeline/locale/fr.po"
    assert not held - needed, "no longer needed in pipeline/locale/fr.po"


def test_translations_keep_the_places_where_values_go() -> None:
    for message in french():
        for source, target in zip(_forms(message.id), _forms(message.string), strict=True):
            assert not message.id or _places(source) == _places(target), source


def _forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """A message's singular and plural, or the one that it has."""
    return [text or ""] if text is None or isinstance(text, str) else list(text)


def _places(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_shows_its_context(language: str) -> None:
    for message in french():
        if message.context:
            text = translate(NC_(message.context, _forms(message.id)[0]), language)
            assert text
            assert END_OF_CONTEXT not in text


def test_a_message_without_a_translation_stays_english() -> None:
    assert translate("never translated", "fr") == "never translated"
    assert translate("", "fr") == ""


def test_a_plural_is_chosen_by_the_language() -> None:
    assert translate_plural("{count} link", "{count} links", 0, "en") == "{count} links"
    assert translate_plural("{count} link", "{count} links", 0, "fr") == "{count} lien"
