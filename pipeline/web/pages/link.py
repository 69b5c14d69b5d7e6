"""One link: two sides compared field by field, the waterfall of its score, what would change it, and reviews."""

from __future__ import annotations

from pipeline.api.answers import EvidenceSide, ExplainedLink, LinkEvidenceAnswer
from pipeline.api.problems import NotFoundError
from pipeline.api.services.links import read_evidence
from pipeline.locale import N_
from pipeline.matching.bands import Basis
from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.explain.wording import partly_compared, shared_finding
from pipeline.web.addresses import case_path
from pipeline.web.components.badges import BAND_LABELS
from pipeline.web.components.evidence import (
    draw_sides,
    draw_summary,
    draw_waterfall,
    own_side_first,
    render_companions,
    render_counterfactuals,
    render_sides_comparison,
)
from pipeline.web.components.markup import box, link, static_html, text
from pipeline.web.components.reviews import draw_link_reviews
from pipeline.web.components.rows import link_mark
from pipeline.web.components.tables import draw_facts, panel
from pipeline.web.components.terms import render_legend
from pipeline.web.components.values import draw_name, draw_title
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit


async def load(visit: Visit, parameters: Parameters) -> LinkEvidenceAnswer:
    """Read the link as come to from one of its cases. Raises NotFoundError."""
    found = await read_evidence(visit.new_session(), parameters["link_id"], parameters["key"])
    if parameters["key"] not in (side.case for side in found.sides):
        raise NotFoundError("there is no such link, or none that you may read")
    return found


def draw(view: OpenPage, loaded: LinkEvidenceAnswer) -> None:
    """Show the link."""
    words = view.words
    own, other, found = own_side_first(loaded)
    _draw_heading(words, loaded, view.parameters["key"])
    with panel(words("In short"), main=True):
        draw_summary(words, loaded)
    draw_sides(words, own, other, found)
    with box("div", "columns"):
        with box("div"):
            with panel(words("Comparison"), words("values normalised for comparison"), tight=True):
                static_html(render_sides_comparison(words, found, own, other), classes="scroll")
                static_html([render_legend(words), render_companions(words, found)], classes="companions-of")
            with panel(words("Score breakdown"), words("in bits")):
                draw_waterfall(words, found)
        with box("div"):
            with panel(words("Review")):
                draw_link_reviews(view, loaded.judged)
            with panel(words("What would change this result")):
                static_html(render_counterfactuals(words, found))
            _draw_model(words, loaded.link, found)


def _draw_heading(words: Words, loaded: LinkEvidenceAnswer, key: str) -> None:
    """Who is who, and how sure that is; of a shared number which it is, for its two holders are two."""
    own, other, found = own_side_first(loaded)
    is_shared = found.basis is Basis.SHARED
    with box("div", "heading", data_keep=link_mark(loaded.link.link_id)):
        with box("p", "trail"):
            text("span", words("Link between two cases") + " · ")
            link(key, case_path(key), data_up="")
        with box("h1"):
            _draw_side_name(words, own)
            text("span", " ≠ " if is_shared else " = ")
            _draw_side_name(words, other)
            said = words("shared number") if is_shared else words(BAND_LABELS[found.band][1]).lower()
            text("span", words(": ") + said)
        if found.basis is Basis.SHARED:
            text("p", shared_finding(found, words.language), "strong")
        if found.partly:
            text("p", partly_compared(words.language))
        with box("p", "row"):
            text("button", words("Add to folder"), "button slight", type="button", data_keep_button="")


def _draw_side_name(words: Words, side: EvidenceSide) -> None:
    if side.name:
        draw_name(side.name, side.country)
    else:
        draw_title(words, side.title or side.case)


def _draw_model(words: Words, row: ExplainedLink, found: Explanation) -> None:
    with panel(words("Model")):
        draw_facts(
            [
                (words("Version"), found.model),
                (words("Hash"), found.model_hash),
                (words("Generation"), found.generation),
                (words("Link"), row.link_id),
            ]
        )


PAGE = Page("/links/{link_id}/of/{key:path}", N_("Link"), "search", load, draw)
