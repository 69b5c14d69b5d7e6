from __future__ import annotations

import pytest

from pipeline.settings import Settings
from pipeline.streams.catalogues.rights import (
    ROLES,
    KafkaOperation,
    KafkaRight,
    ResourceType,
    agency_grants,
    role_grants,
)
from pipeline.streams.stages import derive
from pipeline.streams.stages import saved_searches as standing
from pipeline.streams.workers.worker import BUILDERS

SETTINGS = Settings(namespace="n-")


def test_every_stage_and_the_api_have_a_role() -> None:
    assert set(ROLES) == {*BUILDERS, "api"}


def test_an_agency_may_do_no_more_than_its_part_and_no_more() -> None:
    assert set(agency_grants(SETTINGS, "fr-pj")) == {
        KafkaRight(ResourceType.TOPIC, "n-cases.fr-pj", KafkaOperation.WRITE),
        KafkaRight(ResourceType.TOPIC, "n-receipts.fr-pj", KafkaOperation.READ),
        KafkaRight(ResourceType.TOPIC, "n-hits.fr-pj", KafkaOperation.READ),
        KafkaRight(ResourceType.TOPIC, "n-agencies", KafkaOperation.READ),
        KafkaRight(ResourceType.TOPIC, "n-uploads", KafkaOperation.READ),
        KafkaRight(ResourceType.TOPIC, "n-audit_log", KafkaOperation.READ),
        KafkaRight(ResourceType.TOPIC, "n-witness.", KafkaOperation.READ, prefix=True),
        KafkaRight(ResourceType.TOPIC, "n-witness.fr-pj", KafkaOperation.WRITE),
        KafkaRight(ResourceType.GROUP, "n-feed.fr-pj.", KafkaOperation.READ, prefix=True),
        KafkaRight(ResourceType.TRANSACTIONS, "n-feed.fr-pj.", KafkaOperation.WRITE, prefix=True),
    }


@pytest.mark.parametrize("role", ROLES)
def test_everything_granted_lies_in_the_installations_namespace(role: str) -> None:
    assert all(grant.name.startswith("n-") and len(grant.name) > len("n-") for grant in role_grants(SETTINGS, role))
    assert not any(grant.prefix and grant.name.endswith("cases") for grant in role_grants(SETTINGS, role))


@pytest.mark.parametrize(("role", "sender"), [("intake", derive.STAGE), ("correlate", standing.FEED)])
def test_a_stage_may_send_under_every_name_that_it_uses(role: str, sender: str) -> None:
    assert KafkaRight(ResourceType.TRANSACTIONS, f"n-{sender}", KafkaOperation.WRITE, prefix=True) in role_grants(
        SETTINGS, role
    )


def test_only_who_works_through_a_purged_topic_may_delete_from_it() -> None:
    granted = {role: role_grants(SETTINGS, role) for role in ROLES}
    deletes = {
        role: [grant for grant in grants if grant.operation is KafkaOperation.DELETE]
        for role, grants in granted.items()
    }
    assert {role: grants for role, grants in deletes.items() if grants} == {
        "correlate": [KafkaRight(ResourceType.TOPIC, "n-pairs.", KafkaOperation.DELETE, prefix=True)]
    }
