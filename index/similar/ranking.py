"""Rows by their score: those that some test leaves, and, where asked, so that near-copies don't fill the list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.similar.groups import GROUPS
from index.similar.matrix import Matrix, Query, Ranked, Row, by

POOL = 200  # best rows that are put in another order; those beyond stand as they are
# Maximal marginal relevance with both sides of equal weight: what a hit is worth, less what of it a hit above has said,
# which is the share of its vector's squared length that lies in that one's direction. A copy is worth nothing then.
LIKENESS = 0.5
_MORE = 4  # times as many rows are ranked where the test left too few


@dataclass(frozen=True)
class Ranking:
    """A ranking by a vector whose groups are multiplied by factors.

    `ranked` gives so many of the rows that may be chosen, best first, with exact scores; `differs` says of rows whether
    they are let in.
    """

    matrix: Matrix
    vector: Row
    factors: NDArray[np.float64]
    ranked: Callable[[Query, int], Ranked]
    diverse: bool = False
    differs: Callable[[Sequence[int]], list[bool]] | None = None

    @cached_property
    def query(self) -> Query:
        """What rows are scored by."""
        return by(self.vector, self.factors)

    def best(self, limit: int) -> Ranked:
        """So many rows with their exact scores, best first or, diverse, the best of what is not yet said first."""
        if not self.diverse or not limit:
            return self._let_in(limit)
        pool = self._let_in(max(POOL, limit))
        order = [*self._spread(pool.rows[:POOL], pool.scores[:POOL], limit), *range(POOL, len(pool.rows))][:limit]
        return Ranked([pool.rows[at] for at in order], [pool.scores[at] for at in order])

    def _let_in(self, limit: int) -> Ranked:
        if self.differs is None:
            return self.ranked(self.query, limit)
        asked, seen = 2 * limit, 0
        rows: list[int] = []
        scores: list[float] = []
        while len(rows) < limit:
            ranked = self.ranked(self.query, asked)
            new = slice(seen, len(ranked.rows))
            kept = self.differs(ranked.rows[new])
            rows += [row for row, keep in zip(ranked.rows[new], kept, strict=True) if keep]
            scores += [score for score, keep in zip(ranked.scores[new], kept, strict=True) if keep]
            if len(ranked.rows) < asked:
                break
            seen, asked = len(ranked.rows), _MORE * asked
        return Ranked(rows[:limit], scores[:limit])

    def _spread(self, rows: Sequence[int], scores: Sequence[float], limit: int) -> list[int]:
        """Places of the pool in order of maximal marginal relevance (Carbonell and Goldstein, 1998)."""
        likeness, place = np.array(scores), np.array(rows, np.intp)
        lengths = np.array([self._squared(row) for row in rows])
        said = np.zeros(len(rows))  # what share of each the one that says most of it has, of those before it
        order: list[int] = []
        while len(order) < min(limit, len(rows)):
            worth = likeness * (LIKENESS - (1 - LIKENESS) * said)
            worth[order] = -np.inf
            best = int(np.argmax(worth))
            order.append(best)
            products = self.matrix.scores(by(self.matrix.row(rows[best]), self.factors), place)
            np.maximum(said, products**2 / (lengths * lengths[best]), out=said)
        return order

    def _squared(self, row: int) -> float:
        """Squared length of a row as the factors make it; what is ranked shares a column, so it is above 0."""
        vector = self.matrix.row(row)
        return float((vector.weights**2) @ self.factors[vector.columns % len(GROUPS)])
