"""A second model over the same accepted cases: what it would change is told, and nothing is changed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec
import pytest
from aiokafka import TopicPartition

from pipeline.matching.model import Model, load_model
from pipeline.matching.model_file import Prior, encode_model
from pipeline.streams.catalogues import topics
from pipeline.streams.monitoring.lag import ends_of
from pipeline.streams.registers.registry import read_agencies
from support.installation.command import RunLiaison
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]


def shifted(folder: Path, hundredths: int) -> tuple[Path, Model]:
    """The shipped model with another prior, in a file and loaded."""
    file = load_model().file
    prior = Prior(
        file.prior.bits + hundredths, {kind: bits + hundredths for kind, bits in file.prior.companions.items()}
    )
    made = msgspec.structs.replace(file, version=f"shifted by {hundredths}", prior=prior)
    path = folder / f"{hundredths}.json"
    path.write_bytes(encode_model(made))
    return path, Model(made)


def ends(installation: Installation) -> dict[str, int]:
    """Where every topic but the audit trail ends."""

    async def found() -> dict[str, int]:
        settings = installation.settings
        planned = topics.plan_topics(settings, await read_agencies(settings), [installation.generation])
        held = [TopicPartition(topic.name, p) for topic in planned for p in range(topic.partitions)]
        return {f"{p.topic}-{p.partition}": end for p, end in (await ends_of(settings, held)).items()}

    return {name: end for name, end in asyncio.run(found()).items() if not name.endswith("audit-0")}


def test_links_that_would_appear_and_vanish_are_those_of_a_batch_run_with_the_model(
    records: RecordMaker,
    installation: Installation,
    start_all: StartAll,
    wait_for: WaitFor,
    liaison: RunLiaison,
    tmp_path: Path,
) -> None:
    feed = records.feed(60)
    start_all()
    installation.push(feed)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=120)
    now, before = installation.visible_links(), ends(installation)
    for shift in (-1800, 900):
        path, model = shifted(tmp_path, shift)
        output = tmp_path / "changes.ndjson"
        done = liaison("shadow", "--model", str(path), "-o", str(output), "--json")
        assert done.returncode == 0, done.stderr
        told, then = json.loads(done.stdout), installation.batch_links(feed, model)
        changes = [json.loads(line) for line in output.read_text().splitlines()]
        found = {
            kind: {change["link_id"] for change in changes if change["change"] == kind}
            for kind in ("appears", "vanishes")
        }
        assert found == {"appears": then.keys() - now.keys(), "vanishes": now.keys() - then.keys()}
        assert (told["links_active"], told["links_shadow"]) == (len(now), len(then))
        assert (told["appear"], told["vanish"]) == (len(found["appears"]), len(found["vanishes"]))
        assert {change["link_id"]: change["after"]["score"] for change in changes if "after" in change}.items() <= {
            (link, score) for link, (_, _, score) in then.items()
        }
    assert len(found["vanishes"]) == 0
    assert ends(installation) == before, "nothing was written"
    assert installation.visible_links() == now
    assert not list(installation.settings.home.glob("stores/scratch/*"))
    assert liaison("shadow", "--model", str(shifted(tmp_path, 0)[0])).returncode == 0


def test_the_active_model_is_no_second_one(installation: Installation, liaison: RunLiaison, tmp_path: Path) -> None:
    path = tmp_path / "same.json"
    path.write_bytes(encode_model(load_model().file))
    done = liaison("shadow", "--model", str(path))
    assert (done.returncode, done.stderr) == (1, "liaison: this is the active model; choose another\n")
