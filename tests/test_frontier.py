from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.frontier import Because, Candidate, Frontier
from crawler.links import KINDS

A, B, C, D = "NCT00000001", "NCT00000002", "NCT00000003", "NCT00000004"


def link(kind: str, source: str | None = "NCT00000009", evidence: str = "says so") -> Because:
    return Because(kind, source, evidence)


def frontier(*offers: tuple[str, int, str], limit: int = 100, deepest: int = 3) -> Frontier:
    made = Frontier(limit, deepest)
    for nct_id, depth, kind in offers:
        made.offer(nct_id, depth, link(kind))
    return made


def popped(made: Frontier) -> list[str]:
    """Keep all that waits, best first."""
    order = []
    while (candidate := made.pop()) is not None:
        made.keep(candidate.nct_id, candidate.depth)
        order.append(candidate.nct_id)
    return order


# -- order -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    ["seed", "page", "expanded_access", "secondary_id", "mention", "alias"],
)
@pytest.mark.parametrize("second", ["shared_id", "shared_pmid"])
def test_what_is_named_comes_before_what_shares_before_what_resembles(first: str, second: str) -> None:
    made = frontier((A, 1, "neighbour"), (B, 2, second), (C, 3, first))
    made.score(A, 1.0)
    assert popped(made) == [C, B, A]


def test_among_the_named_the_nearest_comes_first_then_the_better_kind_then_the_lower_id() -> None:
    made = frontier((D, 2, "page"), (C, 1, "mention"), (B, 1, "mention"), (A, 1, "alias"), ("NCT00000005", 1, "page"))
    assert popped(made) == ["NCT00000005", B, C, A, D]


def test_kinds_of_one_depth_come_in_their_order() -> None:
    named = ["page", "expanded_access", "secondary_id", "mention", "alias", "shared_id", "shared_pmid", "neighbour"]
    offers = [(f"NCT{number:08d}", 1, kind) for number, kind in enumerate(reversed(named), 1)]
    assert popped(frontier(*offers)) == [nct_id for nct_id, _, _ in reversed(offers)]
    assert ["seed", *named] == list(KINDS)


def test_among_those_that_resemble_the_closest_comes_first_whatever_its_depth() -> None:
    made = frontier((A, 1, "neighbour"), (B, 1, "neighbour"), (C, 2, "neighbour"), (D, 1, "neighbour"))
    for nct_id, closeness in ((A, 0.2), (B, 0.7), (C, 0.9), (D, 0.7)):
        made.score(nct_id, closeness)
    assert popped(made) == [C, B, D, A]


def test_closeness_says_nothing_of_what_is_named_or_shares() -> None:
    made = frontier((A, 1, "mention"), (B, 1, "mention"), (C, 1, "shared_id"), (D, 1, "shared_id"))
    for nct_id, closeness in ((A, 0.1), (B, 0.9), (C, 0.1), (D, 0.9)):
        made.score(nct_id, closeness)
    assert popped(made) == [A, B, C, D]


def test_unscored_neighbours_come_after_scored_ones_in_order_of_depth_and_id() -> None:
    made = frontier((C, 1, "neighbour"), (A, 2, "neighbour"), (B, 1, "neighbour"), (D, 2, "neighbour"))
    made.score(D, 0.01)
    assert popped(made) == [D, B, C, A]


# -- news of a candidate that waits ----------------------------------------------------------------------------------


def test_a_better_link_moves_a_candidate_up() -> None:
    made = frontier((A, 1, "neighbour"), (B, 1, "neighbour"), (C, 1, "shared_pmid"))
    made.offer(B, 2, link("mention"))
    assert popped(made) == [B, C, A]
    assert made.kept[B] == 1


def test_a_worse_or_deeper_link_moves_nothing() -> None:
    made = frontier((A, 1, "mention"), (B, 1, "page"))
    made.offer(B, 3, link("neighbour"))
    assert popped(made) == [B, A]
    assert made.kept == {B: 1, A: 1}


def test_a_shorter_way_makes_a_candidate_nearer() -> None:
    made = frontier((A, 1, "mention"), (B, 3, "mention"), (C, 2, "mention"))
    made.offer(B, 1, link("mention", C))
    assert popped(made) == [A, B, C]
    assert made.kept[B] == 1


def test_scores_may_rise_and_fall_until_a_candidate_is_taken() -> None:
    made = frontier((A, 1, "neighbour"), (B, 1, "neighbour"), (C, 1, "neighbour"))
    for closeness in (0.9, 0.1, 0.5, 0.5):
        made.score(A, closeness)
    made.score(B, 0.4)
    made.score(C, 0.6)
    assert popped(made) == [C, A, B]
    made.score(A, 1.0)
    assert made.pop() is None


def test_a_score_of_a_trial_that_nothing_leads_to_is_no_link() -> None:
    made = frontier()
    made.score(A, 1.0)
    assert made.pop() is None


# -- what is taken ---------------------------------------------------------------------------------------------------


def test_a_candidate_is_taken_once_with_its_links() -> None:
    made = frontier((A, 2, "mention"), (A, 1, "neighbour"))
    assert made.pop() == Candidate(A, 1, [link("mention"), link("neighbour")])
    assert made.pop() is None


def test_nothing_is_taken_beyond_the_limit() -> None:
    made = frontier((A, 1, "mention"), (B, 1, "mention"), (C, 1, "mention"), limit=2)
    assert popped(made) == [A, B]
    assert made.full
    assert made.left == {"limit": 1, "depth": 0}


def test_what_was_taken_and_not_kept_leaves_room() -> None:
    made = frontier((A, 1, "mention"), (B, 1, "mention"), limit=1)
    assert made.pop() == Candidate(A, 1, [link("mention")])
    made.drop(A)
    assert popped(made) == [B]


def test_what_was_kept_or_dropped_is_offered_no_more_and_remembers_its_links() -> None:
    made = frontier((A, 1, "neighbour"), (B, 1, "mention"))
    made.drop(B)
    assert popped(made) == [A]
    for nct_id in (A, B):
        made.offer(nct_id, 1, link("page", "https://example.org"))
    assert popped(made) == []
    assert made.because(A) == [link("page", "https://example.org"), link("neighbour")]
    assert made.because(B) == [link("page", "https://example.org"), link("mention")]
    assert made.left == {"limit": 0, "depth": 0}


def test_a_trial_can_be_kept_that_still_waits() -> None:
    made = frontier((A, 1, "neighbour"), (B, 1, "neighbour"))
    made.keep(A, 0)
    assert popped(made) == [B]
    assert made.kept == {A: 0, B: 1}


def test_links_that_led_to_a_trial_stand_once_best_first() -> None:
    made = frontier(deepest=1)
    offered = [
        Because("neighbour", "NCT00000007", "b"),
        Because("neighbour", "NCT00000007", "a"),
        Because("mention", "NCT00000008", "x"),
        Because("mention", "NCT00000007", "y"),
        Because("shared_id", None, "z"),
        Because("seed", None, "asked for"),
    ]
    for because in (*offered, *offered):
        made.offer(A, 1, because)
    made.offer(A, 5, Because("alias", A, "a link from far away is one as well"))
    assert made.because(A) == [
        Because("seed", None, "asked for"),
        Because("mention", "NCT00000007", "y"),
        Because("mention", "NCT00000008", "x"),
        Because("alias", A, "a link from far away is one as well"),
        Because("shared_id", None, "z"),
        Because("neighbour", "NCT00000007", "a"),
        Because("neighbour", "NCT00000007", "b"),
    ]
    assert made.because(B) == []


def test_a_batch_is_what_waits_by_name_best_first() -> None:
    made = frontier(
        (A, 2, "mention"), (B, 1, "alias"), (C, 1, "neighbour"), (D, 1, "shared_id"), ("NCT00000005", 1, "page")
    )
    assert made.waiting_named() == ["NCT00000005", B, A]
    made.pop()
    assert made.waiting_named() == [B, A]


# -- what is left ----------------------------------------------------------------------------------------------------


def test_what_lies_too_deep_is_counted_and_not_taken() -> None:
    made = frontier((A, 1, "mention"), (B, 2, "mention"), (C, 2, "neighbour"), (C, 5, "mention"), deepest=1)
    assert popped(made) == [A]
    assert made.left == {"limit": 0, "depth": 2}


def test_what_is_near_by_another_way_is_not_left() -> None:
    made = frontier((A, 2, "mention"), (B, 2, "mention"), (B, 1, "neighbour"), deepest=1)
    made.offer(A, 1, link("mention"))
    assert popped(made) == [A, B]
    assert made.left == {"limit": 0, "depth": 0}


def test_each_trial_left_is_counted_once_where_both_bounds_hold_it_back() -> None:
    made = frontier((A, 0, "seed"), (B, 1, "mention"), (B, 2, "mention"), (C, 2, "mention"), limit=1, deepest=1)
    made.offer("NCT00000006", 2, link("mention"))
    made.drop("NCT00000006")  # no trial of its own
    made.drop("NCT00000007")
    made.offer("NCT00000007", 2, link("mention"))
    assert popped(made) == [A]
    assert made.left == {"limit": 1, "depth": 1}


# -- the same, whatever the order ------------------------------------------------------------------------------------

IDS = st.sampled_from([f"NCT{number:08d}" for number in range(1, 7)])
SOURCES = st.one_of(st.none(), IDS)
OFFERS = st.tuples(IDS, st.integers(0, 4), st.builds(Because, st.sampled_from(KINDS), SOURCES, st.sampled_from("xy")))
SCORES = st.dictionaries(IDS, st.sampled_from([0.0, 0.25, 0.5, 1.0]))


@given(
    st.lists(OFFERS, max_size=25).flatmap(lambda offers: st.tuples(st.just(offers), st.permutations(offers))), SCORES
)
def test_the_same_offers_in_any_order_give_the_same_crawl(
    orders: tuple[list[tuple[str, int, Because]], list[tuple[str, int, Because]]], scores: dict[str, float]
) -> None:
    told = []
    for offers in orders:
        made = Frontier(4, 2)
        for nct_id, depth, because in offers:
            made.offer(nct_id, depth, because)
        for nct_id, closeness in scores.items():
            made.score(nct_id, closeness)
        order = popped(made)
        told.append((order, made.kept, made.left, {nct_id: made.because(nct_id) for nct_id in order}))
    assert told[0] == told[1]


@dataclass
class Naive:
    """What the frontier promises, without its heap: all that waits is looked through for each that is taken."""

    limit: int
    deepest: int
    links: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    closeness: dict[str, float] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    kept: list[str] = field(default_factory=list)

    def offer(self, nct_id: str, depth: int, because: Because) -> None:
        if depth <= self.deepest and nct_id not in self.done:
            self.links.setdefault(nct_id, []).append((depth, because.kind))
            self.closeness.setdefault(nct_id, 0.0)

    def score(self, nct_id: str, closeness: float) -> None:
        if nct_id in self.links:
            self.closeness[nct_id] = closeness

    def place(self, nct_id: str) -> tuple[int, float, int, int, str]:
        kinds = [KINDS.index(kind) for _, kind in self.links[nct_id]]
        group = 0 if min(kinds) < 6 else 1 if min(kinds) < 8 else 2
        depth = min(depth for depth, _ in self.links[nct_id])
        return group, -self.closeness[nct_id] if group == 2 else 0.0, depth, min(kinds), nct_id

    def pop(self) -> str | None:
        if not self.links or len(self.kept) >= self.limit:
            return None
        best = min(self.links, key=self.place)
        del self.links[best]
        self.done.add(best)
        self.kept.append(best)
        return best


@given(st.lists(st.one_of(OFFERS, st.tuples(IDS, st.sampled_from([0.0, 0.5, 1.0])), st.none()), max_size=40))
def test_with_news_between_them_the_best_is_always_next(
    steps: list[tuple[str, int, Because] | tuple[str, float] | None],
) -> None:
    made, naive = Frontier(5, 3), Naive(5, 3)
    for step in steps:
        if step is None:
            candidate = made.pop()
            if candidate is not None:
                made.keep(candidate.nct_id, candidate.depth)
            assert (None if candidate is None else candidate.nct_id) == naive.pop()
        elif len(step) == 3:
            made.offer(*step)
            naive.offer(*step)
        else:
            made.score(*step)
            naive.score(*step)
    assert list(made.kept) == naive.kept
    assert made.full == (len(naive.kept) == 5)
    assert made.left["limit"] == len(naive.links)
