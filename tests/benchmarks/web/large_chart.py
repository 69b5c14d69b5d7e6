"""How fast a kept chart opens again, and how smoothly it is drawn: canvas held against Cytoscape's WebGL renderer.

    PYTHONPATH=tests python tests/benchmarks/web/large_chart.py [--nodes 2000 5000] [--opens 3]

A server of pages over an index in memory, and Chromium on the same machine without a graphics card: both renderers
are drawn by software. Prints JSON: medians of the time from the request until all nodes are in the chart; and for each
renderer the time to add them, and frames a second while the whole is panned for PAN_S.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Page, sync_playwright

from pipeline.access.requester import Requester, Role, parse_grounds
from pipeline.api.session import Session
from pipeline.matching.model import load_model
from support.api.runtime import Api
from support.index.documents import PureStages
from support.web.browser import EXECUTABLES, SWITCHES, BrowserUser, browser, find_browser
from support.web.large_chart import hold_chart, keep_chart, run_apart
from support.web.memory_site import memory_site

PAN_S = 4
PATIENCE_S = 30
PIETER = Requester("pieter@be-fp", "be-fp", "BE", frozenset({Role.INVESTIGATOR, Role.SUPERVISOR}))
WEBGL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
"""Switches of a browser that draws WebGL by software."""

DRAW = """async ([elements, style, options, pan_ms, patience_ms]) => {
  const place = Object.assign(document.createElement("div"), { style: "width: 1000px; height: 700px" });
  document.body.replaceChildren(place);
  const begun = performance.now();
  const cy = cytoscape({ container: place, elements, style, layout: { name: "preset" }, ...options });
  const drawn = new Promise((tell) => cy.one("render", () => tell(true)));
  if (!(await Promise.race([drawn, new Promise((tell) => setTimeout(tell, patience_ms))]))) return null;
  const added_ms = performance.now() - begun;
  let frames = 0;
  cy.on("render", () => (frames += 1));
  const from = performance.now();
  while (performance.now() - from < pan_ms) {
    cy.panBy({ x: 3, y: 1 });
    await new Promise(requestAnimationFrame);
  }
  const fps = (1000 * frames) / (performance.now() - from);
  cy.destroy();
  return { added_ms, fps };
}"""


def time_opening(page: Page, place: str, nodes: int) -> float:
    """Seconds until the chart holds all of its nodes."""
    page.goto("about:blank")
    begun = time.perf_counter()
    page.goto(place, wait_until="commit")
    page.wait_for_function(f"window.liaison?.chart?.()?.nodes().length === {nodes}", timeout=120_000)
    return time.perf_counter() - begun


def draw(page: Page, graph: Any, **options: object) -> dict[str, float] | None:
    """Add a chart by a renderer, and pan it; None where it draws nothing within PATIENCE_S."""
    told: dict[str, float] | None = page.evaluate(DRAW, [*graph, options, 1000 * PAN_S, 1000 * PATIENCE_S])
    return told and {name: round(value, 1) for name, value in told.items()}


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--nodes", type=int, nargs="+", default=[2000, 5000])
    parser.add_argument("--opens", type=int, default=3)
    asked = parser.parse_args()
    measured: dict[str, Any] = {}
    for nodes in asked.nodes:
        with tempfile.TemporaryDirectory() as home:
            api = Api(PureStages(load_model()), Path(home))
            api.now = datetime.now(UTC)
            session = Session(api.runtime, PIETER, parse_grounds("investigation", "BX/12"), "en")
            place = run_apart(keep_chart(session, hold_chart(api, nodes)))
            with memory_site(api) as site, browser() as chromium:
                site.show(api)
                user = BrowserUser(chromium, site.url)
                user.sign_in("pieter@be-fp", "BX/12")
                opened = [time_opening(user.page, place, nodes) for _ in range(asked.opens)]
                graph = user.page.evaluate("[liaison.chart().elements().jsons(), liaison.chart().style().json()]")
                large = {"hideEdgesOnViewport": True, "textureOnViewport": True, "pixelRatio": 1}
                found = {"opened_s": round(median(opened), 2), "edges": len(graph[0]) - nodes}
                found["canvas"] = draw(user.page, graph)
                found["canvas_moving_simplified"] = draw(user.page, graph, **large)
        measured[str(nodes)] = found
        with sync_playwright() as playwright:
            opened_gl = playwright.chromium.launch(
                executable_path=find_browser() or EXECUTABLES[0],
                args=[*(s for s in SWITCHES if "gpu" not in s), *WEBGL],
            )
            page = opened_gl.new_page()
            script = Path(__file__).parents[3] / "pipeline/web/static/cytoscape.min.js"
            page.add_script_tag(content=script.read_text())
            found["webgl"] = draw(page, graph, renderer={"name": "canvas", "webgl": True})
            opened_gl.close()
    print(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()
