"""What a ranking has to beat: all text in one bag, ranked by the cosine of TF-IDF or by BM25. Kept in memory.

The texts are those of the ranking's own group of all text, so that what differs is how they are weighed.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from index import analysis
from index.inverted import Mask
from index.similar.groups import GROUPS, NUMBER_OF_GROUP

K1, B = 1.2, 0.75  # as everybody has them
_BAG = GROUPS[NUMBER_OF_GROUP["text"]].table.tolist()

Scores: TypeAlias = NDArray[np.float64]


class Bagger:
    """Takes the texts of trials in order of their rows."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._row, self._term, self._count = array("i"), array("i"), array("i")

    def add(self, row: int, texts: Iterable[tuple[int, str]]) -> None:
        """Count the terms of a trial's (field number, text)."""
        counts = Counter(term for field, text in texts if _BAG[field] for term in analysis.terms(text))
        known = self._number
        self._term.extend(known.setdefault(term, len(known)) for term in counts)
        self._count.extend(counts.values())
        self._row.extend([row] * len(counts))

    def finish(self, rows: int) -> "Bags":
        """Weigh what was counted, for so many rows."""
        row, term, count = (np.array(each, np.int32) for each in (self._row, self._term, self._count))
        return Bags(rows, len(self._number), row, term, count)


class Bags:
    """Each trial a bag of terms: an entry for each (row, term), in order of row."""

    def __init__(
        self, rows: int, terms: int, row: NDArray[np.int32], term: NDArray[np.int32], count: NDArray[np.int32]
    ) -> None:
        self._rows, self._terms, self._row, self._term, self._count = rows, terms, row, term, count
        frequency = np.bincount(term, minlength=terms)
        self._tfidf = self._cosine_weights(frequency)
        self._bm25 = self._bm25_weights(frequency)

    def _cosine_weights(self, frequency: NDArray[np.int64]) -> Scores:
        weight = (1 + np.log(self._count)) * np.log((1 + self._rows) / (0.5 + frequency))[self._term]
        length = np.sqrt(np.bincount(self._row, weight**2, self._rows))[self._row]
        unit: Scores = np.divide(weight, length, out=np.zeros_like(weight), where=length > 0)
        return unit

    def _bm25_weights(self, frequency: NDArray[np.int64]) -> Scores:
        lengths = np.bincount(self._row, self._count, self._rows)
        relative = lengths / max(lengths.mean(), 1) if lengths.size else lengths
        rare = np.log(1 + (self._rows - frequency + 0.5) / (frequency + 0.5))
        weights: Scores = rare[self._term] * self._count * (K1 + 1)
        weights /= self._count + K1 * (1 - B + B * relative[self._row])
        return weights

    def tfidf(self, row: int, allowed: Mask) -> list[int]:
        """Rows of the mask by their cosine with a row."""
        return self._ranked(self._query(row, self._tfidf), self._tfidf, allowed)

    def bm25(self, row: int, allowed: Mask) -> list[int]:
        """Rows of the mask by BM25, where the query is all terms of a row, each as often as it stands there."""
        return self._ranked(self._query(row, self._count), self._bm25, allowed)

    def _query(self, row: int, weights: NDArray[np.generic]) -> Scores:
        begin, end = np.searchsorted(self._row, (row, row + 1))
        query = np.zeros(self._terms)
        query[self._term[begin:end]] = weights[begin:end]
        return query

    def _ranked(self, query: Scores, weights: Scores, allowed: Mask) -> list[int]:
        """Rows best first, ties in order of row; what shares nothing is left out, as the ranking itself does."""
        scores = np.bincount(self._row, query[self._term] * weights, self._rows)
        rows = np.flatnonzero(allowed & (scores > 0))
        ranked: list[int] = rows[np.argsort(-scores[rows], kind="stable")].tolist()
        return ranked
