"""What the server finds of a case's signature, by the keys that the registry lists for its agency.

So a case that was written behind intake, into Kafka or the index, shows as what it is. It is the server's word: a
reader who does not trust it checks the answer itself (`liaison feed verify-case`).
"""

from __future__ import annotations

from pipeline.feeds.signing import SignatureVerdict, verify_case
from pipeline.index.documents import CaseDocument
from pipeline.records.agencies import Registry
from pipeline.records.signing_policy import SigningPolicy


def signature_verdict(document: CaseDocument, agencies: Registry) -> SignatureVerdict | None:
    """How a case that is seen in full is signed; None where it is not, and its agency does not ask for that."""
    agency = agencies.get(document.agency)
    signing = agency.signing if agency else SigningPolicy()
    if document.signature is None and not signing.required:
        return None
    arrived_ms = document.provenance.arrived_ms if document.provenance else 0
    row = {
        "case": document.case,
        "version": document.version,
        "data": document.data,
        "signature": document.signature,
        "provenance": {"arrived_ms": arrived_ms or None},
    }
    return verify_case(row, {key.kid: key for key in signing.keys}).verdict
