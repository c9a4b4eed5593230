"""Metrics against values worked by hand and against a second, naive implementation; chance against all orders."""

from itertools import permutations
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.similar.evaluation import METRICS, Judged, Measures, by_group, expected, interval, measured, table

ROWS = st.integers(0, 30)
GAINS = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0])


def naive(ranking: list[int], judged: Judged) -> Measures:
    """Measure by the definitions, place by place."""
    gains = [judged.gains.get(row, 0.0) for row in ranking]
    ideal = sorted([*judged.gains.values(), *judged.absent], reverse=True)
    relevant = sum(gain > 0 for gain in ideal)

    def dcg(gains: list[float], most: int) -> float:
        return sum((2**gain - 1) / log2(place + 1) for place, gain in enumerate(gains[:most], 1))

    def hits(most: int) -> int:
        return sum(gain > 0 for gain in gains[:most])

    precisions = [hits(place) / place for place, gain in enumerate(gains, 1) if gain > 0]
    return {
        "ndcg@5": dcg(gains, 5) / dcg(ideal, 5),
        "ndcg@10": dcg(gains, 10) / dcg(ideal, 10),
        "p@1": hits(1),
        "p@10": hits(10) / 10,
        "r@5": hits(5) / relevant,
        "r@100": hits(100) / relevant,
        "map": sum(precisions) / relevant,
    }


def test_values_worked_by_hand() -> None:
    # Gains 2 and 1 at places 2 and 4; a gain of 1 is held nowhere.
    found = measured([7, 3, 8, 5], Judged({3: 2.0, 5: 1.0, 8: 0.0}, [1.0]))
    dcg = 3 / log2(3) + 1 / log2(5)
    best = 3 + 1 / log2(3) + 1 / 2
    assert found == pytest.approx(
        {
            "ndcg@5": dcg / best,
            "ndcg@10": dcg / best,
            "p@1": 0.0,
            "p@10": 0.2,
            "r@5": 2 / 3,
            "r@100": 2 / 3,
            "map": (1 / 2 + 2 / 4) / 3,
        }
    )


def test_a_perfect_ranking_has_the_most_of_all() -> None:
    found = measured([1, 2, 3], Judged({1: 2.0, 2: 1.0, 3: 1.0}))
    assert found == pytest.approx({**dict.fromkeys(METRICS, 1.0), "p@10": 0.3})


def test_an_empty_ranking_has_nothing() -> None:
    assert measured([], Judged({1: 1.0})) == dict.fromkeys(METRICS, 0.0)
    assert measured([4, 5], Judged({}, [1.0])) == dict.fromkeys(METRICS, 0.0)


def test_only_the_first_ten_count_among_ten_and_recall_goes_on() -> None:
    ranking = list(range(200))
    found = measured(ranking, Judged({10: 1.0, 99: 1.0, 100: 1.0}))
    assert (found["ndcg@10"], found["p@10"], found["r@5"]) == (0, 0, 0)
    assert found["r@100"] == pytest.approx(2 / 3)
    assert found["map"] == pytest.approx((1 / 11 + 2 / 100 + 3 / 101) / 3)


@given(
    ranking=st.lists(ROWS, unique=True, max_size=25),
    gains=st.dictionaries(ROWS, GAINS, max_size=12),
    absent=st.lists(GAINS, max_size=4),
)
def test_the_naive_implementation_agrees(ranking: list[int], gains: dict[int, float], absent: list[float]) -> None:
    judged = Judged(gains, [*absent, 1.0])
    found = measured(ranking, judged)
    assert found == pytest.approx(naive(ranking, judged))
    assert list(found) == list(METRICS)
    assert all(0 <= value <= 1 + 1e-12 for value in found.values())


@given(
    candidates=st.integers(1, 6),
    gains=st.dictionaries(st.integers(0, 5), GAINS, max_size=4),
    absent=st.lists(GAINS, max_size=2),
)
def test_chance_is_the_mean_over_all_orders(candidates: int, gains: dict[int, float], absent: list[float]) -> None:
    judged = Judged({row: gain for row, gain in gains.items() if row < candidates}, [*absent, 2.0])
    orders = [measured(order, judged) for order in permutations(range(candidates))]
    assert expected(judged, candidates) == pytest.approx(
        {name: float(np.mean([each[name] for each in orders])) for name in METRICS}
    )


def test_chance_among_nothing_is_nothing() -> None:
    assert expected(Judged({}, [1.0]), 0) == dict.fromkeys(METRICS, 0.0)


def test_queries_are_averaged_in_their_group_then_groups() -> None:
    def all_of(value: float) -> Measures:
        return dict.fromkeys(METRICS, value)

    groups = by_group([("b", all_of(1.0)), ("a", all_of(0.5)), ("b", all_of(0.0)), ("b", all_of(0.2))])
    assert list(groups) == ["b", "a"]
    assert groups["b"]["map"] == pytest.approx(0.4)
    assert table(groups).mean(axis=0) == pytest.approx(np.full(len(METRICS), 0.45))
    assert table({}).shape == (0, len(METRICS))


# -- intervals -------------------------------------------------------------------------------------------------------


def test_the_interval_is_the_same_each_time_and_holds_the_mean() -> None:
    values = np.random.default_rng(5).random((16, 2))
    ends = interval(values)
    again = interval(values)
    assert ends is not None
    assert again is not None
    assert np.array_equal(ends, again)
    low, high = ends
    assert (low < values.mean(axis=0)).all()
    assert (values.mean(axis=0) < high).all()
    # Of a mean of 16 the error is a quarter of the values' deviation; 95 % lie within 1.96 of it on either side.
    assert high - low == pytest.approx(2 * 1.96 * values.std(axis=0) / 4, rel=0.05)


def test_one_group_or_none_has_no_interval() -> None:
    assert interval(np.ones((1, 3))) is None
    assert interval(np.ones((0, 3))) is None


def test_a_difference_is_paired() -> None:
    values = np.random.default_rng(6).random((20, 1))
    ends = interval(values - (values - 0.1))  # as far apart as a tenth in every group
    assert ends is not None
    assert np.concatenate(ends) == pytest.approx([0.1, 0.1])
