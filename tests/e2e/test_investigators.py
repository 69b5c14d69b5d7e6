"""The stories of the pages, in a real browser on the real engines: three countries, one man, what each may see."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pipeline.access.token_keys import DISCOVERY
from pipeline.engines.ports import LOOPBACK, accepts
from pipeline.records.agencies import Agency
from pipeline.streams.registers import registry
from support.identity.provider import CLIENT
from support.installation.command import LIAISON
from support.installation.installation import Installation
from support.installation.records import Message, RecordMaker
from support.ports import own_port
from support.processes import warm
from support.processes.commands import Program
from support.processes.starting import Start, started
from support.records.builder import person
from support.waiting import WaitFor
from support.web.browser import BrowserUser, browser

pytestmark = [pytest.mark.engines, pytest.mark.timeout(600)]

CLAIRE, PIETER, EWA, NOOR = "claire@fr-pj", "pieter@be-fp", "ewa@pl-kg", "noor@liaison-ops"
SOFIE, LOTTE, MARC = "sofie@be-fp", "lotte@be-fp", "marc@fr-pj"
LINKS = 2
QUESTION = "Иван Петров 1980-05-14"
GUARDED = "Marek Kowalczyk 1991-03-02"
"""A man of whom only a French hit-only case for Belgium tells."""


def _handling(code: str, *countries: str) -> dict[str, Any]:
    return {"code": code, "releasable_to": list(countries), "purposes": ["investigation", "correlation"]}


def _cases(records: RecordMaker) -> list[Message]:
    """One man in a French case for Belgium, in an open and in a hit-only Belgian one for France; Poland gets none.

    Another man in a hit-only French case for Belgium, linked to nothing.
    """
    passport = {"type": "passport", "value": "751234567", "country": "RU"}
    man = {"type": "person", "birth_date": "1980-05-14", "nationalities": ["RU"], "identifiers": [passport]}
    russian = man | {"names": [{"full": "Иван Сергеевич Петров"}], "phones": ["+33612345678"], "role": "suspect"}
    latin = man | {"names": [{"full": "Ivan Petrov"}, {"full": "إيفان بيتروف", "kind": "alias"}]}
    other = person("Marek Kowalczyk", birth_date="1991-03-02")
    golf = {"type": "vehicle", "plate": "AB-123-CD", "plate_country": "FR", "make": "VW", "model": "Golf"}
    contact = {"unit": "DJSOC", "email": "djsoc@police.example", "phone": "+32 2 555 01 18"}
    robbery = {"opened": "2026-10-28", "summary": "Deux individus, une bijouterie.", "title": "Vol à main armée"}
    guarded = _handling("H1", "BE") | {"caveat": "Ne pas contacter le suspect."}
    graded = {"contact": contact, "evaluation": {"scheme": "4x4", "source": "B", "information": "2"}}
    open_, closed = _handling("H0", "FR"), _handling("H2", "FR")
    return [
        records.message("fr-pj", "2026-004711", 1, [russian, golf], handling=guarded, **robbery),
        records.message("be-fp", "BX-118", 1, [latin, golf], title="Vol avec effraction", handling=open_, **graded),
        records.message("be-fp", "BX-900", 1, [latin], title="Trafic de stupéfiants", handling=closed, **graded),
        records.message("fr-pj", "2026-009000", 1, [other], title="Enlèvement", handling=_handling("H2", "BE")),
    ]


@pytest.fixture
def installed(
    installation: Installation,
    records: RecordMaker,
    start_all: Callable[[], list[subprocess.Popen[bytes]]],
    start_stage: Start,
    wait_for: WaitFor,
) -> None:
    """An installation that holds the prepared cases, correlated and indexed; Poland's agency takes part without any."""
    asyncio.run(registry.register_agency(installation.settings, Agency("pl-kg", "PL")))
    installation.push(_cases(records))
    start_all()
    start_stage("notify")
    wait_for(
        lambda: len(installation.visible_links()) == len(("open", "hit-only")) if installation.at_rest() else 0, 180
    )


@pytest.fixture
def serve(engine_environment: dict[str, str], tmp_path: Path, wait_for: WaitFor) -> Iterator[Callable[..., str]]:
    """Start a program that serves on a port, with further settings; its URL once it does."""
    with ExitStack() as running:

        def start(program: Program, *arguments: str, **settings: str) -> str:
            port = own_port()
            run = running.enter_context(started(program, engine_environment | settings, tmp_path))
            run(*arguments, str(port))
            wait_for(lambda: accepts(LOOPBACK, port), 90)
            return f"http://{LOOPBACK}:{port}"

        yield start


@pytest.fixture
def url(installed: None, serve: Callable[..., str]) -> str:
    """The pages with the prepared people."""
    return serve("support.web.server_process")


@pytest.fixture
def guarded_url(installed: None, serve: Callable[..., str]) -> str:
    """The pages as `liaison serve` gives them, with an identity provider to sign in at."""
    issuer = serve("support.identity.provider")
    names = {
        "token_keys": f"{issuer}{DISCOVERY}",
        "token_issuer": issuer,
        "token_audience": CLIENT,
        "oidc_client_id": CLIENT,
    }
    return serve(LIAISON, "serve", "--port", **{f"LIAISON_{name.upper()}": value for name, value in names.items()})


@pytest.fixture
def is_verified(engine_environment: dict[str, str]) -> Iterator[None]:
    """The audit trail of all that was done is whole."""
    yield
    verified = warm.run(["ops", "audit", "verify"], engine_environment)
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.usefixtures("is_verified")
def test_three_countries_see_what_owners_allow(url: str) -> None:
    with browser() as opened:
        claire = BrowserUser(opened, url)
        claire.page.goto("/sign-in")
        claire.holds("sign-in")
        claire.sign_in(CLAIRE, "2026/4711")
        searches_and_judges(claire)
        sees_one_man(claire)
        pieter = BrowserUser(opened, url)
        pieter.sign_in(PIETER, "BX/12")
        pieter.hears()
        asks_for_the_hit(claire)
        grants(pieter)
        reads_the_disclosed(claire)
        subscribes(claire)
        checks_a_list(claire)
        ewa = BrowserUser(opened, url)
        ewa.sign_in(EWA, "KG/77")
        sees_nothing(ewa)
        sees_who_was_shown(pieter)
        reads_french(BrowserUser(opened, url, "fr-FR"))


@pytest.mark.rare
@pytest.mark.usefixtures("is_verified")
def test_what_supervisors_open_is_reviewed_and_what_was_done_audited(url: str, guarded_url: str) -> None:
    with browser() as opened:
        signs_in_at_the_agency(BrowserUser(opened, guarded_url))
        pieter, noor, sofie, lotte, marc = (BrowserUser(opened, url) for _ in range(5))
        pieter.sign_in(PIETER, "BX/12")
        lotte.sign_in(LOTTE, "BX/12")
        marc.sign_in(MARC, "2026/9")
        breaks_the_glass_with_a_second(pieter, lotte)
        breaks_the_glass_alone(pieter, marc)
        sofie.sign_in(SOFIE, "AUD/3")
        audits(sofie)
        noor.sign_in(NOOR, "CHG/5")
        operates(noor)


def searches_and_judges(claire: BrowserUser) -> None:
    page = claire.page
    claire.ask(QUESTION)
    expect(page.locator(".results li", has_text="Vol avec effraction")).to_be_visible()
    expect(page.locator(".results li.hit")).to_contain_text("A record of be-fp")
    expect(page.locator("body")).not_to_contain_text("Trafic de stupéfiants")
    page.locator(".results li", has_text="Vol à main armée").locator(".name").click()
    expect(page.get_by_role("note")).to_contain_text("Ne pas contacter le suspect.")
    page.locator(".heading").get_by_role("link", name="Chart").click()
    expect(page.locator("#chart-pane")).to_contain_text(f"Showing {LINKS} of {LINKS}")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Links").click()
    page.locator("#panel-links [data-row]", has_text="BX-118").locator("[data-open]").first.click()
    expect(page.get_by_role("heading", name="Score breakdown")).to_be_visible()
    expect(page.locator(".waterfall")).to_be_visible()
    expect(page.locator(".compare")).to_contain_text("passport 751234567")
    page.keyboard.press("1")
    page.get_by_label("Reason").fill("the same passport")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".colour.white")).to_be_visible()
    expect(page.locator(".nicegui-content")).to_contain_text("the same passport")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".colour.yellow")).to_be_visible()


def sees_one_man(claire: BrowserUser) -> None:
    """Across the records that she may read, and counted with them."""
    page = claire.page
    page.goto("/cases/fr-pj:2026-004711#tab=people")
    page.get_by_role("link", name="All records of this person").first.click()
    expect(page.locator(".nicegui-content")).to_contain_text("إيفان بيتروف")
    expect(page.locator(".nicegui-content")).to_contain_text("be-fp:BX-118")
    expect(page.locator(".nicegui-content")).not_to_contain_text("BX-900")
    claire.holds("entity", dark=True)
    page.keyboard.type("gt")
    expect(page.locator("tr[data-row]", has_text="Belgium – France")).to_be_visible()
    claire.holds("statistics", dark=True)
    with page.expect_download() as file:
        page.get_by_role("form", name="Links").get_by_role("button", name="CSV", exact=True).click()
    assert "be-fp:BX-118" in file.value.path().read_text()


def asks_for_the_hit(claire: BrowserUser) -> None:
    page = claire.page
    claire.ask(QUESTION)
    hit = page.locator(".results li.hit")
    hit.get_by_text("Request access").click()
    hit.get_by_label("Reason").fill("the same man in two robberies")
    hit.get_by_label("Urgency").select_option("urgent")
    hit.get_by_role("button", name="Send request").click()
    expect(page.locator("#said")).to_contain_text("Request sent to be-fp")


def grants(pieter: BrowserUser) -> None:
    page = pieter.page
    expect(page.locator(".rail .count")).to_have_text("1")
    page.get_by_role("link", name="Access requests").click()
    expect(page.locator(".results")).to_contain_text("the same man in two robberies")
    page.get_by_label("Message (optional)").fill("for this case only")
    page.get_by_role("button", name="Grant access").click()
    expect(page.locator("#said")).to_contain_text("Granted")
    expect(page.locator(".results .tag", has_text="Granted")).to_be_visible()
    page.goto("/inbox")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    expect(page.locator("#evidence .summary")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator("[data-row] .assignee").first).to_have_text(f"Pieter Janssens ({PIETER})")


def reads_the_disclosed(claire: BrowserUser) -> None:
    page = claire.page
    claire.ask(QUESTION)
    page.locator(".results li", has_text="Trafic de stupéfiants").locator(".name").click()
    expect(page.get_by_role("heading", name="Trafic de stupéfiants")).to_be_visible()
    page.get_by_role("tab", name="People").click()
    expect(page.locator(".entity").first).to_contain_text("Ivan Petrov")


def subscribes(claire: BrowserUser) -> None:
    page = claire.page
    claire.ask(QUESTION)
    page.get_by_role("button", name="Alert me to new matches").click()
    expect(page.locator("#said")).to_contain_text("Alert created")
    page.get_by_role("link", name="Alerts").click()
    expect(page.locator("tr[data-row]", has_text=QUESTION)).to_contain_text("2026/4711")


def breaks_the_glass(pieter: BrowserUser, way: str) -> None:
    page = pieter.page
    pieter.ask(GUARDED)
    hit = page.locator(".results li.hit")
    hit.locator("summary", has_text="Emergency access").click()
    expect(hit.get_by_text("fr-pj is notified at once")).to_be_visible()
    form = hit.locator("form", has=page.get_by_text("Use emergency access"))
    form.get_by_label("Reason").fill("a child is in danger")
    form.get_by_label("Oversight").select_option(way)
    pieter.holds("break-glass-form", dark=True)
    hit.get_by_role("button", name="Use emergency access").click()


def breaks_the_glass_with_a_second(pieter: BrowserUser, lotte: BrowserUser) -> None:
    breaks_the_glass(pieter, "second")
    expect(pieter.page.locator("#said")).to_contain_text("A second supervisor of your agency must confirm")
    pieter.page.goto("/break-glass")
    expect(pieter.page.get_by_role("button", name="Withdraw request")).to_be_visible()
    page = lotte.page
    page.goto("/break-glass")
    expect(page.locator(".results")).to_contain_text("a child is in danger")
    lotte.holds("break-glass", dark=True)
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".results .tag", has_text="Confirmed by a second supervisor")).to_be_visible()
    pieter.ask(GUARDED)
    pieter.page.locator(".results li", has_text="Enlèvement").locator(".name").click()
    expect(pieter.page.get_by_role("heading", name="Enlèvement")).to_be_visible()


def breaks_the_glass_alone(pieter: BrowserUser, marc: BrowserUser) -> None:
    """The owner ends what two have opened; what one opens then it finds not justified."""
    page = marc.page
    page.goto("/break-glass")
    expect(page.locator(".results .tag", has_text="Confirmed by a second supervisor")).to_be_visible()
    page.get_by_text("Revoke access").click()
    page.get_by_role("button", name="Revoke now").click()
    expect(page.locator(".results .tag", has_text="Revoked")).to_be_visible()
    breaks_the_glass(pieter, "alone")
    expect(pieter.page.get_by_role("heading", name="Enlèvement")).to_be_visible()
    page.reload()
    page.get_by_label("Decision").select_option("not_justified")
    page.get_by_label("Comment").fill("there was time to ask")
    marc.holds("break-glass-owner", dark=True)
    page.get_by_role("button", name="Save review").click()
    expect(page.locator(".results .tag", has_text="Reviewed: not justified")).to_be_visible()
    pieter.page.reload()
    expect(pieter.page.locator("[data-state=closed]")).to_be_visible()


def sees_nothing(ewa: BrowserUser) -> None:
    page = ewa.page
    ewa.ask(QUESTION)
    expect(page.get_by_role("heading", name="No results you have access to")).to_be_visible()
    for key in ("be-fp:BX-900", "be-fp:BX-118", "fr-pj:2026-004711", "be-fp:no-such"):
        page.goto(f"/cases/{key}")
        expect(page.locator("[data-state=closed]")).to_be_visible()
        expect(page.locator(".nicegui-content")).not_to_contain_text("Petrov")
    ewa.holds("no-access")
    page.goto("/nowhere")
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()


def sees_who_was_shown(pieter: BrowserUser) -> None:
    page = pieter.page
    page.goto("/notices")
    expect(page.locator("tr[data-row]", has_text="Another agency requests access to a record")).to_contain_text("fr-pj")
    pieter.holds("notices")
    page.goto("/records")
    shown = page.locator("tr[data-row]", has_text="be-fp:BX-900")
    expect(shown.filter(has_text="full content").filter(has_text="fr-pj").first).to_be_visible()
    expect(shown.filter(has_text="hit only").filter(has_text="fr-pj").first).to_be_visible()
    expect(page.locator("tr[data-row]", has_text="pl-kg")).to_have_count(0)
    pieter.holds("records", dark=True)


def audits(sofie: BrowserUser) -> None:
    """Her own people by name, another agency's without; no key of a record that her agency sees as a hit."""
    page = sofie.page
    expect(page.get_by_role("heading", name="Audit", exact=True)).to_be_visible()
    sees_the_trail_verified(page)
    rows = page.locator("tr[data-row]")
    expect(rows.filter(has_text=PIETER).filter(has_text="Access request").first).to_contain_text("A record of fr-pj")
    expect(rows.filter(has_text="be-fp:BX-900").filter(has_text="fr-pj").first).to_be_visible()
    for hidden in (CLAIRE, "fr-pj:2026-009000"):
        expect(page.locator(".nicegui-content")).not_to_contain_text(hidden)
    sofie.holds("audit", dark=True)
    page.get_by_label("User of our agency").fill(PIETER)
    page.get_by_role("button", name="Apply").click()
    expect(rows.filter(has_not_text=PIETER)).to_have_count(0)
    expect(rows.first).to_be_visible()
    with page.expect_download() as file:
        page.get_by_role("form", name="Export all").get_by_role("button", name="CSV", exact=True).click()
    told = file.value.path().read_text()
    assert PIETER in told
    assert CLAIRE not in told
    page.goto("/search")
    expect(page.locator("[data-state=closed]")).to_be_visible()


def sees_the_trail_verified(page: Page) -> None:
    """Asks again while the check goes on; an answer waits for it for two seconds."""
    told = page.locator(".nicegui-content")
    expect(told).to_contain_text(re.compile("entries (verified|read so far)"))
    while page.get_by_role("link", name="Check again").count():
        page.reload()
        expect(told).to_contain_text(re.compile("entries (verified|read so far)"))
    expect(told).to_contain_text(re.compile("Intact.*entries verified"))


def checks_a_list(claire: BrowserUser) -> None:
    page = claire.page
    page.goto("/checks")
    page.get_by_label("Or paste one search per line").fill(f"{QUESTION}\nNobody Atall 1950-01-01")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("link", name="Vol avec effraction")).to_be_visible()
    page.get_by_role("link", name="No result").click()
    expect(page.locator("tbody tr[data-row]")).to_have_count(1)


def operates(noor: BrowserUser) -> None:
    page = noor.page
    expect(page.get_by_role("heading", name="Operations", exact=True)).to_be_visible()
    expect(page.locator("tr[data-row]", has_text="cases.fr-pj").first).to_be_visible()
    noor.holds("operations", dark=True)
    page.goto("/operations/rejected")
    expect(page.get_by_role("heading", name="No rejected messages")).to_be_visible()
    noor.holds("rejected")
    page.goto("/search")
    expect(page.locator("[data-state=closed]")).to_be_visible()


def reads_french(claire: BrowserUser) -> None:
    page = claire.page
    claire.sign_in(CLAIRE, "2026/4711")
    page.goto("/notices")
    expect(page.get_by_text("Nouvelle concordance pour une alerte").first).to_be_visible()
    claire.holds("notices-french")
    page.goto("/operations")
    expect(page.locator("[data-state=closed]")).to_be_visible()


def signs_in_at_the_agency(claire: BrowserUser) -> None:
    page = claire.page
    page.goto("/inbox")
    claire.holds("sign-in-provider", dark=True)
    page.get_by_label("Your case reference").fill("2026/4711")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Name").fill("claire")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    claire.ask(QUESTION)
    expect(page.locator(".results li", has_text="Vol avec effraction")).to_be_visible()
    page.locator(".me summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
