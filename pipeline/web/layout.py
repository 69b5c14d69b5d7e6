"""The frame around every page: landmarks, navigation, and the working session always in view."""

from __future__ import annotations

from typing import NamedTuple

from nicegui import ui
from nicegui.element import Element

from pipeline.access.requester import Role
from pipeline.matching.wording import LANGUAGES
from pipeline.web.components.icons import icon
from pipeline.web.components.markup import box, text
from pipeline.web.components.shortcuts import shortcuts
from pipeline.web.i18n import N_, Words
from pipeline.web.session import Visit
from pipeline.web.theme import THEMES, dress
from pipeline.web.vocabulary import LANGUAGE_WORDS, PURPOSES, ROLES, THEME_WORDS


class Entry(NamedTuple):
    """One entry of the navigation, for those who have one of `roles`."""

    name: str
    word: str
    roles: frozenset[Role]

    @property
    def path(self) -> str:
        """Where it leads."""
        return f"/{self.name}"


READERS = frozenset({Role.INVESTIGATOR, Role.SUPERVISOR})

NAVIGATION = (
    Entry("search", N_("Search"), READERS),
    Entry("inbox", N_("Inbox"), READERS),
    Entry("disclosures", N_("Disclosures"), READERS),
    Entry("subscriptions", N_("Subscriptions"), READERS),
    Entry("notices", N_("Notices"), READERS),
    Entry("records", N_("Our records"), READERS),
    Entry("operations", N_("Operations"), frozenset({Role.OPS})),
)


def entries(roles: frozenset[Role]) -> list[Entry]:
    """The navigation of one who has these roles; an operator has all of it."""
    return [entry for entry in NAVIGATION if Role.OPERATOR in roles or entry.roles & roles]


def home(roles: frozenset[Role]) -> str:
    """Where one who has these roles begins; without any page, where that is said."""
    return next((entry.path for entry in entries(roles)), NAVIGATION[0].path)


def frame(visit: Visit, title: str, current: str) -> Element:
    """Draw everything but the content; the element that the content goes into.

    NiceGUI's own page is the main landmark already, so header and navigation stand before it, not in it.
    """
    begin(visit, title)
    client = ui.context.client
    with client.layout.classes("framed"):
        _top(visit).move(target_index=0)
        _rail(visit, current).move(target_index=1)
        text("footer", visit.words("Times in UTC. Everything shown here is recorded."), "foot")
        box("div", "said", id="said", role="status", aria_live="polite")
        shortcuts(visit.words)
    ui.skip_link(visit.words("Skip to the content"), target=client.content)
    return client.content


def begin(visit: Visit, title: str) -> None:
    """What every page has, with or without a frame: style, keys, language and title."""
    dress(visit.theme, visit.words.language)
    ui.page_title(f"{visit.words(title)} · Liaison")


def _top(visit: Visit) -> Element:
    with box("header", "top") as top:
        brand(home(visit.roles))
        if visit.requester is not None and READERS & visit.requester.roles:
            _asking(visit.words)
        _grounds(visit)
        _me(visit)
    return top


def brand(target: str) -> None:
    """The name, leading home."""
    with box("a", "brand", href=target):
        icon("brand")
        text("span", "Liaison")


def _asking(words: Words) -> None:
    with box("form", "asking", role="search", data_ask="", action="/search"):
        text("label", words("Search"), "hidden-words", for_="question")
        box(
            "input", id="question", name="q", type="search", autocomplete="off", spellcheck="false", maxlength="1000",
            placeholder=words("Name in any script, number, phone, plate, date"),
        )  # fmt: skip
        text("kbd", "/", aria_hidden="true")


def _grounds(visit: Visit) -> None:
    if visit.grounds is not None:
        with box("p", "grounds", title=visit.words("Stated for this working session and recorded with every request")):
            text("span", visit.words.of(PURPOSES, visit.grounds.purpose), "tag plain")
            text("span", visit.grounds.case_reference, "reference", dir="auto")


def _me(visit: Visit) -> None:
    words, who = visit.words, visit.requester
    with box("details", "me"):
        text("summary", who.agency or who.subject if who else "")
        with box("div", "sheet"):
            if who is not None:
                with box("div"):
                    text("div", who.subject, "strong")
                    roles = ", ".join(words.of(ROLES, role) for role in sorted(who.roles))
                    text("div", f"{who.agency} · {words.country(who.country)} · {roles}", "small quiet")
            switches(visit)
            with box("div", "row"):
                text("button", words("Keyboard"), "button slight", type="button", data_help="")
                with box("form", action="/sign-out", method="post"):
                    text("button", words("Sign out"), "button slight", type="submit")


def switches(visit: Visit) -> None:
    """The choices of language and of light or dark; each is a form, so that they work before anything else does."""
    words = visit.words
    _switch("language", words("Language"), {name: LANGUAGE_WORDS[name] for name in LANGUAGES}, words.language)
    _switch("theme", words("Appearance"), {name: words.of(THEME_WORDS, name) for name in THEMES}, visit.theme)


def _switch(name: str, title: str, choices: dict[str, str], current: str) -> None:
    with box("form", "switch", action=f"/{name}", method="post", aria_label=title, data_back=""):
        for value, word in choices.items():
            pressed = str(value == current).lower()
            lang = value if name == "language" else None
            text("button", word, name="value", value=value, type="submit", aria_pressed=pressed, lang=lang)


def _rail(visit: Visit, current: str) -> Element:
    with box("nav", "rail", aria_label=visit.words("Main")) as rail:
        for entry in entries(visit.roles):
            with box("a", href=entry.path, aria_current="true" if entry.name == current else None):
                icon(entry.name)
                text("span", visit.words(entry.word))
    return rail
