"""Each language's catalogue holds each message of the code and nothing else, wherever in the layers it stands."""

from __future__ import annotations

import ast
import io
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import PoFileError, read_po
from language_file import OFFENCES, make_catalogue, make_offences

import pipeline
from pipeline.api.list_worker import FAULT
from pipeline.api.problems import ProblemError
from pipeline.locale import CATALOGUES, END_OF_CONTEXT, LANGUAGES, NC_, SOURCE, translate, translate_plural

pytestmark = pytest.mark.xdist_group("locale")  # the code's messages are gathered once

ROOT = Path(pipeline.__file__).parent
TRANSLATED = [language for language in LANGUAGES if language != SOURCE]

CONTRIBUTING = ROOT.parent / "CONTRIBUTING.md"
"""Its section "Texts" has the words of each language."""

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
def needed() -> frozenset[Key]:
    """Every message of the code."""
    errors = {message for file in RAISING for message in raised(file)} - NOT_MESSAGES | RAISED_ELSEWHERE
    return frozenset((*marked(), *((None, message) for message in errors)))


def read_catalogue(file: Path) -> Catalog:
    """The messages of a language's file, with the lines that they stand in."""
    with file.open("rb") as source:
        return read_po(source, locale=file.stem, abort_invalid=True)


def find_faults(file: Path) -> list[str]:
    """What is wrong in a language's file, each with its line: as `es.po:12: ...`."""
    catalogue, seen = read_catalogue(file), set[Key]()
    faults = ["0: the header has no Plural-Forms"] if "Plural-Forms:" not in file.read_text(encoding="utf-8") else []
    for message in catalogue:
        if not message.id:
            continue
        key: Key = (message.context, message.id if isinstance(message.id, str) else tuple(message.id))
        seen.add(key)
        faults += [f"{message.lineno}: {fault}" for fault in _faults_of(message, catalogue.num_plurals)]
        if key not in needed():
            faults.append(f"{message.lineno}: no longer needed: {message.id!r}")
    faults += [f"0: missing: {message!r}" for _, message in needed() - seen]
    name = file.relative_to(ROOT.parent) if file.is_relative_to(ROOT) else file.name
    return [f"{name}:{fault}" for fault in faults]


def _faults_of(message: Message, plurals: int) -> Iterator[str]:
    forms = _forms(message.string)
    if message.fuzzy:
        yield f"is marked fuzzy: {message.id!r}"
    if message.pluralizable and (len(forms) != plurals or not all(forms)):
        yield f"has {sum(map(bool, forms))} plural forms of {plurals}: {message.id!r}"
    elif not all(forms):
        yield f"is not translated: {message.id!r}"
    places = _places(_forms(message.id)[-1])
    for form in filter(None, forms):
        if _places(form) != places:
            yield f"has {sorted(_places(form))} where the message has {sorted(places)}: {form!r}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_language_has_every_message_and_nothing_else(language: str) -> None:
    faults = find_faults(CATALOGUES / f"{language}.po")
    assert not faults, "\n".join(faults)


def test_every_file_is_of_a_language_that_is_offered() -> None:
    assert {file.stem for file in CATALOGUES.glob("*.po")} == set(TRANSLATED)


@pytest.mark.parametrize(
    ("right", "wrong", "line", "fault"),
    [
        ('msgstr[1] "{count} vínculos"\n', "", "{count} link",
         "has 1 plural forms of 2: ('{count} link', '{count} links')"),
        ('msgstr[1] "{count} vínculos"', 'msgstr[1] ""', "{count} link",
         "has 1 plural forms of 2: ('{count} link', '{count} links')"),
        ('"{count} vínculos"', '"{cuenta} vínculos"', "{count} link",
         "has ['cuenta'] where the message has ['count']: '{cuenta} vínculos'"),
        ('msgstr "Acceso hasta el {time}"', 'msgstr "Acceso"', "Access until {time}",
         "has [] where the message has ['time']: 'Acceso'"),
        ('msgstr "Buque"', 'msgstr ""', "Vessel", "is not translated: 'Vessel'"),
        ('msgid "Vessel"', '#, fuzzy\nmsgid "Vessel"', "Vessel", "is marked fuzzy: 'Vessel'"),
        ('msgid "Vessel"', 'msgid "Vesel"', "Vesel", "no longer needed: 'Vesel'"),
    ],
)  # fmt: skip
def test_a_fault_in_a_language_is_told_with_its_line(
    tmp_path: Path, right: str, wrong: str, line: str, fault: str
) -> None:
    text = (CATALOGUES / "es.po").read_text(encoding="utf-8")
    assert text.count(right) == 1
    file = tmp_path / "es.po"
    file.write_text(text.replace(right, wrong), encoding="utf-8")
    found, *more = find_faults(file)
    at = file.read_text(encoding="utf-8").splitlines().index(f'msgid "{line}"') + 1
    assert found == f"es.po:{at}: {fault}"
    assert more == (["es.po:0: missing: 'Vessel'"] if "no longer needed" in fault else [])


def test_a_file_that_is_no_catalogue_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "es.po"
    file.write_text('msgid "a"\nmsgstr "b"\n\nmsgid "c"\nmsgstr: "d"\n', encoding="utf-8")
    with pytest.raises(PoFileError, match="misformatted keyword on"):
        read_catalogue(file)


def _forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """A message's singular and plural, or the one that it has."""
    return [text or ""] if text is None or isinstance(text, str) else list(text)


def _places(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_shows_its_context(language: str) -> None:
    for context, message in needed():
        if context:
            text = translate(NC_(context, _forms(message)[0]), language)
            assert text
            assert END_OF_CONTEXT not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_writes_numbers_as_cldr_says(language: str) -> None:
    row = LANGUAGES[language]
    locale = Locale(language, territory=row.territory)
    assert row.name == str(locale.get_language_name(language)).capitalize()
    assert (row.decimal, row.grouping) == tuple(locale.number_symbols["latn"][mark] for mark in ("decimal", "group"))
    pattern = locale.percent_formats[None].pattern
    assert row.percent.strip() == "%"
    assert row.percent.startswith("%") is pattern.endswith("0%"), "whether a space precedes it"


@cache
def list_avoided() -> list[str]:
    """The French words that CONTRIBUTING.md forbids, since they mean something else in law."""
    rule = re.search(r"^- French avoids .*?; not ([^.]+)\.", CONTRIBUTING.read_text("utf-8"), re.MULTILINE)
    assert rule is not None
    return rule.group(1).split(", ")


def find_avoided(text: str) -> list[str]:
    """The words of a text that are among those, in the singular or plural and however they are written."""
    return re.findall(rf"\b(?:{'|'.join(list_avoided())})s?\b", text, re.IGNORECASE)


def test_french_has_no_word_that_means_something_else_in_law() -> None:
    texts = [
        (f"fr.po:{message.lineno}", form)
        for message in read_catalogue(CATALOGUES / "fr.po")
        if message.id
        for form in _forms(message.string)
    ]
    offences = tomllib.loads((OFFENCES / "fr.toml").read_text("utf-8"))
    texts += [(f"fr.toml, {code}", name) for code, row in offences.items() for name in row]
    found = [f"{place}: {word}" for place, text in texts for word in find_avoided(text)]
    assert not found, "\n".join(found)


def find_breaks(text: str) -> list[str]:
    """Marks of a French text that a narrow page may begin a line with, or opening quotes that may end one."""
    return re.findall(r" [:;?!»]|« ", text)


def test_no_line_of_french_begins_with_a_mark() -> None:
    """A colon and quotes keep a no-break space, the other marks of two parts a narrow one."""
    messages = [message for message in read_catalogue(CATALOGUES / "fr.po") if message.id]
    forms = [(message.lineno, form) for message in messages for form in _forms(message.string)]
    found = [f"fr.po:{line}: {form}" for line, form in forms if find_breaks(form)]
    assert not found, "\n".join(found)
    assert any("\u202f?" in form for _, form in forms)
    assert any("\xa0:" in form for _, form in forms)


def test_an_ordinary_space_at_a_mark_is_found() -> None:
    assert find_breaks("« Oui » : non ; quoi ? Si ! born: 1980") == ["« ", " »", " :", " ;", " ?", " !"]
    assert not find_breaks("«\xa0Oui\xa0»\xa0: non\u202f; quoi\u202f? Si\u202f! 12:30")


def test_an_avoided_word_is_found_in_any_form_but_not_within_another() -> None:
    assert find_avoided("Vos Dossiers ; l'indice, les indices, d'un signalement") == [
        "Dossiers", "indice", "indices", "signalement",
    ]  # fmt: skip
    assert find_avoided("signalés après 24 h, une affaire indicielle") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_without_a_translation_stays_english(language: str) -> None:
    assert translate("never translated", language) == "never translated"
    assert translate("", language) == ""


@pytest.mark.parametrize(
    ("language", "none", "one"), [("en", "links", "link"), ("fr", "lien", "lien"), ("es", "vínculos", "vínculo")]
)
def test_a_plural_is_chosen_by_the_language(language: str, none: str, one: str) -> None:
    assert [translate_plural("{count} link", "{count} links", count, language) for count in (0, 1)] == [
        f"{{count}} {none}",
        f"{{count}} {one}",
    ]


@pytest.mark.parametrize("language", TRANSLATED)
def test_make_language_keeps_what_is_translated(language: str) -> None:
    made = read_po(io.BytesIO(make_catalogue(language).encode()), locale=language)
    held = read_catalogue(CATALOGUES / f"{language}.po")
    assert {(one.context, str(one.id)): one.string for one in made if one.id} == {
        (one.context, str(one.id)): one.string for one in held if one.id
    }
    assert tomllib.loads(make_offences(language)) == tomllib.loads((OFFENCES / f"{language}.toml").read_text("utf-8"))


def test_make_language_writes_a_new_one_to_fill_in(tmp_path: Path) -> None:
    file = tmp_path / "pl.po"
    file.write_text(make_catalogue("pl"), encoding="utf-8")
    faults = find_faults(file)
    assert len(faults) == len(needed())
    assert {"has 0 plural forms of 3" in fault or "is not translated" in fault for fault in faults} == {True}
    assert not any(name for name, _ in tomllib.loads(make_offences("pl")).values())
