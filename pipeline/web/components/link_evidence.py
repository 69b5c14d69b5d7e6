"""The evidence of one link beside the list: both sides, a sentence for a layman, the next best candidate, the rest."""

from __future__ import annotations

import msgspec

from pipeline.access.redaction import Row
from pipeline.api.services.link_evidence import LinkEvidenceAnswer
from pipeline.matching.explain.explanation import Explanation, mirrored
from pipeline.matching.explain.wording import bits, decimal, percent
from pipeline.web.addresses import case_path, link_path
from pipeline.web.components.badges import draw_band, draw_caveat, draw_handling_code
from pipeline.web.components.evidence import render_companions, render_counterfactuals, render_sides_comparison
from pipeline.web.components.markup import bidi_text, box, link, static_html, text
from pipeline.web.components.measures import render_help, render_legend
from pipeline.web.components.names import draw_name
from pipeline.web.components.review_form import draw_reviews
from pipeline.web.components.triage_row import name_thing
from pipeline.web.components.waterfall import draw_waterfall
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage

WHOLE_FROM = 1000
"""Hundredths of a bit from which a difference is said in whole bits."""


def own_side_first(found: LinkEvidenceAnswer) -> tuple[Row, Row, Explanation]:
    """The own side, the other one, and the explanation with them in this order."""
    explanation = msgspec.convert(found.link["evidence"], Explanation)
    a, b = found.sides
    return (a, b, explanation) if a["case"] == found.own else (b, a, mirrored(explanation))


def draw_sides(words: Words, own: Row, other: Row, explanation: Explanation) -> None:
    """Both sides and between them how strong the link is."""
    with box("div", "sides"):
        _draw_side(words, own)
        with box("div", "between"):
            draw_band(words, explanation.band)
            text("strong", percent(explanation.probability, words.language), dir="ltr")
            with box("span", "quiet"):
                text("span", words("{bits} bits", bits=bits(explanation.score, words.language)), dir="ltr")
                static_html(render_help(words, "bits"), "span")
        _draw_side(words, other)


def draw_summary(words: Words, found: LinkEvidenceAnswer) -> None:
    """The sentence for a layman, and who else could be meant."""
    text("p", found.link["summary"], "summary")
    rival = found.next_best
    if rival is None:
        text("p", words("No other candidate you have access to."), "small quiet")
        return
    with box("p", "small"):
        text("span", _introduce_rival(words, rival) + " ")
        with link("", link_path(rival["link_id"], found.own)):
            _draw_name(rival)
        text("span", ", " + _compare_bits(words, rival["bits"]))
    if rival["caveat"]:
        draw_caveat(words, rival["agency"], rival["caveat"])


def _introduce_rival(words: Words, rival: Row) -> str:
    """Who another candidate is to the one that is shown: nobody is a stronger candidate than themselves."""
    if rival["same"]:
        return words("The same again, in another record:")
    return words("Stronger candidate:") if rival["bits"] > 0 else words("Next:")


def draw_evidence(view: OpenPage, found: LinkEvidenceAnswer) -> None:
    """All of it, with the large parts folded, and behind it a mark that says whose evidence is drawn."""
    words = view.words
    own, other, explanation = own_side_first(found)
    draw_summary(words, found)
    draw_sides(words, own, other, explanation)
    if found.judged.reviews:
        draw_reviews(view, found.judged, undoable=False)
    static_html(render_sides_comparison(words, explanation, own, other), classes="scroll",
                tabindex="0", role="group", aria_label=words("Comparison"))  # fmt: skip
    static_html(render_legend(words))
    static_html(render_companions(words, explanation))
    static_html(render_counterfactuals(words, explanation))
    with box("details", "more"):
        text("summary", words("Score breakdown"))
        draw_waterfall(words, explanation)
    with box("p", "row"):
        link(words("Open the link's page"), link_path(found.link["link_id"], found.own), "small")
    box("span", hidden=True, data_shown=found.link["link_id"])


def _draw_side(words: Words, side: Row) -> None:
    with box("div"):
        with box("p", "strong"):
            _draw_name(side)
        with link("", case_path(side["case"]), "small"):
            bidi_text(side["title"] or side["case"])
        with box("p", "row small"):
            text("span", side["case"], "code")
            draw_handling_code(words, side["handling"])
        origin = f"{words.country_name(side['country'])} · {words('version {number}', number=side['version'])}"
        text("p", origin, "small quiet")
        if side["caveat"]:
            draw_caveat(words, side["agency"], side["caveat"])


def _draw_name(side: Row) -> None:
    """A side's person or thing with the year of birth."""
    name, born = name_thing(side)
    draw_name(name, side["country"])
    text("span", born)


def _compare_bits(words: Words, hundredths: int) -> str:
    """How much less, or more, another candidate scores."""
    if hundredths > 0:
        return words("{bits} bits more", bits=_count_bits(words, hundredths))
    return words("{bits} bits less", bits=_count_bits(words, -hundredths))


def _count_bits(words: Words, hundredths: int) -> str:
    """A difference of bits, from ten on without a decimal."""
    return decimal(f"{hundredths / 100:.{0 if hundredths >= WHOLE_FROM else 1}f}", words.language)
