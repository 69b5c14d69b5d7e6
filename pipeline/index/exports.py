"""Rows of what leaves the index: keys in a fixed order."""

from __future__ import annotations

from typing import Any

from pipeline.index.documents import CaseDocument, LinkDocument


def link_row(link: LinkDocument) -> dict[str, Any]:
    """A visible link; case_a < case_b, `score` in hundredths of a bit, `evidence` the whole explanation.

    `basis`: of what score, probability and band are (pipeline.matching.basis).
    """
    return {
        "link_id": link.link,
        "case_a": link.a.case,
        "case_b": link.b.case,
        "version_a": link.a.version,
        "version_b": link.b.version,
        "probability": link.probability,
        "score": link.score,
        "band": link.band,
        "basis": link.basis,
        "evidence": link.evidence,
    }


def case_row(case: CaseDocument) -> dict[str, Any]:
    """A live case; `data` is the record as its agency sent it, `signature` that agency's over it, or null."""
    return {
        "case": case.case,
        "agency": case.agency,
        "country": case.country,
        "version": case.version,
        "hash": case.hash,
        "data": case.data,
        "signature": case.signature,
    }
