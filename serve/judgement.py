"""`eval`'s answer: a truth table, the index's rankings and the baselines' → how good each is, side by side."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from crawler.errors import TrialUnknown
from crawler.store import Store
from index.document import texts
from index.inverted import Mask
from index.search import Index
from index.similar.baselines import Bagger, Bags
from index.similar.evaluation import (
    CONFIDENCE,
    DRAWS,
    METRICS,
    SEED,
    Judged,
    Measures,
    by_group,
    expected,
    interval,
    measured,
    table,
)
from index.similar.truth import Truth

Ranking: TypeAlias = Callable[[int, Mask], Sequence[int]]
Advance: TypeAlias = Callable[[int], None]


@dataclass(frozen=True)
class Task:
    """A query that can be scored: its row, which rows are to be ranked, what is known of them."""

    group: str
    row: int
    allowed: Mask
    judged: Judged


class Tasks:
    """What of a truth table can be scored with an index.

    `resolve` is the store's: the id that a trial is held under, TrialUnknown where it is not. `missing` are ids of the
    table that the index does not have; `tasks` the queries that it has, of those that have something relevant.
    """

    def __init__(self, index: Index, resolve: Callable[[str], str], truths: Sequence[Truth]) -> None:
        self._index = index
        self.truths = truths
        named = dict.fromkeys(nct_id for truth in truths for nct_id in (truth.nct_id, *truth.gains))
        self._rows = {nct_id: _row(index, resolve, nct_id) for nct_id in named}
        self.missing = sorted(nct_id for nct_id, row in self._rows.items() if row is None)
        self.tasks = [task for task in map(self._task, truths) if task is not None]

    def _task(self, truth: Truth) -> Task | None:
        row = self._rows[truth.nct_id]
        if row is None:
            return None
        gains: dict[int, float] = {}
        absent = []
        for nct_id, gain in truth.gains.items():
            candidate = self._rows[nct_id]
            if candidate is None:
                absent.append(gain)
            elif candidate != row:  # another name of the query's own trial
                gains[candidate] = max(gain, gains.get(candidate, 0.0))
        judged = Judged(gains, absent)
        if not judged.relevant:
            return None
        allowed = np.full(self._index.columns.size, not truth.closed)
        allowed[list(gains)] = True
        allowed[row] = False
        return Task(truth.group, row, allowed, judged)

    def scored(self, ranking: Ranking, advance: Advance) -> dict[str, Measures]:
        """Measures of a ranking, by group."""
        queries = []
        for task in self.tasks:
            queries.append((task.group, measured(ranking(task.row, task.allowed), task.judged)))
            advance(1)
        return by_group(queries)

    def by_chance(self) -> dict[str, Measures]:
        """What chance measures, by group."""
        return by_group((task.group, expected(task.judged, int(task.allowed.sum()))) for task in self.tasks)


def _row(index: Index, resolve: Callable[[str], str], nct_id: str) -> int | None:
    try:
        return index.columns.row(resolve(nct_id))
    except TrialUnknown:
        return None


def own_ranking(index: Index) -> Ranking:
    """What `similar` answers, to its end."""
    matrix = index.matrix
    return lambda row, allowed: matrix.ranked(matrix.query([row]), allowed, matrix.size).rows


def bagged(index: Index, store: Store, advance: Advance) -> Bags:
    """Read the records' texts again, for the baselines."""
    bagger = Bagger()
    for raw in store.records():
        row = index.columns.row(raw.nct_id)
        if row is not None:
            bagger.add(row, texts(raw.data))
        advance(1)
    return bagger.finish(index.columns.size)


def answer(
    tasks: Tasks,
    ours: Mapping[str, Measures],
    baselines: Mapping[str, Mapping[str, Measures]],
    data_timestamp: str | None,
) -> dict[str, Any]:
    """What `eval --json` promises: figures None where no query can be scored, ends where there are no two groups."""
    truths = tasks.truths
    of_group = {
        group: sum(truth.group == group for truth in truths) for group in dict.fromkeys(t.group for t in truths)
    }
    scored = {group: sum(task.group == group for task in tasks.tasks) for group in of_group}
    return {
        "groups": len(of_group),
        "groups_scored": len(ours),
        "queries": len(truths),
        "queries_scored": len(tasks.tasks),
        "queries_incomplete": sum(bool(task.judged.absent) for task in tasks.tasks),
        **_means(ours),
        "intervals": _ends(ours),
        "missing": tasks.missing,
        "baselines": {
            name: {**_means(theirs), "intervals": _ends(theirs), "differences": _differences(ours, theirs)}
            for name, theirs in baselines.items()
        },
        "by_group": {
            group: {"queries": count, "queries_scored": scored[group], **ours.get(group, dict.fromkeys(METRICS))}
            for group, count in of_group.items()
        },
        "bootstrap": {"over": "groups", "draws": DRAWS, "seed": SEED, "confidence": CONFIDENCE},
        "data_timestamp": data_timestamp,
    }


def _means(groups: Mapping[str, Measures]) -> dict[str, float | None]:
    if not groups:
        return dict.fromkeys(METRICS)
    return dict(zip(METRICS, table(groups).mean(axis=0).tolist(), strict=True))


def _ends(groups: Mapping[str, Measures]) -> dict[str, list[float]] | None:
    ends = interval(table(groups))
    return None if ends is None else {name: list(pair) for name, *pair in zip(METRICS, *_lists(ends), strict=True)}


def _differences(ours: Mapping[str, Measures], theirs: Mapping[str, Measures]) -> dict[str, dict[str, float | None]]:
    """How much more ours is, group by group, with the ends of its interval."""
    if not ours:
        return {}
    apart = table(ours) - table(theirs)
    ends = interval(apart)
    low, high = ([None] * len(METRICS),) * 2 if ends is None else _lists(ends)
    return {
        name: {"mean": mean, "low": least, "high": most}
        for name, mean, least, most in zip(METRICS, apart.mean(axis=0).tolist(), low, high, strict=True)
    }


def _lists(ends: Iterable[Any]) -> list[list[float]]:
    return [end.tolist() for end in ends]
