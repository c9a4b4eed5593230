"""The best rows by what an engine that holds the vectors tells about them; scores are exact, from the vectors here.

The engine is asked by the heaviest columns only. Of the rows that it names, how much nearer one is than it seemed tells
whether others could be as near; then more are asked for.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.inverted import Floats, Ints
from index.similar.matrix import CUT, SAMPLE, Matrix, Query, Ranked, Row, Weights, best, heaviest

AT_ONCE = 500  # columns of one question: a cluster takes 1,024 clauses, filters among them
MORE = 4  # times as many rows are asked for where others could be as near
MOST = 10_000  # or twice the limit: more are not asked for to be sure

Ask: TypeAlias = Callable[[Row, int], tuple[Ints, Floats]]  # a vector, how many → the nearest rows, about their scores


def ranked(matrix: Matrix, query: Query, ask: Ask, limit: int) -> Ranked:
    """Best rows of those that `ask` chooses among, ties in order of row; rows that share nothing are left out."""
    if not limit or not query.columns.size:
        return Ranked([], [])
    return best(*_pool(matrix, query, ask, limit), limit)


def _pool(matrix: Matrix, query: Query, ask: Ask, limit: int) -> tuple[NDArray[np.intp], Weights]:
    """Rows that the best are among, with their exact scores."""
    heavy = heaviest(query, CUT, AT_ONCE)
    count = max(SAMPLE, 2 * limit)
    while True:
        found, near = ask(heavy, count)
        if found.size < count:
            rows = _sharing(query, ask, count)
            return rows, matrix.scores(query, rows)
        rows = found.astype(np.intp)
        scores = matrix.scores(query, rows)
        enough = -np.sort(-scores)[limit - 1]
        if near[-1] + np.max(scores - near, initial=0.0) < enough or count >= MOST:
            return rows, scores
        count *= MORE


def _sharing(query: Query, ask: Ask, count: int) -> NDArray[np.intp]:
    """Rows that share any column: few are left to choose among, and light columns count too."""
    places = np.array_split(np.arange(query.columns.size), -(-query.columns.size // AT_ONCE))
    found = [ask(Row(query.columns[some], query.weights[some]), count)[0] for some in places]
    return np.unique(np.concatenate(found)).astype(np.intp)
