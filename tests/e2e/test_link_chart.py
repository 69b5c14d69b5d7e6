"""The link chart in a real browser, with counted keys and clicks, over an index in memory."""

from __future__ import annotations

import resource
import select
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from pipeline.access.audit import ActKind
from pipeline.access.requester import Requester, Role, parse_grounds
from pipeline.api.chart_exchange import MOST_FILE_BYTES
from pipeline.api.services.folders import create_folder
from pipeline.api.session import Session
from pipeline.matching.model import load_model
from pipeline.web import csrf
from pipeline.web.session import GROUNDS, TOKEN
from support.api.runtime import Api
from support.index.documents import PureStages
from support.records.builder import handling, person, record, vehicle
from support.web.browser import NARROW, WIDE, BrowserUser
from support.web.large_chart import hold_chart, keep_chart, run_apart
from support.web.memory_site import memory_site
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

PHONE = "+33612345678"
KEY = "fr-pj:1"
PIETER = Requester("pieter@be-fp", "be-fp", "BE", frozenset({Role.INVESTIGATOR, Role.SUPERVISOR}))


class CountingUser:
    """Somebody at a browser whose clicks and keys are counted."""

    def __init__(self, user: BrowserUser) -> None:
        self.user, self.page, self.acts = user, user.page, 0

    def click(self, what: str) -> None:
        self.acts += 1
        self.page.locator(what).first.click()

    def press(self, key: str) -> None:
        self.acts += 1
        self.page.keyboard.press(key)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    """Five cases about five people with one phone, one of which has a car that a sixth case has, too."""
    api = Api(PureStages(load_model()), tmp_path_factory.mktemp("site"))
    api.now = datetime.now(UTC)
    car = vehicle("1-ABC-234", "BE", id="v1")
    names = ("Ivan Petrov", "Anna Keller", "Karim Haddad", "Ewa Nowak", "Bruno Silva")
    agencies = ("fr-pj", "be-fp", "de-bka", "nl-np", "es-cnp")
    for at, (agency, name) in enumerate(zip(agencies, names, strict=True)):
        man = person(name, id="p1", birth_date=f"19{70 + at}-05-01", phones=[PHONE])
        api.hold(record(agency, entities=[man, car] if agency == "es-cnp" else [man], title=f"Affair of {name}"))
    caveat = {"caveat": "اتصل أولا", "caveat_translations": {"en": "Call first", "it": "Chiamare prima"}}
    api.hold(record("it-pol", entities=[car], title="A stolen car", language="ar", handling=handling("H1") | caveat))
    api.link("es-cnp:1", "it-pol:1")
    return api


@pytest.fixture
def user(chromium: Browser, api: Api) -> Iterator[CountingUser]:
    with memory_site(api) as site:
        site.show(api)
        user = BrowserUser(chromium, site.url)
        user.enter("claire@fr-pj", "2026/1", f"/cases/{KEY}")
        yield CountingUser(user)
        assert user.faults == []
        user.page.context.close()


def _nodes(page: Page) -> int:
    count: int = page.evaluate("liaison.chart()?.nodes().length ?? 0")
    return count


def _select(page: Page, node: str, key: str = "") -> None:
    """Click a node where it is drawn, once it is."""
    page.wait_for_function("(id) => window.liaison?.chart?.()?.hasElementWithId(id)", arg=node)
    place = page.evaluate(
        """(id) => {
          const { x, y } = liaison.chart().getElementById(id).renderedPosition();
          const box = document.querySelector("[data-canvas]").getBoundingClientRect();
          return [box.x + x, box.y + y];
        }""",
        node,
    )
    if key:
        page.keyboard.down(key)
    page.mouse.click(*place)
    if key:
        page.keyboard.up(key)


def test_the_hub_of_five_cases_is_found_in_two(user: CountingUser) -> None:
    user.click(".heading a:has-text('Chart')")
    expect(user.page.locator("[data-chart-count]")).to_contain_text("nodes shown")
    user.press("h")
    first = user.page.locator(".hubs li").first
    expect(first).to_contain_text(f"Phone {PHONE}")
    expect(first).to_contain_text("5 records")
    assert user.acts == 2


def test_a_record_that_is_picked_tells_its_caveat_translated_and_as_it_binds(user: CountingUser) -> None:
    user.page.goto("/chart?case=it-pol:1")
    user.user.is_drawn()
    _select(user.page, "case it-pol:1")
    said = user.page.locator("[data-chart-picked]")
    expect(said).to_contain_text("Caveat: Call first")
    expect(said).to_contain_text("Original (binding): اتصل أولا")
    assert [bdi.get_attribute("lang") for bdi in said.locator("bdi[lang]").all()] == ["en", "ar"]
    user.user.holds("a picked record with a caveat")


def test_paper_has_the_names_legend_and_caveats_of_a_chart(user: CountingUser) -> None:
    page = user.page
    page.goto("/chart?case=it-pol:1")
    user.user.is_drawn()
    page.wait_for_function("liaison.chart()?.hasElementWithId('case es-cnp:1')")
    page.emulate_media(media="print")
    page.evaluate("() => { window.dispatchEvent(new Event('beforeprint')); }")
    expect(page.locator("[data-chart-caveats] li")).to_have_text(
        "Caveat, IT 1: Call first · Original (binding): اتصل أولا"
    )
    expect(page.locator("[data-chart-caveats] li")).to_be_visible()
    expect(page.locator("[data-chart-row='case es-cnp:1']")).to_be_visible()
    expect(page.locator("[data-look=vehicle]")).to_be_visible()
    head = page.locator("[data-printed]")
    for said in ("claire@fr-pj", "Investigation", "2026/1", "the strictest on this page"):
        expect(head).to_contain_text(said)


def test_a_path_from_a_to_b_is_told_in_three(user: CountingUser) -> None:
    user.page.goto(f"/chart?case={KEY}")
    user.user.is_drawn()
    expect(user.page.locator("[data-chart-count]")).to_contain_text("nodes shown")
    user.page.evaluate("() => { liaison.chart().getElementById('case es-cnp:1').emit('dbltap'); }")
    expect(user.page.locator("#chart-pane")).to_contain_text("of 5")
    user.page.wait_for_function("liaison.chart().hasElementWithId('case it-pol:1')")
    user.page.evaluate("() => { liaison.chart().fit(undefined, 40); }")
    _select(user.page, f"case {KEY}")
    _select(user.page, "case it-pol:1", "Shift")
    user.acts += 2
    user.press("p")
    told = user.page.locator("[data-chart-path]").first
    expect(told).to_have_text(f"{KEY}, Phone {PHONE}, es-cnp:1, Vehicle 1-ABC-234, it-pol:1")
    assert user.acts == 3


def test_the_tables_say_the_same_and_do_the_same_by_keys(user: CountingUser) -> None:
    user.page.goto(f"/chart?case={KEY}")
    user.user.is_drawn()
    user.page.get_by_text("View as table").click()
    rows = user.page.locator("[data-chart-row]")
    expect(rows).to_have_count(_nodes(user.page))
    before = _nodes(user.page)
    user.page.locator("[data-chart-row='case es-cnp:1']").focus()
    user.page.keyboard.press("Enter")
    user.page.wait_for_function(f"liaison.chart().nodes().length > {before}")
    expect(rows).to_have_count(_nodes(user.page))
    user.page.fill("#chart-seek", "stolen car")
    user.page.keyboard.press("Enter")
    expect(user.page.locator("[data-chart-picked]")).to_contain_text("A stolen car")
    user.page.get_by_text("Filters", exact=True).click()
    user.page.select_option("#chart-country", "IT")
    expect(user.page.locator("[data-chart-row^='case ']")).to_have_count(1)
    user.page.locator("[data-chart-line]").first.focus()
    user.page.keyboard.press("Enter")
    expect(user.page.locator("#chart-pane")).to_contain_text("Evidence")
    user.user.holds("chart", dark=True)


def test_nodes_are_told_apart_on_the_canvas_in_the_table_and_by_search(user: CountingUser) -> None:
    page = user.page
    page.goto(f"/chart?case={KEY}")
    user.user.is_drawn()
    page.wait_for_function("liaison.chart()?.hasElementWithId('case be-fp:1')")
    drawn = page.evaluate("liaison.chart().getElementById('case be-fp:1').style('label')")
    assert drawn == "BE 1\nAnna Keller\nAffair of Anna Keller"
    icons = page.evaluate(
        "liaison.chart().nodes().not('.start').map((node) => [node.data('type'), node.style('background-image')])"
    )
    assert all(image.startswith("url(") for _, image in icons)
    assert len({image for _, image in icons}) == len({kind for kind, _ in icons})
    legend = page.locator("[data-look]:visible")
    expect(legend.filter(has_text="Record")).to_have_count(1)
    drawn = legend.locator("svg").evaluate_all("(icons) => icons.map((icon) => icon.getBoundingClientRect().width)")
    assert len(drawn) == len({kind for kind, _ in icons})
    assert all(width >= 12 for width in drawn), "an icon of no size tells nothing"
    expect(legend.filter(has_text="Phone")).to_have_count(1)
    expect(legend.filter(has_text="Vessel")).to_have_count(0)
    page.get_by_text("View as table").click()
    row = page.locator("tr:has([data-chart-row='case be-fp:1'])")
    expect(row.locator("td").first).to_have_text("BE 1")
    expect(row.locator("th")).to_have_text("Anna Keller · Affair of Anna Keller")
    for asked in ("be 1", "anna keller", "be-fp:1", "affair of anna"):
        page.fill("#chart-seek", asked)
        page.keyboard.press("Enter")
        expect(page.locator("[data-chart-picked]")).to_contain_text("be-fp:1")
    user.user.holds("a chart whose nodes are told apart", dark=True)


OUTSIDE = """() => {
  const { width, height } = document.querySelector("[data-canvas]").getBoundingClientRect();
  return liaison.chart().nodes(":visible").filter((node) => {
    const { x1, y1, x2, y2 } = node.renderedBoundingBox({ includeLabels: false });
    return x1 < 0 || y1 < 0 || x2 > width || y2 > height;
  }).length;
}"""
"""How many nodes the canvas cuts."""


def test_what_is_in_view_stays_so_on_a_smaller_canvas_until_somebody_zooms(user: CountingUser) -> None:
    """At 200%, and on a phone that is turned, the chart went on beyond the canvas."""
    page = user.page
    page.goto(f"/chart?case={KEY}")
    user.user.is_drawn()
    page.wait_for_function("liaison.chart()?.nodes().length >= 5")
    for size in ((640, 400), NARROW, WIDE):
        user.user.resize(size)
        page.wait_for_function(f"({OUTSIDE})() === 0")
    page.locator("[data-canvas]").focus()
    page.keyboard.press("+")
    zoomed = page.evaluate("liaison.chart().zoom()")
    user.user.resize(NARROW)
    page.wait_for_function("liaison.chart().width() < 400")
    assert page.evaluate("liaison.chart().zoom()") == zoomed
    user.user.resize(WIDE)


def _luminance(channels: Sequence[int]) -> float:
    """Of a colour, as WCAG 2.2 defines it."""
    shares = [channel / 255 for channel in channels]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_line_stands_out_against_the_canvas(user: CountingUser, theme: str) -> None:
    """By 3 to 1 at least, as WCAG 2.2 asks of what is drawn (1.4.11)."""
    page = user.page
    page.goto(f"/chart?case={KEY}")
    user.user.is_drawn()
    page.wait_for_function("liaison.chart()?.edges().length >= 4")
    ground = page.locator("[data-canvas]").evaluate(
        """(canvas, theme) => {
          document.documentElement.dataset.theme = theme;
          return getComputedStyle(canvas).backgroundColor.match(/\\d+/g).map(Number);
        }""",
        theme,
    )
    lines = "liaison.chart().edges().map((edge) => edge.style('line-color').match(/\\d+/g).map(Number))"
    for line in page.evaluate(lines):
        light, dim = sorted((_luminance(line), _luminance(ground)), reverse=True)
        assert (light + 0.05) / (dim + 0.05) >= 3, (line, ground)


def test_an_empty_chart_has_a_search_field_and_buttons_that_wait(user: CountingUser) -> None:
    page = user.page
    page.goto("/chart")
    user.user.is_drawn()
    page.wait_for_function("liaison.chart?.()")
    expect(page.locator(".tools [role=group]")).to_have_count(4)
    expect(page.locator(".tools button")).to_have_count(12)
    expect(page.locator("#chart button[data-chart]:enabled")).to_have_count(0)
    page.fill("#chart-question", "Ewa Nowak")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search#q=Ewa+Nowak")
    expect(page.locator("main")).to_contain_text("nl-np:1")


def _enabled(page: Page) -> set[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('.tools button:enabled')].map((button) => button.dataset.chart)"
    )
    return set(found)


def test_a_button_is_enabled_where_it_does_something_and_nothing_offers_to_add_none(user: CountingUser) -> None:
    page = user.page
    page.goto("/chart?case=it-pol:1")
    user.user.is_drawn()
    page.wait_for_function("liaison.chart()?.hasElementWithId('case es-cnp:1')")
    nothing = {"hubs", "arrange", "fit", "save"}
    assert _enabled(page) == nothing
    assert page.evaluate("liaison.chart().zoom()") <= 1
    page.evaluate("() => { liaison.chart().getElementById('case it-pol:1').select(); }")
    selected = nothing | {"pin", "group", "hide", "remove", "keep"}
    assert _enabled(page) == selected, "all that the record is tied to is drawn"
    pane = page.locator("#chart-pane")
    expect(pane).to_contain_text("Showing 1 of 1")
    expect(pane.locator("[data-chart-more]:visible")).to_have_count(0)
    page.evaluate("() => { liaison.chart().getElementById('case es-cnp:1').select(); }")
    assert _enabled(page) == selected | {"expand", "path"}
    page.keyboard.press("d")
    assert _enabled(page) == nothing - {"arrange"} | {"unhide"}
    page.locator("[data-chart=unhide]").click()
    page.evaluate("() => { liaison.chart().getElementById('case es-cnp:1').emit('dbltap'); }")
    expect(pane).to_contain_text("Showing 5 of 5")
    more = pane.locator("[data-chart-more]:visible")
    expect(more).to_have_text(["Add the 2 people and things of es-cnp:1"])
    more.click()
    page.wait_for_function("liaison.chart().nodes('[type = \"person\"]').length === 1")
    expect(more).to_have_count(0)


def test_nodes_are_pinned_hidden_and_grouped_and_come_back_as_they_were_kept(user: CountingUser, api: Api) -> None:
    user.page.goto(f"/chart?case={KEY}")
    user.user.is_drawn()
    page = user.page
    page.wait_for_function("liaison.chart()?.nodes().length > 4")
    page.evaluate("() => { liaison.chart().getElementById('case be-fp:1').select(); }")
    page.keyboard.press("n")
    page.evaluate(
        "() => { liaison.chart().elements().unselect(); liaison.chart().getElementById('case nl-np:1').select(); }"
    )
    page.keyboard.press("d")
    page.evaluate(
        '() => { liaison.chart().$(\'[id = "case de-bka:1"], [id = "case es-cnp:1"]\').select(); }'
    )  # in braces: what a script returns is sent whole, and a collection of nodes takes it 20 s
    page.keyboard.press("m")
    claire = Requester("claire@fr-pj", "fr-pj", "FR", frozenset({Role.INVESTIGATOR}))
    session = Session(api.runtime, claire, parse_grounds("investigation", "2026/1"), "en")
    folder = run_apart(create_folder(session, "Calais")).folder.id
    page.locator("[data-chart=save]").click()
    page.select_option("#chart-folder", folder)
    page.fill("#chart-title", "First")
    page.locator("[data-chart-save] button").click()
    expect(page.locator("#said")).to_contain_text("Chart saved")
    where = page.evaluate("liaison.chart().getElementById('case be-fp:1').position()")
    page.reload()
    user.user.is_drawn()
    page.wait_for_function("liaison.chart()?.nodes().length > 4")
    assert page.evaluate("liaison.chart().getElementById('case be-fp:1').locked()")
    again = page.evaluate("liaison.chart().getElementById('case be-fp:1').position()")
    assert abs(where["x"] - again["x"]) <= 1
    assert page.evaluate("liaison.chart().getElementById('case nl-np:1').hidden()")
    assert page.evaluate("liaison.chart().getElementById('case es-cnp:1').parent().length") == 1


def test_a_chart_that_was_written_as_a_file_comes_back_as_the_same_nodes(user: CountingUser, tmp_path: Path) -> None:
    page = user.page
    page.goto("/chart?case=es-cnp:1")
    user.user.is_drawn()
    page.wait_for_function("liaison.chart()?.hasElementWithId('case it-pol:1')")
    tell = """() => [
      liaison.chart().nodes().map((node) => node.data("kind") === "thing" ? node.data("label") : node.id()).sort(),
      liaison.chart().edges().map((edge) => edge.data("kind")).sort(),
    ]"""
    before = page.evaluate(tell)
    assert len(before[0]) == 8
    page.get_by_text("Files", exact=True).click()
    page.select_option("[data-chart-file] select", "i2")
    with page.expect_download() as loaded:
        page.get_by_role("button", name="Download").click()
    file = tmp_path / "chart.anx"
    loaded.value.save_as(file)
    page.goto("/chart")
    user.user.is_drawn()
    for _ in range(2):  # a second time brings nothing new
        page.get_by_text("Files", exact=True).click()
        page.set_input_files("#chart-import", file)
        page.get_by_role("button", name="Bring in").click()
        expect(page.locator("#said")).to_contain_text("8 nodes brought in, 6 of your records match")
        page.evaluate("document.getElementById('said').replaceChildren()")
        assert page.evaluate(tell) == before


def _save_picture(page: Page, button: str, file: Path) -> str:
    """Save a picture of the chart by a button under Files; returns the name that it is offered under."""
    with page.expect_download() as loaded:
        page.get_by_role("button", name=button).click()
    loaded.value.save_as(file)
    return loaded.value.suggested_filename


LOCATE = """() => [...document.querySelectorAll("text")].map((text) => {
  const { x, y, width, height } = text.getBoundingClientRect();
  return [text.textContent, x, y, width, height];
})"""


def test_a_picture_has_the_frame_that_paper_has_as_png_and_svg(user: CountingUser, api: Api, tmp_path: Path) -> None:
    page = user.page
    page.goto("/chart?case=it-pol:1")
    user.user.is_drawn()
    page.wait_for_function("liaison.chart()?.hasElementWithId('case es-cnp:1')")
    page.evaluate("() => { liaison.chart().getElementById('case es-cnp:1').emit('dbltap'); }")
    page.wait_for_function("liaison.chart().hasElementWithId('case de-bka:1')")
    page.evaluate("() => { liaison.chart().getElementById('case de-bka:1').select(); }")
    page.keyboard.press("d")
    page.get_by_text("Filters", exact=True).click()
    page.fill("#to-chart", "01.01.2000")
    page.fill("#to-chart", "")
    page.fill("#chart-seek", "Bruno Silva")
    page.get_by_text("Files", exact=True).click()
    png, svg = tmp_path / "chart.png", tmp_path / "chart.svg"
    day = f"{api.now:%Y-%m-%d}"
    before = len(api.audit.acts)
    assert _save_picture(page, "Save as PNG", png) == f"Chart-it-pol-1-{day}.png"
    assert _save_picture(page, "Download", svg) == f"Chart-it-pol-1-{day}.svg"
    assert [act.kind for act in api.audit.acts[before:]] == [ActKind.EXPORT] * 2
    drawn = page.context.new_page()
    drawn.set_content(f"<body style='margin: 0'>{svg.read_text().partition('?>')[2]}")
    width = drawn.evaluate("document.querySelector('svg').width.baseVal.value")
    texts = drawn.evaluate(LOCATE)
    said = " ".join(text for text, *_ in texts)
    for part in (
        "Chart it-pol:1", "claire@fr-pj · fr-pj", "Investigation", "2026/1", f"{api.now:%Y} {api.now:%H:%M}",
        "H1, the strictest in this file", "Record", "Phone", "Vehicle", "Certain", "IT 1 · it-pol", "Call first",
        "Original (binding):", "اتصل أولا", "Affair of Bruno Silva",
    ):  # fmt: skip
        assert part in said
    assert "Karim Haddad" not in said
    assert '"#d9a520"' in svg.read_text(), "the match is marked"
    assert "Vessel" not in said
    picture = Image.open(png)
    assert picture.width == 2 * round(width)
    dark = np.asarray(picture.convert("L")) < 128
    for text, x, y, wide, high in texts:
        assert x >= 0, text
        assert x + wide <= width, text
        assert dark[int(2 * y) : int(2 * (y + high)), int(2 * x) : int(2 * (x + wide))].any(), text
    drawn.close()


def test_a_file_that_is_too_large_or_no_chart_is_refused_in_words(user: CountingUser, tmp_path: Path) -> None:
    page = user.page
    page.goto("/chart")
    user.user.is_drawn()
    page.get_by_text("Files", exact=True).click()
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><Chart>&a;</Chart>'
    page.set_input_files("#chart-import", {"name": "x.anx", "mimeType": "text/xml", "buffer": bomb})
    page.get_by_role("button", name="Bring in").click()
    expect(page.locator("#said")).to_contain_text("the file is no i2 chart")
    large = tmp_path / "x.anx"
    large.write_bytes(bytes(MOST_FILE_BYTES + 1))
    page.set_input_files("#chart-import", large)
    assert page.evaluate("document.getElementById('chart-import').validationMessage").startswith("the file is larger")
    token = page.locator("#chart").get_attribute("data-csrf") or ""
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    where = urljoin(page.url, "/chart/import")
    sent = httpx.post(where, data={"csrf": token}, files={"file": ("x.anx", large.read_bytes())}, cookies=cookies)
    assert sent.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert _nodes(page) == 0


HUGE = 100_000_000
"""Bytes of an i2 file that is sent: five times what is taken."""

MOST_GROWN = 64 << 20
"""Bytes by which this process, which serves and sends, may grow while that happens: less than the file has."""


def _send_huge(api: Api, url: str, *, says_length: bool) -> tuple[str, int]:
    """Send an i2 file of 100 MB as a page's script would, until an answer comes; the answer, and bytes sent by then."""
    token = api.token(PIETER)
    stated = quote('{"purpose": "investigation", "case_reference": "BX/12"}')
    own = csrf.make_form_token("secret", token)
    begin = (
        f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{own}\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="x.anx"\r\n\r\n<?xml version="1.0"?><Chart>'
    ).encode()
    length = f"Content-Length: {HUGE}" if says_length else "Transfer-Encoding: chunked"
    address = urlsplit(url)
    head = (
        f"POST /chart/import HTTP/1.1\r\nHost: {address.netloc}\r\nAccept: application/json\r\n"
        f"Cookie: {TOKEN}={token}; {GROUNDS}={stated}; {csrf.COOKIE}=secret\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\n{length}\r\n\r\n"
    )
    sent, part = 0, b"<ChartItem/>" * 5000
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as connection:
        connection.sendall(head.encode())
        while sent < HUGE and not select.select([connection], [], [], 0)[0]:
            piece = part if sent else begin
            connection.sendall(piece if says_length else b"%x\r\n%s\r\n" % (len(piece), piece))
            sent += len(piece)
        answer = b""
        while not answer.endswith(b"}") and (piece := connection.recv(1 << 16)):  # head and body may come apart
            answer += piece
        return answer.decode(), sent


@pytest.mark.parametrize("says_length", [True, False])
def test_a_file_of_100_mb_is_refused_before_it_is_read_whole(api: Api, *, says_length: bool) -> None:
    with memory_site(api) as site:
        site.show(api)
        before = _resident_bytes()
        answer, sent = _send_huge(api, site.url, says_length=says_length)
        grown = _resident_bytes() - before
    assert answer.startswith("HTTP/1.1 413")
    assert "has more than 20 MB; s" in answer
    assert sent < 2 * MOST_FILE_BYTES, "most of it is never taken"
    assert grown < MOST_GROWN


def _resident_bytes() -> int:
    """What this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.rare
def test_a_chart_of_5000_nodes_opens_again(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    """tests/benchmarks/web/large_chart.py tells how fast."""
    api = Api(PureStages(load_model()), tmp_path_factory.mktemp("large"))
    api.now = datetime.now(UTC)
    kept = hold_chart(api, 5000)
    session = Session(api.runtime, PIETER, parse_grounds("investigation", "BX/12"), "en")
    place = run_apart(keep_chart(session, kept))
    with memory_site(api) as site:
        site.show(api)
        user = BrowserUser(chromium, site.url)
        user.enter("pieter@be-fp", "BX/12", place)
        user.page.wait_for_function("liaison.chart?.()?.nodes().length === 5000", timeout=60_000)
        assert user.page.evaluate("liaison.chart().edges().length") > 5000
        assert user.faults == []
        user.page.context.close()
