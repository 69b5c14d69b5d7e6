"""One link: two sides compared field by field, the waterfall of its score, what would change it, and judgements."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from pipeline.access.redaction import Row
from pipeline.api.problems import NotFoundError
from pipeline.api.services.cases import read_case
from pipeline.api.services.links import MOST, list_links
from pipeline.api.services.reviews import LinkJudgement, read_reviews
from pipeline.locale import N_
from pipeline.matching.basis import Basis
from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.explain.wording import bits, percent, shared_finding
from pipeline.web.addresses import case_path
from pipeline.web.components.badges import draw_band, draw_handling_code
from pipeline.web.components.evidence import render_comparison, render_counterfactuals
from pipeline.web.components.links import other_side
from pipeline.web.components.markup import bidi_text, box, link, static_html, text
from pipeline.web.components.panel import draw_facts, panel
from pipeline.web.components.review_form import draw_judgements
from pipeline.web.components.waterfall import draw_waterfall
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit


class LinkPageData(NamedTuple):
    """A link whose two sides are both readable."""

    link: Row
    a: Row
    b: Row
    judged: LinkJudgement


async def load(visit: Visit, parameters: Parameters) -> LinkPageData:
    """Read the link as come to from one of its cases, and both cases. Raises NotFoundError."""
    key = parameters["key"]
    found = await list_links(visit.new_session(), key, MOST)
    row = next((row for row in found.links if row["link_id"] == parameters["link_id"] and not row["hit"]), None)
    if row is None:
        raise NotFoundError("there is no such link, or none that you may read")
    own = await read_case(visit.new_session(), key)
    other = await read_case(visit.new_session(), other_side(key, row))
    a, b = (own, other) if row["case_a"] == key else (other, own)
    judged = await read_reviews(visit.new_session(), row["link_id"])
    return LinkPageData(row, a.case, b.case, judged.judged)


def draw(view: OpenPage, loaded: LinkPageData) -> None:
    """Show the link."""
    words, row = view.words, loaded.link
    found = msgspec.convert(row["evidence"], Explanation)
    _draw_heading(words, found, view.parameters["key"])
    _draw_sides(words, loaded, found)
    with box("div", "columns"):
        with box("div"):
            with panel(words("Comparison"), words("values normalised for comparison"), tight=True):
                static_html(render_comparison(words, found, loaded.a["agency"], loaded.b["agency"]), classes="scroll")
            with panel(words("Score breakdown"), words("in bits")):
                draw_waterfall(words, found)
        with box("div"):
            with panel(words("Review")):
                draw_judgements(view, loaded.judged)
            with panel(words("What would change this result")):
                static_html(render_counterfactuals(words, found))
            _draw_model(words, row, found)


def _draw_heading(words: Words, found: Explanation, key: str) -> None:
    with box("div", "heading"):
        with box("p", "trail"):
            link(key, case_path(key), data_up="")
        text("h1", words("Link between two cases"))
        if found.basis is Basis.SHARED:
            text("p", shared_finding(found, words.language), "strong")


def _draw_sides(words: Words, loaded: LinkPageData, found: Explanation) -> None:
    with box("div", "sides"):
        _draw_side(words, loaded.a, loaded.link["version_a"])
        with box("div", "between"):
            draw_band(words, found.band)
            text("strong", percent(found.probability, words.language))
            text("span", words("{bits} bits", bits=bits(found.score, words.language)), "quiet")
        _draw_side(words, loaded.b, loaded.link["version_b"])


def _draw_side(words: Words, row: Row, version: int) -> None:
    with box("div"):
        with link("", case_path(row["case"]), "strong"):
            bidi_text(row["data"].get("title") or row["case"])
        with box("p", "row small"):
            text("span", row["case"], "code")
            draw_handling_code(words, (row["handling"] or {}).get("code", "H0"))
        text("p", f"{words.country_name(row['country'])} · {words('version {number}', number=version)}", "small quiet")
        if row["caveat"]:
            bidi_text(row["caveat"], "p", "notice")


def _draw_model(words: Words, row: Row, found: Explanation) -> None:
    with panel(words("Model")):
        draw_facts(
            [
                (words("Version"), found.model),
                (words("Hash"), found.model_hash),
                (words("Generation"), found.generation),
                (words("Link"), row["link_id"]),
            ]
        )


PAGE = Page("/links/{link_id}/of/{key:path}", N_("Link"), "search", load, draw)
