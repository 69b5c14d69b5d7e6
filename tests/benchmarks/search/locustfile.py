"""Investigators for locust: each asks, reads the answer for about LIAISON_BENCH_THINK_S seconds, and asks again.

Runs in locust's own environment and imports nothing of Liaison; LIAISON_BENCH_LOAD names what asking.py prepared.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from pathlib import Path

from locust import FastHttpUser, between, task

LOAD = json.loads(Path(os.environ["LIAISON_BENCH_LOAD"]).read_bytes())
THINK_S = float(os.environ["LIAISON_BENCH_THINK_S"])
MIX = json.loads(os.environ["LIAISON_BENCH_MIX"])
"""Of the requests how many are of each kind: search, onward, facets, links, page, or a form of the lists' questions."""

SERVERS = itertools.cycle(os.environ["LIAISON_BENCH_SERVERS"].split())
AGENCIES = list(LOAD["tokens"])


class Investigator(FastHttpUser):  # type: ignore[misc] # Locust is in an environment of its own
    """Another investigator of another agency each time, as if many took turns."""

    wait_time = between(0.5 * THINK_S, 1.5 * THINK_S)
    """Not the same each time: who began together would ask together for ever."""

    def on_start(self) -> None:
        """Each user stays with one server, as behind a balancer that keeps sessions together."""
        self.server = next(SERVERS)

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """One request."""
        [kind] = random.choices(list(MIX), MIX.values())
        agency = random.choice(AGENCIES)
        token = random.choice(LOAD["tokens"][agency])
        if kind in LOAD["listed"]:
            self.ask_entry(kind, token)
        else:
            getattr(self, f"ask_{kind}")(agency, token)

    def ask_entry(self, form: str, token: str) -> None:
        """An entry of one list, in search of another's."""
        asked = {"question": random.choice(LOAD["listed"][form])}
        self.client.post(f"{self.server}/v1/search", json=asked, headers=_signed(token), name="search")

    def ask_search(self, agency: str, token: str) -> None:
        """A question; its time also counts under its kind."""
        kind, question = random.choice(LOAD["questions"])
        asked = {"question": question, "country": "FR"}
        with self.client.post(
            f"{self.server}/v1/search", json=asked, headers=_signed(token), name="search", catch_response=True
        ) as got:
            got.success() if got.status_code == 200 else got.failure(str(got.status_code))
        took = got.request_meta["response_time"]
        self.environment.events.request.fire(
            request_type="kind", name=kind, response_time=took, response_length=0, exception=None, context={}
        )

    def ask_onward(self, agency: str, token: str) -> None:
        """The first five answers to a question, and the next five where there are more."""
        asked = {"question": random.choice(LOAD["questions"])[1], "country": "FR", "limit": 5, "cursor": ""}
        for name in ("first page of a search", "second page of a search"):
            with self.client.post(
                f"{self.server}/v1/search", json=asked, headers=_signed(token), name=name, catch_response=True
            ) as got:
                got.success() if got.status_code == 200 else got.failure(str(got.status_code))
            asked["cursor"] = got.json()["next"] if got.status_code == 200 else None
            if not asked["cursor"]:
                return

    def ask_facets(self, agency: str, token: str) -> None:
        """A question, and what could narrow it: what the search page asks."""
        asked = {"question": random.choice(LOAD["questions"])[1], "country": "FR"}
        for path, name in (("search", "search, then its facets"), ("search/facets", "facets of a search")):
            self.client.post(f"{self.server}/v1/{path}", json=asked, headers=_signed(token), name=name)

    def ask_links(self, agency: str, token: str) -> None:
        """The links of a case that the agency may read."""
        case = random.choice(LOAD["linked"][agency])
        self.client.get(f"{self.server}/v1/links?case={case}", headers=_signed(token), name="links of a case")

    def ask_page(self, agency: str, token: str) -> None:
        """The page of a link, as a browser asks for it."""
        cookies = f"liaison_token={token}; liaison_grounds={LOAD['grounds']}"
        page = random.choice(LOAD["pages"][agency])
        with self.client.get(
            f"{self.server}{page}", headers={"Cookie": cookies}, name="page of a link", catch_response=True
        ) as got:
            whole = got.status_code == 200 and page.split("/")[-1].split(":")[1] in got.text
            got.success() if whole else got.failure(str(got.status_code))


def _signed(token: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token}",
        "Liaison-Purpose": "investigation",
        "Liaison-Case-Reference": "2026/4711",
    }
