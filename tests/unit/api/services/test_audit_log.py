"""/v1/audit/log: what an agency's auditors are told of the audit log, checked as they would check it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.access.audit import Act, ActKind
from pipeline.access.requester import Role
from pipeline.api.services import audit_log as service
from pipeline.index.decisions import audit_document
from pipeline.transparency.access_proofs import decode_hashes
from pipeline.transparency.checkpoints import SignedHead
from pipeline.transparency.growth import GrowingLog, grow_log
from pipeline.transparency.leaves import decode64
from pipeline.transparency.merkle import is_consistent, is_included
from pipeline.transparency.offline import OfflineReport, read_proofs, verify_answer
from pipeline.transparency.served_log import ServedLog
from pipeline.transparency.witness import LogFault
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.index.documents import PureStages
from support.transparency.log_world import KEYS, LOG, LogWorld, witness_of

AUDITOR = make_requester("fr-pj", Role.AUDITOR, subject="audrey")
OTHER = make_requester("lu-pg", Role.AUDITOR, subject="leo")
ROUTES = ("head", "consistency?first=1&second=2", "inclusion?index=0&size=2", "keys", "accesses")


class Logged:
    """An API whose audit, index and log hold the same acts."""

    def __init__(self, api: Api, world: LogWorld) -> None:
        self.api, self.world, self.growing, self.offset = api, world, GrowingLog(), 0

    def index(self) -> None:
        """Index what was written."""
        for at, entry in enumerate(self.world.entries):
            self.api.index.write([audit_document(msgspec.json.encode(entry), at)])

    def publish(self) -> None:
        """Index what was written, and log it."""
        self.index()
        self.log()

    def log(self) -> None:
        """Let `attest` and the server's follower take what was written."""
        new = self.world.entries[self.growing.tree.size :]
        self.world.now += timedelta(minutes=1)
        messages = list(grow_log(self.growing, new, KEYS, LOG, lambda: self.world.now))
        self.api.log.add_messages([(self.offset + at, *message) for at, message in enumerate(messages)])
        self.offset += len(messages)
        assert self.growing.head is not None
        self.world.signed.append((self.growing.head.size, self.api.log.last_head().note))  # type: ignore[union-attr]


@pytest.fixture
def logged(stages: PureStages, tmp_path: Path) -> Iterator[Logged]:
    served = ServedLog(tmp_path / "log")
    served.begin_topic("topic")
    made = Logged(Api(stages, tmp_path, log=served), LogWorld(tmp_path))
    made.world.write(Act(ActKind.OPENED))
    made.world.act("be-fp", "fr-pj:1", "lu-pg:4")
    made.world.act("be-fp", "lu-pg:4")
    made.world.act("fr-pj", "be-fp:1", "fr-pj:2", subject="anna")
    made.publish()
    yield made
    served.close()


async def proofs(api: Api, who: Any = AUDITOR, first: int = 0) -> tuple[Any, Any]:
    answer = await api.get(f"/v1/audit/log/accesses?first={first}", who)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    return read_proofs(answer.content.splitlines())


async def checked(logged: Logged, folder: Path, agency: str = "fr-pj", who: Any = AUDITOR) -> OfflineReport:
    witness = witness_of(folder, agency)
    logged.world.show(witness)
    keys = (await logged.api.get("/v1/audit/log/keys", who)).json()["keys"]
    header, found = await proofs(logged.api, who, witness.size)
    verdict = verify_answer(witness, agency, {key_id: decode64(key) for key_id, key in keys.items()}, header, found)
    witness.close()
    return verdict


async def test_an_owner_verifies_what_it_is_told(logged: Logged, tmp_path: Path) -> None:
    verdict = await checked(logged, tmp_path)
    assert verdict.findings == ()
    assert [
        (access.fields.get("subject"), [each["case"] for each in access.records]) for access in verdict.accesses
    ] == [
        ("anna", ["fr-pj:2"]),
        (None, ["fr-pj:1"]),
    ]
    verdict = await checked(logged, tmp_path, "lu-pg", OTHER)
    assert (verdict.findings, len(verdict.accesses), verdict.acted) == ((), 2, 0)


async def test_what_came_behind_the_head_is_told_under_the_next(logged: Logged, tmp_path: Path) -> None:
    before = await proofs(logged.api)
    entry = logged.world.act("be-fp", "fr-pj:9")
    logged.api.index.write([audit_document(msgspec.json.encode(entry), 4)])
    assert await proofs(logged.api) == before
    logged.publish()
    assert (await checked(logged, tmp_path)).findings == ()
    header, found = await proofs(logged.api, first=4)
    assert (header.first, len(found)) == (4, 3)


async def test_an_index_that_lags_behind_the_head_withholds_nothing(
    logged: Logged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged.world.act("be-fp", "fr-pj:9")
    logged.log()
    monkeypatch.setattr(service, "FOLLOWED_S", 0.0)
    assert (await logged.api.get("/v1/audit/log/accesses", AUDITOR)).status_code == 503
    logged.index()
    verdict = await checked(logged, tmp_path)
    assert (verdict.findings, len(verdict.accesses)) == ((), 3)


async def test_an_index_that_was_changed_is_found_by_its_owner(logged: Logged, tmp_path: Path) -> None:
    changed = msgspec.structs.replace(logged.world.entries[1], agency="nl-np")
    logged.api.index.write([audit_document(msgspec.json.encode(changed), 9)])
    assert [finding.fault for finding in (await checked(logged, tmp_path)).findings] == [LogFault.ALTERED]
    hidden = msgspec.structs.replace(changed, shown=(), agency="be-fp")
    logged.api.index.write([audit_document(msgspec.json.encode(hidden), 10)])
    assert [finding.fault for finding in (await checked(logged, tmp_path)).findings] == [LogFault.WITHHELD]


async def test_head_inclusion_and_consistency_hold(logged: Logged) -> None:
    api = logged.api
    head = SignedHead.from_signed_note((await api.get("/v1/audit/log/head", AUDITOR)).text, LOG.verifier).checkpoint
    assert head.size == 4
    told = (await api.get("/v1/audit/log/inclusion?index=2&size=4", AUDITOR)).json()
    [leaf] = decode_hashes([told["leaf"]])
    assert is_included(leaf, 2, 4, decode_hashes(told["path"]), head.root)
    told = (await api.get("/v1/audit/log/consistency?first=3&second=4", AUDITOR)).json()
    assert is_consistent(3, 4, decode_hashes(told["path"]), api.log.store.root(3), head.root)


@pytest.mark.parametrize(
    "path", ["consistency?first=0&second=4", "consistency?first=3&second=5", "consistency?first=4&second=3",
             "inclusion?index=4&size=4", "inclusion?index=0&size=5", "inclusion?index=-1&size=4", "accesses?first=-1"],
)  # fmt: skip
async def test_what_the_log_has_not_had_is_422(logged: Logged, path: str) -> None:
    assert (await logged.api.get(f"/v1/audit/log/{path}", AUDITOR)).status_code == 422


@pytest.mark.parametrize("route", ROUTES)
async def test_only_auditors_are_told(logged: Logged, route: str) -> None:
    assert (await logged.api.get(f"/v1/audit/log/{route}", ANNA)).status_code == 403
    assert (await logged.api.get(f"/v1/audit/log/{route}", None)).status_code == 401


@pytest.mark.parametrize("route", ["head", "accesses"])
async def test_before_there_is_a_head_nothing_is_told(api: Api, route: str) -> None:
    answer = await api.get(f"/v1/audit/log/{route}", AUDITOR)
    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        "the audit log has no signed head yet; try again later",
    )


async def test_handing_out_keys_and_proofs_is_on_record_first(logged: Logged) -> None:
    await logged.api.get("/v1/audit/log/keys", AUDITOR)
    await proofs(logged.api)
    assert logged.api.audit.kinds() == [ActKind.READ, ActKind.EXPORT]
    logged.api.audit.away = True
    for route in ("keys", "accesses"):
        assert (await logged.api.get(f"/v1/audit/log/{route}", AUDITOR)).status_code == 503
