from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console, RenderableType

from pipeline.api.answers import CaseAnswer, LinksAnswer, SearchAnswer
from pipeline.cli import records
from pipeline.cli.api import read_answer
from pipeline.matching.explain.explaining import explain_entities
from pipeline.matching.model import load_model
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.matching.prints import print_of
from support.records.builder import handling, person, record

BORN = "1980-05-01"


def shown(renderable: RenderableType, width: int = 110) -> str:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


async def search(api: Api, question: str) -> SearchAnswer:
    return read_answer((await api.post("/v1/search", {"question": question, "evidence": True})).json(), SearchAnswer)


async def case(api: Api, key: str) -> str:
    return shown(records.case(read_answer((await api.get(f"/v1/cases/{key}")).json(), CaseAnswer).case))


async def links(api: Api, key: str, who: Any) -> str:
    answer = (await api.get(f"/v1/links?case={key}", who)).json()
    return shown(records.links(key, read_answer(answer, LinksAnswer).links))


def test_the_terms_of_an_explanation_add_up_to_its_score() -> None:
    a, b = print_of(**person("Ivan Petrov", birth_date=BORN)), print_of(**person("Иван Петров", birth_date=BORN))
    told = explain_entities((a,), (b,), load_model())
    lines = shown(records.explanation(told)).splitlines()
    *terms, total = [float(line.split()[-1]) for line in lines[2:] if line.strip() and line.split()[-1][0] in "+-"]
    assert sum(terms) == pytest.approx(total)
    assert total == pytest.approx(told.score / 100, abs=0.05)


async def test_a_link_tells_of_the_other_side_first_what_is_on_this(api: Api) -> None:
    api.hold(
        record("be-fp", entities=[person("Ivan Petrov", id="p1", birth_date=BORN)]),
        record("fr-pj", entities=[person("Иван Петров", id="p1", birth_date=BORN)]),
    )
    api.link("be-fp:1", "fr-pj:1")
    from_a, from_b = await links(api, "be-fp:1", BERT), await links(api, "fr-pj:1", ANNA)
    assert from_a.startswith("fr-pj:1  certain  probability ")
    assert from_b.startswith("be-fp:1  certain  probability ")
    assert from_a.index("ivan") < from_a.index("иван")
    assert from_b.index("иван") < from_b.index("ivan")


async def test_a_link_by_a_shared_number_says_what_it_is(api: Api) -> None:
    passport = [{"type": "passport", "value": "12AB34567", "country": "FR"}]
    api.hold(
        record("be-fp", entities=[person("Anna Keller", id="p1", identifiers=passport)]),
        record("fr-pj", entities=[person("Ivan Petrov", id="p1", birth_date=BORN, identifiers=passport)]),
    )
    api.link("be-fp:1", "fr-pj:1")
    said = await links(api, "be-fp:1", BERT)
    assert said.startswith("fr-pj:1  probable  shared number  probability ")
    assert "Same passport, two people. Taken as one, all evidence together gives" in said


async def test_of_a_link_with_a_hit_only_side_it_says_whom_to_ask(api: Api) -> None:
    phone: dict[str, Any] = {"phones": ["+33612345678"]}
    api.hold(
        record(
            "be-fp",
            code="H2",
            contact={"unit": "DJSOC"},
            entities=[person("Ivan Petrov", id="p1", birth_date=BORN, **phone)],
        )
    )
    api.hold(record("fr-pj", entities=[person("Ivan Petrov", id="p1", birth_date=BORN, **phone)]))
    api.link("be-fp:1", "fr-pj:1")
    told = await links(api, "fr-pj:1", ANNA)
    assert told.startswith("hit probable  ")
    assert "be-fp  DJSOC" in told.replace("\n", " ")


async def test_a_result_says_why_it_was_found(api: Api) -> None:
    api.hold(record("be-fp", title="Trafic", entities=[person("Ivan Petrov", id="p1", birth_date=BORN)]))
    output = shown(records.search(await search(api, "ivan petrov 1980-05-01")))
    assert "be-fp:1 BE" in output
    assert "Trafic" in output
    assert "Date of birth 1980-05-01" in output
    by_words = shown(records.search(await search(api, "text:trafic")))
    assert "text in the record" in by_words


async def test_a_case_shows_the_record_and_who_may_see_it(api: Api) -> None:
    entity = person("Иван Петров", id="p1", birth_date=BORN, role="suspect")
    offences = [{"scheme": "ICCS", "code": "0501"}]
    api.hold(
        record("fr-pj", "7", "H1", ("BE",), title="Trafic", opened="2026-10-28", offences=offences, entities=[entity])
    )
    output = await case(api, "fr-pj:7")
    for words in (
        "fr-pj:7  version 1, active",
        "Trafic",
        "fr-pj (FR)",
        "H1, released to BE",
        "2026-10-28",
        "ICCS:0501",
        "received 2026",
        "suspect",
        "names full Иван Петров",
    ):
        assert words in output
    assert "emails" not in output


async def test_a_caveat_stands_in_english_where_its_owner_says_it_so_and_as_it_binds(api: Api) -> None:
    caveat = {"caveat": "Najpierw zadzwonić", "caveat_translations": {"en": "Call first", "fr": "Appeler d'abord"}}
    api.hold(record("fr-pj", language="pl", handling=handling("H1") | caveat))
    lines = [" ".join(line.split()) for line in (await case(api, "fr-pj:1")).splitlines()]
    at = lines.index("Caveat Call first")
    assert lines[at + 1] == "Original (pl) Najpierw zadzwonić"
    assert "Appeler" not in " ".join(lines)


async def test_where_another_agencys_record_stands_is_not_shown(api: Api) -> None:
    api.hold(record("be-fp"))
    assert "Source" not in await case(api, "be-fp:1")


async def test_markup_and_escapes_in_a_record_are_not_obeyed(api: Api) -> None:
    api.hold(record("fr-pj", title="[red]x[/red] \x1b[2J\u202e[bold]"))
    output = await case(api, "fr-pj:1")
    assert "[red]x[/red]  [2J [bold]" in output
    assert "\x1b" not in output
