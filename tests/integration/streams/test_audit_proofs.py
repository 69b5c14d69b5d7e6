"""From a search to its proof at the owner's, over a real server, Kafka and Elasticsearch, by the commands alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.access.requester import Requester, Role
from pipeline.access.token_keys import issue_token
from pipeline.engines.ports import LOOPBACK, accepts
from pipeline.settings import Settings
from pipeline.times import now
from pipeline.transparency.leaves import open_disclosure
from support.access.requesters import make_requester
from support.api.runtime import GROUNDS
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.ports import own_port
from support.processes import warm
from support.processes.starting import Start, started
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]

TOKEN_LIFE = timedelta(hours=1)
SERVER_PROCESS = "support.web.server_process"

BERT = make_requester("be-fp", subject="bert")
AUDITOR = make_requester("fr-pj", Role.AUDITOR, Role.INVESTIGATOR, subject="audrey")


@pytest.fixture
def url(
    installation: Installation, engine_environment: dict[str, str], tmp_path: Path, wait_for: WaitFor
) -> Iterator[str]:
    """A server of the installation."""
    port = own_port()
    with started(SERVER_PROCESS, {**engine_environment, "LIAISON_MAX_INDEX_LAG": "0"}, tmp_path) as start:
        process = start(str(port))
        wait_for(lambda: accepts(LOOPBACK, port) or process.poll() is not None)
        yield f"http://{LOOPBACK}:{port}"


class Owner:
    """fr-pj's auditor at the command line."""

    def __init__(self, settings: Settings, environment: dict[str, str], url: str, folder: Path) -> None:
        self.file = folder / "accesses.ndjson"
        self._folder = ("--agency", "fr-pj", "--folder", str(folder / "witness"))
        self._token = issue_token(settings, AUDITOR, now(), TOKEN_LIFE)
        self._environment = {**environment, "LIAISON_API_URL": url, "LIAISON_TOKEN": self._token}

    def liaison(self, *words: str) -> subprocess.CompletedProcess[str]:
        return warm.run(words, self._environment)

    def feed(self, command: str, *words: str) -> subprocess.CompletedProcess[str]:
        return self.liaison("feed", command, *words, *self._folder)

    def acts(self) -> list[dict[str, Any]]:
        """The acts that are proven, once fetched anew; none yet without a head, or while the index is behind the log.

        Fails unless everything fits.
        """
        fetched = self.feed("accesses", "-o", str(self.file))
        if "no signed head" in fetched.stderr or "the search index is behind the audit log" in fetched.stderr:
            return []
        assert fetched.returncode == 0, fetched.stderr
        witnessed = self.feed("witness")
        assert witnessed.returncode == 0, witnessed.stdout + witnessed.stderr
        checked = self.feed("verify-audit", str(self.file), "--json")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        return [json.loads(line) for line in checked.stdout.splitlines()]


def search(settings: Settings, url: str, who: Requester, question: str) -> httpx.Response:
    headers = {**GROUNDS, "Authorization": f"Bearer {issue_token(settings, who, now(), TOKEN_LIFE)}"}
    return httpx.post(f"{url}/v1/search", json={"question": question}, headers=headers, timeout=30)


def test_an_owner_proves_who_was_shown_its_record_and_what_is_left_out(
    installation: Installation,
    records: RecordMaker,
    start_all: StartAll,
    start_stage: Start,
    wait_for: WaitFor,
    url: str,
    engine_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    settings = installation.settings
    person = records.person()
    start_all()
    start_stage("attest")
    installation.push([records.message("fr-pj", "1", people=[person])])
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == 1, deadline_s=90)
    for who in (BERT, AUDITOR):
        found = search(settings, url, who, person["phones"][0])
        assert [row["case"] for row in found.json()["results"]] == ["fr-pj:1"]
    owner = Owner(settings, engine_environment, url, tmp_path)
    log_key = wait_for(lambda: owner.liaison("ops", "audit", "key").stdout.strip())
    witnessed = owner.feed("witness", "--log-key", log_key)
    assert witnessed.returncode == 0, witnessed.stderr

    def shown() -> list[tuple[str, str | None]]:
        seen = [one for one in owner.acts() if one["records"]]
        return [(one["fields"]["agency"], one["fields"].get("subject")) for one in seen]

    wait_for(lambda: shown() == [("fr-pj", "audrey"), ("be-fp", None)], deadline_s=120)
    lines = owner.file.read_text().splitlines()
    kept = [line for line in lines[1:] if "be-fp" not in opened(line)]
    owner.file.write_text("\n".join([lines[0], *kept]))
    checked = owner.feed("verify-audit", str(owner.file))
    assert (checked.returncode, checked.stdout.split("\t")[0]) == (1, "withheld"), checked.stdout


def opened(line: str) -> str:
    """The values that a line opens."""
    return repr([open_disclosure(one) for one in json.loads(line).get("openings", [])])
