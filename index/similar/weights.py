"""An inverted file → one sparse vector a trial: for each field group sublinear TF-IDF, length-normalised by half.

Divided by its whole length, a vector of few words is as near as one of many and says far less: the divisor is half the
length, half that of a usual vector (pivoted length normalisation; Singhal, Buckley and Mitra, 1996). The groups'
vectors are stacked, so that the dot product of two trials is the sum of their groups'; those of the whole are scaled by
the root of their weight. A column is a term in a group: `term * len(GROUPS) + group`.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from index.inverted import Floats, Ints, InvertedFile, runs
from index.similar.function_words import FUNCTION_TERMS
from index.similar.groups import GROUPS

SLOPE = 0.5  # how much of a divisor is the vector's own length
_ROOTS = np.sqrt([group.weight or 1.0 for group in GROUPS])
_TYPICAL = np.array([group.typical for group in GROUPS])


@dataclass(frozen=True)
class Counts:
    """How often rows use columns, an entry for each (column, row) that meet."""

    column: Ints
    row: Ints
    count: Ints


@dataclass(frozen=True)
class Statistics:
    """Of how many rows, and how many of them use each column."""

    rows: int
    frequency: Ints

    def scale(self, columns: int) -> "Scale":
        """Weigh the first columns; one that nothing used when these were counted is rare."""
        frequency = np.ones(columns)
        np.maximum(self.frequency[:columns], 1, out=frequency[: self.frequency.size])
        rows = 1 + max(self.rows, 1)
        return Scale(np.log(rows / (0.5 + frequency)), _TYPICAL * np.log(rows))


@dataclass(frozen=True)
class Scale:
    """Inverse document frequency of each column, length of a usual vector of each group."""

    inverse: NDArray[np.float64]
    typical: NDArray[np.float64]


def counted(inverted: InvertedFile) -> Counts:
    """Count the terms of every group, numbered as in the inverted file, without function words."""
    said = np.array([term not in FUNCTION_TERMS for term in inverted.terms], np.bool_)[inverted.term]
    column, row, count = [], [], []
    for number, table in enumerate(_tables()):
        entries = np.flatnonzero(table[inverted.field] & said)
        term_of, row_of, count_of = inverted.term[entries], inverted.row[entries], inverted.count[entries]
        begins = runs(term_of, row_of)
        column.append(term_of[begins] * np.int32(len(GROUPS)) + np.int32(number))
        row.append(row_of[begins])
        count.append(np.add.reduceat(count_of, begins, dtype=np.int32) if begins.size else count_of)
    return Counts(np.concatenate(column), np.concatenate(row), np.concatenate(count))


@cache
def _tables() -> tuple[NDArray[np.bool_], ...]:
    return tuple(group.table for group in GROUPS)


def weighed(counts: Counts, rows: int, scale: Scale) -> Floats:
    """Weight of each entry; a row's entries must all be there."""
    groups = len(GROUPS)
    weight = (1 + np.log(counts.count)) * scale.inverse[counts.column]
    group = counts.column % groups
    vector = counts.row.astype(np.int64) * groups + group
    length = np.sqrt(np.bincount(vector, weights=weight**2, minlength=rows * groups))[vector]
    divisor = SLOPE * length + (1 - SLOPE) * scale.typical[group]
    weights: Floats = (weight / divisor * _ROOTS[group]).astype(np.float32)
    return weights


@dataclass(frozen=True)
class Vectors:
    """Vectors in memory: the non-zeros' columns, rows and weights."""

    rows: int
    columns: int
    column: Ints
    row: Ints
    weight: Floats


def vectors(inverted: InvertedFile) -> Vectors:
    """Make the vectors of all rows, with the statistics of these rows alone."""
    counts = counted(inverted)
    columns = len(inverted.terms) * len(GROUPS)
    statistics = Statistics(inverted.rows, np.bincount(counts.column, minlength=columns).astype(np.int32))
    weight = weighed(counts, inverted.rows, statistics.scale(columns))
    return Vectors(inverted.rows, columns, counts.column, counts.row, weight)
