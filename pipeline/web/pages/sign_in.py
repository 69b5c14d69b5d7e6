"""Sign-in: who, for which purpose, for which case; asked once a working session."""

from __future__ import annotations

from nicegui import ui

from pipeline.access.text_limits import CASE_REFERENCE
from pipeline.locale import N_
from pipeline.web import provider
from pipeline.web.components.form import post_form
from pipeline.web.components.markup import box, text
from pipeline.web.i18n import Words
from pipeline.web.layout import begin_page, draw_brand, draw_switches
from pipeline.web.session import Visit
from pipeline.web.site import PreparedPerson, Site
from pipeline.web.vocabulary import PURPOSES, STATED

PATH = "/sign-in"
TITLE = N_("Sign in")

FAULTS = {
    "ended": N_("Your session has ended. Sign in again to go on; what you had typed or chosen is kept in this tab."),
    "purpose": N_("Choose a purpose."),
    "case_reference": N_("Enter your case reference, in at most {most} characters."),
    "token": N_("Invalid or expired token, or no user chosen."),
    "provider": N_("Your agency's identity provider is not responding. Try again later."),
    "sign-out": N_(
        "You are signed out here, but the session could not be ended everywhere. It ends when its token expires."
    ),
    "origin": N_("This form was out of date, or came from another site. Try again."),
}


def draw(visit: Visit, site: Site, after: str, wrong: tuple[str, ...]) -> None:
    """The form; `wrong` names what was missing the last time."""
    words = visit.words
    begin_page(visit, TITLE)
    with ui.context.client.content.classes("door"):
        with box("div", "row apart"):
            draw_brand("/sign-in")
            with box("div", "row"):
                draw_switches(visit)
        text("h1", words(TITLE))
        with post_form(PATH, visit.csrf):
            box("input", type="hidden", name="after", value=after)
            if said := [words(FAULTS[fault], most=CASE_REFERENCE.most) for fault in wrong if fault in FAULTS]:
                text("p", " ".join(said), "notice bad", role="alert")
            _draw_person_choice(words, site)
            _draw_grounds_fields(words, site, wrong)
            with box("div", "row"):
                text("button", words("Sign in"), "button main", type="submit")


def _draw_person_choice(words: Words, site: Site) -> None:
    if site.people:
        with box("fieldset", "stack"):
            text("legend", words("Demo user"))
            with box("div", "people"):
                for at, person in enumerate(site.people):
                    _draw_person(words, person, chosen=at == 0)
    elif provider.has_provider(site.runtime.settings):
        box("input", type="hidden", name="person", value=provider.CHOICE)
        text("p", words("You will be redirected to your agency's identity provider."), "notice plain")
    else:
        with box("p", "field"):
            text("label", words("Token"), for_="token")
            box("input", id="token", name="token", type="password", autocomplete="off")
            text("span", words("For development, `liaison token` makes one."), "hint")


def _draw_person(words: Words, person: PreparedPerson, *, chosen: bool) -> None:
    who = person.requester
    with box("label"):
        box("input", type="radio", name="person", value=who.subject, checked=chosen or None)
        text("span", person.name, "strong")
        text("small", f"{words.country_name(who.country)} · {who.agency}")
        text("small", words(person.about))


def _draw_grounds_fields(words: Words, site: Site, wrong: tuple[str, ...]) -> None:
    with box("div", "halves"):
        with box("p", "field"):
            text("label", words("Purpose"), for_="purpose")
            with box("select", id="purpose", name="purpose", required=True):
                for purpose in STATED:
                    text("option", words.label(PURPOSES, purpose), value=purpose)
        with box("p", "field"):
            text("label", words("Your case reference"), for_="case_reference")
            invalid = "true" if "case_reference" in wrong else None
            box(
                "input", id="case_reference", name="case_reference", required=True, autocomplete="off", dir="auto",
                maxlength=CASE_REFERENCE.most, placeholder="2026/4711", aria_invalid=invalid,
            )  # fmt: skip
    if site.runtime.settings.owners_see_references:
        recorded = words("Both are logged with everything you view; the owners of the records can see them.")
    else:
        recorded = words("Both are logged with everything you view; the owners of the records can see the purpose.")
    text("p", recorded, "small quiet")
