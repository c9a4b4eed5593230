"""Pure: rankings and judged candidates → how good the rankings are, and how far chance can have made them so.

Gains are graded: 2^gain - 1 in nDCG, anything above 0 is relevant elsewhere. Whatever is relevant counts, also what
can't be found since it is not held. Queries are averaged within their group, then the groups.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

METRICS = ("ndcg@5", "ndcg@10", "p@1", "p@10", "r@5", "r@100", "map")
DRAWS = 10_000  # the ends of an interval then move by less than a thousandth
SEED = 1
CONFIDENCE = 0.95

Measures: TypeAlias = dict[str, float]
Table: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """What is known of a query: gains of its candidates by row, and the gains of those that have no row."""

    gains: Mapping[int, float]
    absent: Sequence[float] = ()

    @property
    def relevant(self) -> list[float]:
        """Gains of all that is relevant, held or not, highest first."""
        return sorted((gain for gain in (*self.gains.values(), *self.absent) if gain > 0), reverse=True)


def measured(ranking: Sequence[int], judged: Judged) -> Measures:
    """Measure a ranking (rows, best first); something must be relevant."""
    rows = {row: gain for row, gain in judged.gains.items() if gain > 0}
    at = np.flatnonzero(np.isin(np.asarray(ranking, np.int64), list(rows)))
    places = at + 1
    gains = np.array([rows[ranking[place]] for place in at.tolist()])
    relevant = judged.relevant

    def within(most: int) -> int:
        return int(np.count_nonzero(places <= most))

    return {
        **{f"ndcg@{most}": _dcg(gains, places, most) / _best(relevant, most) for most in (5, 10)},
        **{f"p@{most}": within(most) / most for most in (1, 10)},
        **{f"r@{most}": within(most) / len(relevant) for most in (5, 100)},
        "map": float((np.arange(1, places.size + 1) / places).sum()) / len(relevant),
    }


def _dcg(gains: Table, places: NDArray[np.int64], most: int) -> float:
    kept = places <= most
    return float(((2.0 ** gains[kept] - 1) / np.log2(places[kept] + 1)).sum())


def _best(relevant: list[float], most: int) -> float:
    """The most that a ranking can have: everything relevant first, the most like first."""
    first = np.array(relevant[:most])
    return _dcg(first, np.arange(1, first.size + 1), most)


def expected(judged: Judged, candidates: int) -> Measures:
    """What rankings of so many candidates, the judged rows among them, measure on average where chance makes them."""
    relevant = judged.relevant
    held = [gain for gain in judged.gains.values() if gain > 0]
    share = len(held) / candidates if candidates else 0.0  # at any place, how likely something relevant stands there
    worth = sum(2.0**gain - 1 for gain in held) / candidates if candidates else 0.0

    def ndcg(most: int) -> float:
        places = np.arange(1, min(most, candidates) + 1)
        return worth * float((1 / np.log2(places + 1)).sum()) / _best(relevant, most)

    # Where one stands at place i, each of the others stands before it with the chance of (i - 1) / (candidates - 1).
    places = np.arange(1, candidates + 1)
    before = (places - 1) * (len(held) - 1) / max(candidates - 1, 1)
    return {
        **{f"ndcg@{most}": ndcg(most) for most in (5, 10)},
        **{f"p@{most}": share * min(most, candidates) / most for most in (1, 10)},
        **{f"r@{most}": share * min(most, candidates) / len(relevant) for most in (5, 100)},
        "map": share * float(((1 + before) / places).sum()) / len(relevant),
    }


def by_group(queries: Iterable[tuple[str, Measures]]) -> dict[str, Measures]:
    """Average the queries of each group, groups in order of appearance."""
    groups: dict[str, list[Measures]] = defaultdict(list)
    for group, measures in queries:
        groups[group].append(measures)
    return {
        group: {name: float(np.mean([each[name] for each in told])) for name in METRICS}
        for group, told in groups.items()
    }


def table(groups: Mapping[str, Measures]) -> Table:
    """Groups × METRICS."""
    rows = [[measures[name] for name in METRICS] for measures in groups.values()]
    return np.array(rows, np.float64).reshape(-1, len(METRICS))


def interval(values: Table) -> tuple[Table, Table] | None:
    """Ends, for each column, of the interval that the mean of the rows lies in; None where there are no two rows.

    Rows are drawn with replacement, the same draws for any table of so many rows: the interval of the difference of
    two tables is a paired one.
    """
    rows = values.shape[0]
    if rows < 2:  # noqa: PLR2004 - one value tells nothing of how values differ
        return None
    drawn = np.random.default_rng(SEED).multinomial(rows, np.full(rows, 1 / rows), DRAWS)
    means = drawn @ values / rows
    outside = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(means, [outside, 100 - outside], axis=0)
    return low, high
