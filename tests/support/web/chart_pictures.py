"""The pictures of docs/guide/chart.md, over an index in memory: light and dark, on a phone, in French, right to left.

PYTHONPATH=tests python -m support.web.chart_pictures FOLDER
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, expect

from pipeline.matching.model import load_model
from support.api.runtime import Api
from support.index.documents import PureStages
from support.records.builder import person, record, vehicle
from support.web.browser import NARROW, WIDE, BrowserUser, browser
from support.web.memory_site import memory_site

KEY = "fr-pj:2026-004711"
PHONE = "+33612345678"
OTHERS = (
    ("be-fp", "Anna Keller", "1991-02-03", "Fraude au transport"),
    ("de-bka", "Karim Haddad", "1975-11-30", "Diebstahl von Frachtgut"),
    ("nl-np", "Ewa Nowak", "1969-07-07", "Ladingdiefstal Rotterdam"),
    ("es-cnp", "Bruno Silva", "1988-12-12", "Robo de mercancías"),
)


def hold_thefts(api: Api) -> None:
    """A case of cargo thefts: a man and his car in more of them, his phone in others' hands, a hit-only record."""
    man = person("Иван Петров", id="p1", birth_date="1980-05-01", phones=[PHONE], role="suspect")
    car = vehicle("1-ABC-234", "BE", id="v1", make="Renault", model="Master")
    owned = [{"from": "p1", "to": "v1", "type": "owner"}]
    api.hold(record("fr-pj", "2026-004711", entities=[man, car], title="Vols de fret à Calais", relations=owned))
    for agency, name, born, title in OTHERS:
        other = person(name, id="p1", birth_date=born, phones=[PHONE])
        api.hold(record(agency, "77", entities=[other], title=title))
    for at in range(16):
        agency = ("be-fp", "de-bka", "nl-np", "it-pol")[at % 4]
        what = car if at % 3 == 0 else person("Ivan Petrov", id="p1", birth_date="1980-05-01")
        api.hold(record(agency, f"2026-{at:04}", entities=[what], title=f"Cargo theft {at + 1}"))
        api.link(KEY, f"{agency}:2026-{at:04}")
    api.hold(record("nl-np", "secret", code="H2", entities=[man]))
    api.link(KEY, "nl-np:secret")


def open_chart(user: BrowserUser) -> Page:
    user.page.goto(f"/chart?case={KEY}")
    user.is_drawn()
    expect(user.page.locator("[data-chart-count]")).not_to_be_empty()
    return user.page


def main(folder: Path) -> None:
    """Take them all."""
    api = Api(PureStages(load_model()), Path(tempfile.mkdtemp()))
    api.now = datetime.now(UTC)
    hold_thefts(api)
    with memory_site(api) as site, browser() as opened:
        user = BrowserUser(opened, site.url)
        user.enter("claire@fr-pj", "2026/4711", f"/chart?case={KEY}")
        page = open_chart(user)

        def take(name: str) -> None:
            page.evaluate("document.getElementById('said')?.replaceChildren()")
            page.wait_for_timeout(300)
            page.screenshot(path=folder / f"{name}.png")

        take("chart")
        page.keyboard.press("h")
        expect(page.locator(".hubs li").first).to_be_visible()
        page.locator(".hubs button", has_text=PHONE).click()
        take("chart-hubs")
        page.evaluate("() => { liaison.chart().elements().unselect(); }")
        page.evaluate(
            '() => { liaison.chart().$(\'[id = "case es-cnp:77"], [id ^= "case it-pol"]\').slice(0, 2).select(); }'
        )
        page.locator("h1").click()
        page.keyboard.press("p")
        expect(page.locator("[data-chart-path]").first).to_be_visible()
        take("chart-path")
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.keyboard.press("z")
        take("chart-dark")
        page.evaluate("document.documentElement.dataset.theme = 'light'")
        page.get_by_text("View as table").click()
        page.set_viewport_size({"width": NARROW[0], "height": 1600})
        take("chart-narrow")
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        page.evaluate("document.documentElement.dir = 'rtl'")
        take("chart-rtl")
        french = BrowserUser(opened, site.url, "fr-FR")
        french.enter("claire@fr-pj", "2026/4711", f"/chart?case={KEY}")
        page = open_chart(french)
        take("chart-french")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
