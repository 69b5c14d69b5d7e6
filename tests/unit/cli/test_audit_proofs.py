"""An owner's proof by its commands: the server is in the attacker's hand, and withholds a tag key with its acts."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncGenerator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import audit_proofs as commands
from pipeline.cli.main import build_cli
from pipeline.settings import Settings
from pipeline.settings import settings as process_settings
from pipeline.transparency.leaves import encode64
from pipeline.transparency.tag_keys import TagKeys
from pipeline.transparency.witness import LogFault, Witness
from support.transparency.log_world import KEYS, LOG, ROTATED, LogWorld

OWNER = "fr-pj"


class Owner:
    """fr-pj at the command line, against a server that answers what the attacker lets it."""

    def __init__(self, world: LogWorld, folder: Path) -> None:
        self.world, self.folder, self.file = world, folder / "witness", folder / "accesses.ndjson"
        self.given: TagKeys = KEYS
        """The keys that the server hands out."""
        self.hidden: set[int] = set()
        """The leaves that it tells nothing of."""
        self.unread: list[str] = []
        """What could not be read of other agencies' heads."""

    def answer(self, path: str) -> bytes:
        if path.startswith("/v1/audit/log/keys"):
            keys = self.given.tag_keys_of(OWNER)
            return msgspec.json.encode({"keys": {key_id: encode64(key) for key_id, key in keys.items()}})
        header, proofs = self.world.answer(OWNER, int(path.rpartition("=")[2]))
        told = [header, *(proof for proof in proofs if proof.index not in self.hidden)]
        return b"".join(msgspec.json.encode(line) + b"\n" for line in told)

    def feed(self, *words: str) -> Result:
        return CliRunner().invoke(build_cli(), ["feed", *words, "--agency", OWNER, "--folder", str(self.folder)])

    def fetch(self) -> None:
        result = self.feed("accesses", "-o", str(self.file), "--token", "t")
        assert result.exit_code == 0, result.output

    def witness(self) -> Result:
        return self.feed("witness", "--log-key", LOG.verifier.text, "--no-publish", "--json")

    def verify(self) -> Result:
        return self.feed("verify-audit", str(self.file), "--json")


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Owner]:
    """The log is read from memory; the API is a server on loopback."""
    world = LogWorld(tmp_path / "log")
    made = Owner(world, tmp_path)

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = made.answer(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing is said."""

    async def read_log(_: Settings, seen: Witness, *, follow: bool) -> AsyncGenerator[int]:
        if not seen.is_scanned:
            for index, body in enumerate(world.leaves()[: seen.size]):
                seen.add_message(b"%d" % index, body)
        world.show(seen)
        seen.note_scanned()
        yield seen.size

    async def compare_with_none(*_: Any) -> list[str]:
        """No other agency's heads fit or don't."""
        return made.unread

    monkeypatch.setattr(commands, "read_log", read_log)
    monkeypatch.setattr(commands, "compare_with_others", compare_with_none)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    monkeypatch.setenv("LIAISON_API_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("LIAISON_HOME", str(tmp_path / "home"))
    process_settings.cache_clear()
    world.act(OWNER, "fr-pj:1", subject="anna")
    world.act("be-fp", "fr-pj:1")
    world.sign()
    assert made.witness().exit_code == 0
    made.fetch()
    assert made.witness().exit_code == 0
    yield made
    process_settings.cache_clear()
    server.shutdown()
    serving.join()
    server.server_close()


def faults(result: Result) -> list[str]:
    """The faults among the lines on stdout."""
    return [line["fault"] for line in map(json.loads, result.stdout.splitlines()) if "fault" in line]


def rotate(owner: Owner) -> None:
    """Tag acts under a new key; of the last a record of the owner's was shown."""
    owner.world.rotate()
    owner.world.act(OWNER, subject="anna")
    owner.world.act("de-bka", "fr-pj:2")
    owner.world.sign()


def test_a_key_that_is_withheld_with_the_acts_that_it_hides_is_found(owner: Owner) -> None:
    rotate(owner)
    owner.hidden = {2, 3}
    owner.fetch()
    witnessed = owner.witness()
    assert (witnessed.exit_code, faults(witnessed)) == (1, [LogFault.KEY_WITHHELD])
    checked = owner.verify()
    assert (checked.exit_code, faults(checked)) == (1, [LogFault.KEY_WITHHELD])
    owner.hidden = set()
    owner.fetch()
    assert faults(owner.verify()) == [LogFault.KEY_WITHHELD], "proofs that can't be read prove nothing"


def test_acts_that_are_withheld_after_a_rotation_are_found_by_the_new_key(owner: Owner) -> None:
    rotate(owner)
    owner.hidden, owner.given = {3}, ROTATED
    owner.fetch()
    assert owner.witness().exit_code == 0
    checked = owner.verify()
    assert (checked.exit_code, faults(checked)) == (1, [LogFault.WITHHELD])


def test_agencies_whose_heads_could_not_be_read_are_named_and_no_fault(owner: Owner) -> None:
    owner.unread = ["the heads that de-bka countersigned: reading took long"]
    witnessed = owner.witness()
    assert (witnessed.exit_code, faults(witnessed)) == (0, [])
    assert "not checked: the heads that de-bka countersigned: reading took long" in witnessed.stderr.splitlines()


def test_an_honest_rotation_is_no_finding_and_what_was_not_asked_for_is_said(owner: Owner) -> None:
    rotate(owner)
    witnessed = owner.witness()
    assert (witnessed.exit_code, faults(witnessed)) == (0, [])
    assert "not checked: leaves bear tags under 1 keys that you have not fetched" in witnessed.stderr
    checked = owner.verify()
    assert (checked.exit_code, "run `liaison feed accesses`" in checked.stderr) == (0, True)
    owner.given = ROTATED
    owner.fetch()
    refused = owner.verify()
    assert (refused.exit_code, "run `liaison feed witness` first" in str(refused.exception)) == (1, True)
    witnessed = owner.witness()
    assert (witnessed.exit_code, "not checked" in witnessed.stderr) == (0, False)
    checked = owner.verify()
    assert (checked.exit_code, faults(checked), "not checked" in checked.stderr) == (0, [], False)


def test_a_key_that_is_handed_out_late_is_a_finding_until_then(owner: Owner) -> None:
    rotate(owner)
    owner.fetch()
    assert owner.witness().exit_code == 1
    owner.given = ROTATED
    owner.fetch()
    assert (owner.witness().exit_code, owner.verify().exit_code) == (0, 0)


def test_a_wrong_key_proves_no_act_of_the_own_people_and_is_named(owner: Owner) -> None:
    rotate(owner)
    owner.hidden = {2, 3}
    owner.given = TagKeys(ROTATED.ids, lambda key_id, agency: b"x" * 32 if key_id != KEYS.current else _true(agency))
    owner.fetch()
    assert owner.witness().exit_code == 0
    assert f"whether {ROTATED.current} is the key of the log's tags" in owner.verify().stderr


def _true(agency: str) -> bytes:
    return KEYS.tag_key(KEYS.current, agency)
