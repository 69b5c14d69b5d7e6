"""The frame around every page: landmarks, navigation, and the working session always in view."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import groupby
from typing import NamedTuple

import htpy
from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from pipeline.access.requester import Grounds, Role
from pipeline.access.text_limits import CASE_REFERENCE
from pipeline.locale import LANGUAGES, N_
from pipeline.web.components.badges import ON_PAGE, tell_strictest
from pipeline.web.components.filters import FORM
from pipeline.web.components.form import post_form
from pipeline.web.components.markup import box, icon, static_html, text
from pipeline.web.components.rows import draw_picked_bar, draw_preview_place
from pipeline.web.components.states import MISSING
from pipeline.web.components.terms import draw_term_place
from pipeline.web.i18n import Words
from pipeline.web.page_template import DENSITIES, THEMES, add_page_head
from pipeline.web.session import Visit
from pipeline.web.vocabulary import DENSITY_WORDS, PURPOSES, ROLES, STATED, THEME_WORDS


class NavigationEntry(NamedTuple):
    """One entry of the navigation, for those who have one of `roles`; `key` leads there after a g.

    Entries of one `group` stand together under its word.
    """

    name: str
    key: str
    word: str
    roles: frozenset[Role]
    group: str

    @property
    def path(self) -> str:
        """Where it leads."""
        return f"/{self.name}"


HOME, BEGINNING = "/", "home"
"""Where readers begin, and the name of that page, which has the search field itself."""

LIVE, LIVE_PATH = "notices", "/notices/live"
"""The entry that counts what has come meanwhile, and where that is told."""

READERS = frozenset({Role.INVESTIGATOR, Role.SUPERVISOR})

WORK, SHARING, AGENCY = N_("Work"), N_("Sharing"), N_("Agency")

NAVIGATION = (
    NavigationEntry("work", "w", N_("My work"), READERS, WORK),
    NavigationEntry("search", "s", N_("Search"), READERS, WORK),
    NavigationEntry("checks", "l", N_("List check"), READERS, WORK),
    NavigationEntry("inbox", "i", N_("Inbox"), READERS, WORK),
    NavigationEntry("folders", "f", N_("Folders"), READERS, WORK),
    NavigationEntry("chart", "c", N_("Chart"), READERS, WORK),
    NavigationEntry("disclosures", "d", N_("Access requests"), READERS, SHARING),
    NavigationEntry("break-glass", "b", N_("Emergency access"), READERS, SHARING),
    NavigationEntry("subscriptions", "u", N_("Alerts"), READERS, SHARING),
    NavigationEntry("notices", "n", N_("Notifications"), READERS, SHARING),
    NavigationEntry("records", "r", N_("Our records"), READERS, AGENCY),
    NavigationEntry("statistics", "t", N_("Statistics"), READERS, AGENCY),
    NavigationEntry("audit", "a", N_("Audit"), frozenset({Role.AUDITOR}), AGENCY),
    NavigationEntry("operations", "o", N_("Operations"), frozenset({Role.OPS}), AGENCY),
)


def _visible_entries(roles: frozenset[Role]) -> list[NavigationEntry]:
    """The navigation of one who has these roles; an operator has all of it."""
    return [entry for entry in NAVIGATION if Role.OPERATOR in roles or entry.roles & roles]


def may_read_cases(roles: frozenset[Role]) -> bool:
    """Whether one who has these roles may ask for cases at all."""
    return Role.OPERATOR in roles or bool(READERS & roles)


def home_path(roles: frozenset[Role]) -> str:
    """Where one who has these roles begins: readers before a search field. Without any page, where that is said."""
    if may_read_cases(roles):
        return HOME
    return next((entry.path for entry in _visible_entries(roles)), HOME)


class PageFrame(NamedTuple):
    """The element that a page's content goes into, what paper says of its handling, and the preview's place."""

    content: Element
    handling: TextElement
    preview: Element

    def show_handling(self, words: Words, codes: Collection[str]) -> None:
        """Say on paper the strictest handling of the records that the page shows, and what it means."""
        self.handling.set_text(tell_strictest(words, codes, ON_PAGE))


def draw_frame(visit: Visit, title: str, current: str, script: str = "") -> PageFrame:
    """Draw everything but the content.

    NiceGUI's own page is the main landmark already, so header and navigation stand before it, not in it.
    """
    begin_page(visit, title, script)
    client = ui.context.client
    with client.layout.classes("framed"):
        _draw_header(visit, asking=current != BEGINNING).move(target_index=0)
        _draw_navigation(visit, current).move(target_index=1)
        printed, handling = _draw_printed_head(visit, title)
        printed.move(target_index=2)
        text("footer", visit.words("Times in UTC. All access is logged."), "foot")
        preview = draw_preview_place(visit.words)
        draw_picked_bar(visit.words)
        draw_term_place()
        full = visit.words("This field takes {most} characters at most.", most="{most}")
        box(
            "div", "said", id="said", role="status", aria_live="polite", data_viewer=visit.who, data_full=full,
            data_close=visit.words("Close"), data_local=visit.words("{time} your time", time="{time}"),
        )  # fmt: skip
        _draw_shortcuts(visit.words, {entry.key: entry.word for entry in _visible_entries(visit.roles)})
    with client.layout:  # not in the content, with which it would go when that is drawn anew
        ui.skip_link(visit.words("Skip to content"), target=client.content)
    return PageFrame(client.content, handling, preview)


def _draw_printed_head(visit: Visit, title: str) -> tuple[Element, TextElement]:
    """What only paper shows, and in it the handling; the browser writes when it prints (static/keys.js)."""
    words, who, now = visit.words, visit.requester, visit.runtime.clock()
    stated = visit.grounds
    with box("dl", "printed", data_printed="") as head:
        for name, said in (
            ("Liaison", words(title)),
            (words("Printed by"), f"{words.person_name(who.subject)} · {who.agency}" if who else "–"),
            (words("Purpose"), words.label(PURPOSES, stated.purpose) if stated else "–"),
            (words("Your case reference"), stated.case_reference if stated else "–"),
        ):
            text("dt", name)
            text("dd", said, dir="auto")
        text("dt", words("Time (UTC)"))
        text("dd", words.format_minute(now), data_time="")
        text("dt", words(MISSING), hidden=True, data_missing="")
        text("dd", "", hidden=True, data_missing="", dir="auto")
        text("dt", words("Handling"))
        handling = text("dd", words("No records on this page"))
    return head, handling


def begin_page(visit: Visit, title: str, script: str = "") -> None:
    """What every page has, with or without a frame: style, keys, language and title; some a script of their own."""
    add_page_head(visit.theme, visit.density, visit.words.tag, visit.nonce, script)
    ui.page_title(f"{visit.words(title)} · Liaison")


def _draw_header(visit: Visit, *, asking: bool) -> Element:
    with box("header", "top") as top:
        draw_brand(home_path(visit.roles))
        if asking and may_read_cases(visit.roles):
            _draw_search_box(visit.words)
        _draw_grounds(visit)
        _draw_user_menu(visit)
    return top


def draw_brand(target: str) -> None:
    """The name, leading home."""
    with box("a", "brand", href=target):
        icon("brand")
        text("span", "Liaison")


def _draw_search_box(words: Words) -> None:
    with box("form", "asking", id=FORM, role="search", data_ask="", action="/search"):
        text("label", words("Search"), "hidden-words", for_="question")
        box(
            "input", id="question", name="q", type="search", autocomplete="off", spellcheck="false", maxlength="1000",
            placeholder=words("Name in any script, number, phone, plate or date"),
        )  # fmt: skip
        text("kbd", "/", aria_hidden="true")


def _draw_grounds(visit: Visit) -> None:
    if visit.grounds is not None:
        with box("p", "grounds", title=visit.words("Stated for this session and logged with every request")):
            text("span", visit.words.label(PURPOSES, visit.grounds.purpose), "tag plain")
            text("span", visit.grounds.case_reference, "reference", dir="auto")


def _draw_user_menu(visit: Visit) -> None:
    words, who = visit.words, visit.requester
    with box("details", "me"):
        text("summary", who.agency or who.subject if who else "")
        with box("div", "sheet"):
            if who is not None:
                with box("div"):
                    text("div", words.person_name(who.subject), "strong")
                    roles = ", ".join(words.label(ROLES, role) for role in sorted(who.roles))
                    text(
                        "div",
                        f"{words.agency_name(who.agency)} · {words.country_name(who.country)} · {roles}",
                        "small quiet",
                    )
            if visit.grounds is not None:
                _draw_grounds_form(visit, visit.grounds)
            draw_switches(visit)
            draw_density_switch(visit)
            with box("div", "row"):
                text("button", words("Keyboard shortcuts"), "button slight", type="button", data_help="")
                with post_form("/sign-out", visit.csrf, "", data_leave=""):
                    text("button", words("Sign out"), "button slight", type="submit")


def _draw_grounds_form(visit: Visit, stated: Grounds) -> None:
    """The form that goes on with another purpose or case, without signing in again."""
    words = visit.words
    with post_form("/grounds", visit.csrf, data_back="", aria_label=words("Change purpose or case")):
        with box("p", "field"):
            text("label", words("Purpose"), for_="stated-purpose")
            with box("select", id="stated-purpose", name="purpose"):
                for purpose in STATED:
                    chosen = True if purpose == stated.purpose else None
                    text("option", words.label(PURPOSES, purpose), value=purpose, selected=chosen)
        with box("p", "field"):
            text("label", words("Your case reference"), for_="stated-reference")
            box("input", id="stated-reference", name="case_reference", required=True, dir="auto",
                autocomplete="off", maxlength=CASE_REFERENCE.most, value=stated.case_reference)  # fmt: skip
        text("button", words("Save"), "button slight", type="submit")


def draw_switches(visit: Visit) -> None:
    """The choices of language and of light or dark; each is a form, so that they work before anything else does."""
    words = visit.words
    languages = {code: language.name for code, language in LANGUAGES.items()}
    _draw_switch(visit, "language", words("Language"), languages, words.language)
    _draw_switch(visit, "theme", words("Theme"), {name: words.label(THEME_WORDS, name) for name in THEMES}, visit.theme)


def draw_density_switch(visit: Visit) -> None:
    """The choice of how high rows are."""
    choices = {name: visit.words.label(DENSITY_WORDS, name) for name in DENSITIES}
    _draw_switch(visit, "density", visit.words("Rows"), choices, visit.density)


def _draw_switch(visit: Visit, name: str, title: str, choices: dict[str, str], current: str) -> None:
    with post_form(f"/{name}", visit.csrf, "switch", aria_label=title, data_back=""):
        for value, word in choices.items():
            pressed = str(value == current).lower()
            lang = value if name == "language" else None
            text("button", word, name="value", value=value, type="submit", aria_pressed=pressed, lang=lang)


def _draw_navigation(visit: Visit, current: str) -> Element:
    with box("nav", "rail", aria_label=visit.words("Main navigation")) as rail:
        for group, entries in groupby(_visible_entries(visit.roles), lambda entry: entry.group):
            text("p", visit.words(group), "group")
            for entry in entries:
                _draw_entry(visit, entry, current)
    return rail


def _draw_entry(visit: Visit, entry: NavigationEntry, current: str) -> None:
    here = "true" if entry.name == current else None
    with box("a", href=entry.path, aria_current=here, data_key=entry.key):
        icon(entry.name)
        text("span", visit.words(entry.word))
        if entry.name == LIVE:
            new = visit.words("New notification")
            text("span", "", "count", data_live=LIVE_PATH, data_whose=visit.who, data_new=new)


KEYS = {
    "/": N_("Search"),
    "j": N_("Next row"),
    "k": N_("Previous row"),
    "Enter": N_("Open the row"),
    "a": N_("Assign to me, or unassign"),
    "f": N_("Add the row, or the page, to a folder"),
    "Alt ↑ ↓": N_("Folder: move the row"),
    "1 2 3 4": N_("Choose a decision; in the inbox, save it and go on"),
    "x": N_("Select the row"),
    "Space": N_("Preview of the row's record"),
    "r": N_("Inbox: enter a reason"),
    "u": N_("Inbox: undo the last decision"),
    "Ctrl Enter": N_("Submit the form"),
    "Esc": N_("Leave the field, close or go back"),
    "?": N_("Show these shortcuts"),
}


def _draw_shortcuts(words: Words, pages: Mapping[str, str]) -> None:
    """A dialog that `?` opens; `pages` are those that a letter leads to after a g."""
    meanings = KEYS | {f"g {letter}": word for letter, word in pages.items()}
    keys_on = htpy.input("#keys-on", type="checkbox", checked=True)
    content = [
        htpy.h2("#help-title")[words("Keyboard shortcuts")],
        htpy.dl(".keys")[
            (
                [htpy.dt[[htpy.kbd[key] for key in keys.split()]], htpy.dd[words(word)]]
                for keys, word in meanings.items()
            )
        ],
        htpy.label(".choice")[keys_on, htpy.span[words("Enable single-key shortcuts")]],
        htpy.form(".row", method="dialog")[htpy.button(".button", type="submit")[words("Close")]],
    ]
    static_html(content, "dialog", id="help", aria_labelledby="help-title")
