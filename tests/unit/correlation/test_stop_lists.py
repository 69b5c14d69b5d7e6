"""Proposals of stop lists: what is measured of a block, what is proposed, and the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from pipeline.correlation import stop_lists
from pipeline.correlation.blocking_report import blocking_report
from pipeline.correlation.crowded_blocks import survey_blocks
from pipeline.correlation.key_kinds import KeyKind, make_key
from pipeline.correlation.matcher import Matcher
from pipeline.correlation.stop_lists import (
    StopCosts,
    StopProposal,
    add_stop_keys,
    encode_stop_list,
    propose_stops,
    read_stop_list,
)
from pipeline.errors import LiaisonError
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import load_model

MakeCase = Callable[..., Fingerprint]
MakeMatcher = Callable[..., Matcher]
POSTCODE, PHONE = make_key(KeyKind.POSTCODE, "00000"), make_key(KeyKind.PHONE_TAIL, "switchboard")


def crowd(case: MakeCase, count: int, *keys: int) -> list[Fingerprint]:
    """Cases of two countries, of which each two in a row are linked by their words and share these keys alone."""
    return [case(f"{'ab'[at % 2]}{at}", f"one{at // 2} two{at // 2}", keys=keys) for at in range(count)]


def with_key(cases: Sequence[Fingerprint], *numbers: int) -> list[Fingerprint]:
    """The cases, each two in a row of these numbers with a further key in common."""
    return [
        msgspec.structs.replace(case, keys=tuple(sorted({*case.keys, make_key(KeyKind.NAME, str(at // 2))})))
        if at // 2 in numbers
        else case
        for at, case in enumerate(cases)
    ]


def test_links_that_another_key_brings_are_not_lost(case: MakeCase, matcher: MakeMatcher) -> None:
    cases = with_key(crowd(case, 20, POSTCODE), 0, 1, 2)
    (found,) = propose_stops(cases, matcher(), over=10, worth=1000)
    assert found == StopProposal(POSTCODE, "postcode", 20, 100, 20, links=10, lost=7, lost_in_all=4, stop=False)


def test_a_key_is_proposed_that_brings_too_little_for_its_pairs(case: MakeCase, matcher: MakeMatcher) -> None:
    cases = with_key(crowd(case, 20, POSTCODE), *range(9))
    (found,) = propose_stops(cases, matcher(), over=10, worth=1000)
    assert (found.links, found.lost, found.stop) == (10, 1, False), "200 pairs of a case and another for one link"
    assert propose_stops(cases, matcher(), over=10, worth=199)[0].stop
    (found,) = propose_stops(with_key(crowd(case, 20, POSTCODE), *range(10)), matcher(), over=10, worth=1000)
    assert (found.lost, found.stop) == (0, True)


def test_keys_that_everybody_has_do_not_excuse_each_other(case: MakeCase, matcher: MakeMatcher) -> None:
    found = propose_stops(crowd(case, 20, PHONE, POSTCODE), matcher(), over=10)
    assert [(one.kind, one.links, one.lost) for one in found] == [("phone_tail", 10, 10), ("postcode", 10, 10)]


def test_one_giant_block_stands_among_many_small_ones(case: MakeCase, matcher: MakeMatcher) -> None:
    cases = with_key(crowd(case, 40, POSTCODE), *range(20))
    small = [case(f"c{at}", "x", keys=(make_key(KeyKind.POSTCODE, str(at // 3)),)) for at in range(60)]
    assert [one.key for one in propose_stops([*small, *cases], matcher(), over=10)] == [POSTCODE]


def test_nothing_is_proposed_of_nothing(matcher: MakeMatcher) -> None:
    assert propose_stops([], matcher()) == ()


def test_a_later_version_takes_the_place_of_an_earlier(case: MakeCase, matcher: MakeMatcher) -> None:
    cases = crowd(case, 12, POSTCODE)
    costs = StopCosts(survey_blocks(cases, 10), matcher())
    costs.add_cases(cases)
    assert costs.propose()[0].links == 6
    costs.add_cases([case("b1", "else", 2, keys=(POSTCODE,)), case("b3", "else", 2, keys=(PHONE,))])
    assert costs.propose()[0].links == 4


def test_a_large_block_is_measured_by_few_of_its_cases(
    case: MakeCase, matcher: MakeMatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stop_lists, "MOST_PAIRS", 400)
    monkeypatch.setattr(stop_lists, "MOST_TOGETHER", 16)
    judging = matcher()
    (found,) = propose_stops(crowd(case, 40, POSTCODE), judging, over=10, worth=10)
    assert (found.cases, found.drawn) == (40, 10)
    assert judging.screened == 400  # type: ignore[attr-defined]
    assert 5 <= found.links <= 10
    assert found.lost_in_all == round(found.lost * 40 / 20)


def test_the_report_says_what_labelled_pairs_are_lost(case: MakeCase, matcher: MakeMatcher) -> None:
    cases = with_key(crowd(case, 20, POSTCODE), *range(9))
    labels = [(cases[at].case, cases[at + 1].case) for at in (0, 16, 18)]

    def propose(some: Sequence[Fingerprint]) -> tuple[StopProposal, ...]:
        return propose_stops(some, matcher(), over=10, worth=100)

    report = blocking_report(cases, lambda a, b: True, labels, propose=propose)
    assert [proposal.key for proposal in report.stop_list if proposal.stop] == [POSTCODE]
    assert (report.recall, report.recall_with_stops) == (1.0, 2 / 3)
    assert blocking_report(cases, lambda a, b: True, labels).recall_with_stops is None


def test_a_file_names_the_keys_to_leave_out(tmp_path: Path) -> None:
    proposals = [
        StopProposal(POSTCODE, "postcode", 20, 100, 20, 10, 0, 0, stop=True),
        StopProposal(PHONE, "phone_tail", 20, 100, 20, 10, 10, 10, stop=False),
    ]
    path = tmp_path / "stops.ndjson"
    path.write_bytes(encode_stop_list(proposals))
    assert read_stop_list(path) == {POSTCODE}
    path.write_text(f'{{"key": {PHONE}}}\n\n', encoding="utf-8")
    assert read_stop_list(path) == {PHONE}, "written by hand"
    path.write_bytes(encode_stop_list([]))
    assert read_stop_list(path) == frozenset()


@pytest.mark.parametrize("line", ["nonsense", '{"kind": "postcode"}', '{"key": "7"}', "[]"])
def test_a_line_without_a_key_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "stops.ndjson"
    path.write_text(f'{{"key": 1}}\n{line}\n', encoding="utf-8")
    with pytest.raises(LiaisonError, match="line 2 is no key of a stop list"):
        read_stop_list(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match="can't read the stop list"):
        read_stop_list(tmp_path / "nowhere")


def test_a_model_stops_further_keys() -> None:
    file = msgspec.structs.replace(load_model().file, stop_keys=(PHONE,))
    assert add_stop_keys(file, [POSTCODE, PHONE]).stop_keys == {POSTCODE, PHONE}
    with pytest.raises(LiaisonError, match="a blocking key is an integer"):
        add_stop_keys(file, [1 << 60])
