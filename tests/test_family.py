from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.links import KINDS
from index.family import Bond, Family, Tie, Ties, family

NAMES = "abcdefgh"


def ties_of(*links: tuple[str, str, str]) -> Ties:
    """Ties of a graph: (from, to, kind); those of kind shared_pmid are loose."""
    held: dict[str, list[Tie]] = defaultdict(list)
    for source, target, kind in links:
        bond = Bond(source, target, kind, f"{source} {target}")
        for end, other in ((source, target), (target, source)):
            held[end].append(Tie(other, bond, loose=kind == "shared_pmid"))
    return lambda name: held[name]


def names(found: Family) -> set[str]:
    return {one.nct_id for one in found.relatives}


@pytest.mark.parametrize("asked", ["a", "b", "c", "d"])
def test_links_are_followed_in_both_directions_and_on(asked: str) -> None:
    ties = ties_of(("a", "b", "mention"), ("c", "b", "secondary_id"), ("c", "d", "shared_id"), ("x", "y", "mention"))
    found = family(asked, ties, 100)
    assert names(found) == {"a", "b", "c", "d"}
    assert found.left == 0
    assert [(bond.kind, bond.from_, bond.to) for bond in found.bonds] == [
        ("secondary_id", "c", "b"),
        ("mention", "a", "b"),
        ("shared_id", "c", "d"),
    ]


def test_relatives_come_nearest_first_with_the_one_that_led_there() -> None:
    found = family("a", ties_of(("a", "b", "mention"), ("c", "b", "mention"), ("a", "d", "alias")), 100)
    assert [(one.nct_id, one.distance, one.through) for one in found.relatives] == [
        ("a", 0, None),
        ("b", 1, "a"),
        ("d", 1, "a"),
        ("c", 2, "b"),
    ]


def test_a_trial_without_links_is_its_family() -> None:
    assert names(family("a", ties_of(), 100)) == {"a"}


def test_two_loose_links_in_a_row_lead_nowhere() -> None:
    ties = ties_of(("a", "b", "mention"), ("b", "c", "shared_pmid"), ("c", "d", "mention"), ("d", "e", "shared_pmid"))
    assert names(family("a", ties, 100)) == {"a", "b", "c", "d"}
    assert names(family("e", ties, 100)) == {"e", "d", "c"}


def test_a_longer_way_without_loose_links_leads_further() -> None:
    ties = ties_of(
        ("a", "b", "shared_pmid"),
        ("a", "x", "mention"),
        ("x", "y", "mention"),
        ("y", "b", "mention"),
        ("b", "c", "shared_pmid"),
    )
    assert names(family("a", ties, 100)) == {"a", "b", "c", "x", "y"}


def test_a_limit_says_what_it_cut() -> None:
    ties = ties_of(*((NAMES[0], other, "mention") for other in NAMES[1:]))
    found = family("a", ties, 3)
    assert names(found) == {"a", "b", "c"}
    assert found.left == len(NAMES) - 3
    assert {bond.to for bond in found.bonds} == {"b", "c"}


links = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(KINDS)), max_size=16).map(
    lambda made: [link for link in made if link[0] != link[1]]
)


@given(links)
def test_families_are_symmetric(made: list[tuple[str, str, str]]) -> None:
    ties = ties_of(*made)
    found = {name: names(family(name, ties, 100)) for name in NAMES}
    assert all(name in found[other] for name in NAMES for other in found[name])


@given(links, st.sampled_from(NAMES), st.integers(1, 10))
def test_families_are_connected_and_bounded(made: list[tuple[str, str, str]], asked: str, limit: int) -> None:
    found = family(asked, ties_of(*made), limit)
    relatives = {one.nct_id: one for one in found.relatives}
    assert len(relatives) == len(found.relatives) <= limit
    assert {end for bond in found.bonds for end in (bond.from_, bond.to)} <= set(relatives)
    for one in found.relatives:
        if one.through is None:
            assert (one.nct_id, one.distance) == (asked, 0)
        else:
            assert relatives[one.through].distance == one.distance - 1
            assert any({bond.from_, bond.to} == {one.nct_id, one.through} for bond in found.bonds)
    assert (found.left == 0) or len(relatives) == limit


@given(links, st.sampled_from(NAMES))
def test_every_link_between_relatives_is_told_once(made: list[tuple[str, str, str]], asked: str) -> None:
    found = family(asked, ties_of(*made), 100)
    within = {(source, target, kind) for source, target, kind in made if {source, target} <= names(found)}
    assert sorted((bond.from_, bond.to, bond.kind) for bond in found.bonds) == sorted(within)
